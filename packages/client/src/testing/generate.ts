/** The types of the API as text, from the OpenAPI document. */
import openapi, { astToString } from 'openapi-typescript';

const documentUrl = new URL('../../../../docs/schemas/openapi.json', import.meta.url);
export const schemaUrl = new URL('../schema.ts', import.meta.url);

/** The content of schema.ts. */
export async function schemaText(): Promise<string> {
  const types = astToString(await openapi(documentUrl, { immutable: true, alphabetize: false }));
  return `// Made from docs/schemas/openapi.json by \`npm run docs\`; not to be edited.\n${types}`;
}

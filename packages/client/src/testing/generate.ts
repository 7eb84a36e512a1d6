/** The types of the API as text, from the OpenAPI document. */
import openapi, { astToString } from 'openapi-typescript';

const documentUrl = new URL('../../../../docs/schemas/openapi.json', import.meta.url);
export const schemaUrl = new URL('../schema.ts', import.meta.url);

/** The content of schema.ts. */
export async function schemaText(): Promise<string> {
  // Not `immutable`: openapi-fetch 0.17 takes the arrays of its answers apart when they are readonly.
  const types = astToString(await openapi(documentUrl, { alphabetize: false }));
  return `// Made from docs/schemas/openapi.json by \`npm run docs\`; not to be edited.\n${types}`;
}

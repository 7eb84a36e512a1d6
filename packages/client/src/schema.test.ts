/** The generated types are those of the document that lies in docs/schemas. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { schemaText, schemaUrl } from './testing/generate.ts';

it('schema.ts is what the OpenAPI document says (npm run docs writes it)', async () => {
  expect(readFileSync(schemaUrl, 'utf8')).toBe(await schemaText());
});

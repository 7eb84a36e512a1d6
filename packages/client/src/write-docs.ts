/** Writes schema.ts, the types of the API, from docs/schemas/openapi.json: `node packages/client/src/write-docs.ts`. */
import { writeFileSync } from 'node:fs';
import { schemaText, schemaUrl } from './testing/generate.ts';

writeFileSync(schemaUrl, await schemaText());

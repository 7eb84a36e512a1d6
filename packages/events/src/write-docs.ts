/** Writes the JSON Schemas in `docs/schemas/`: `node packages/events/src/write-docs.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { documentsUrl, schemaDocuments } from './documents.ts';

mkdirSync(documentsUrl, { recursive: true });
for (const [name, text] of Object.entries(schemaDocuments()))
  writeFileSync(new URL(name, documentsUrl), text);

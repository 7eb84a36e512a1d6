/** Writes docs/schemas/openapi.json: `node services/ledger/src/write-docs.ts`. */
import { writeFileSync } from 'node:fs';
import { documentText, documentUrl } from './http/document.ts';

writeFileSync(documentUrl, documentText());

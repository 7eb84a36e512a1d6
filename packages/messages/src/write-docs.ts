/** Writes `docs/schemas/asyncapi.json`: `node packages/messages/src/write-docs.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { asyncApiDocument } from './async-api.ts';

const file = new URL('../../../docs/schemas/asyncapi.json', import.meta.url);
mkdirSync(new URL('.', file), { recursive: true });
writeFileSync(file, `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);

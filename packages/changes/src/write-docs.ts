/** Writes the JSON Schema of the desired state: `node packages/changes/src/write-docs.ts`. */
import { writeFileSync } from 'node:fs';
import { desiredSchemaText, desiredSchemaUrl } from './desired-schema.ts';

writeFileSync(desiredSchemaUrl, desiredSchemaText());

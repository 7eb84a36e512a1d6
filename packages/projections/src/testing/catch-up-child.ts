/** Catches up slowly in a process of its own, a line for every checkpoint, so that a test can kill it in between. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import { openReadModel } from '../read-model.ts';
import { openSqliteStore } from '../sqlite-store.ts';

const directory = process.argv[2] ?? '';
const log = await openSqliteLog({ directory, readOnly: true });
const store = openSqliteStore(join(directory, 'read-model.sqlite'));
const readModel = await openReadModel({ log, store, checkpointInterval: 1000 });
await readModel.catchUp({ onProgress: ({ done }) => writeSync(1, `${done}\n`) });

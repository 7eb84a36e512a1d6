/** Catches up in a process of its own, a line for every checkpoint, and after so many waits for the test that kills it. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import { openReadModel } from '../read-model.ts';
import { openSqliteStore } from '../sqlite-store.ts';

const [, , directory = '', most] = process.argv;
let checkpoints = 0;
const log = await openSqliteLog({ directory, readOnly: true });
const store = openSqliteStore(join(directory, 'read-model.sqlite'));
const readModel = await openReadModel({ log, store, checkpointInterval: 1000 });
await readModel.catchUp({
  onProgress: ({ done }) => {
    writeSync(1, `${done}\n`);
    checkpoints += 1;
    if (checkpoints === Number(most)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});

/**
 * Another process for the tests. `child.ts submit DIRECTORY NUMBER` toggles adapters of both mdevs on the log there, with snapshots
 * at every fourth fact, and prints each revision, until it is killed or has done NUMBER commands; `child.ts write DIRECTORY` keeps
 * snapshots of 8 MB, and prints each revision before it is written, until it is killed.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import { CommandHandler, snapshotFiles } from '../index.ts';
import { A, B, HOST, operator } from '../test-support.ts';

const [, , task, directory = '', number = '0'] = process.argv;
const snapshots = snapshotFiles(join(directory, 'snapshots'));

if (task === 'write') {
  for (let revision = 0; ; revision++) {
    writeSync(1, `${revision}\n`);
    const bytes = new Uint8Array(8 << 20).fill(revision);
    await snapshots.save({ host: HOST, revision, hash: '', version: '', bytes });
  }
} else {
  const log = await openSqliteLog({ directory });
  const handler = new CommandHandler(log, { snapshots, snapshotInterval: 4 });
  for (let n = 0; n < Number(number); n++) {
    const type = n % 4 < 2 ? 'AssignAdapter' : 'UnassignAdapter';
    const command = { type, mdev: n % 2 === 0 ? A : B, text: `${5 + (n % 3)}` } as const;
    const { revision } = await handler.submit(operator(command));
    writeSync(1, `${revision}\n`);
  }
  await handler.close();
  await log.close();
}

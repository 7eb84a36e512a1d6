/**
 * Another process for the tests: `node child.ts append DIRECTORY STREAM COUNT` appends COUNT facts one after the
 * other and prints each revision once it is acknowledged; `node child.ts lock DIRECTORY` takes the write lock, says
 * so, and holds it until it is killed; `node child.ts open DIRECTORY COUNT` opens the logs in COUNT new directories
 * below it, one after the other.
 */

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { commit, fact } from '../contract/support.ts';
import { openSqliteLog } from '../sqlite.ts';

const [, , task, directory = '', stream = '', count = '0'] = process.argv;

async function openEach(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    const log = await openSqliteLog({ directory: join(directory, String(n)) });
    await log.close();
  }
}

if (task === 'append') {
  const log = await openSqliteLog({ directory });
  for (let n = 0; n < Number(count); n++) {
    const { lastRevision } = await log.append(commit(stream, 'any', [fact(n)]));
    writeSync(1, `${stream} ${lastRevision}\n`);
  }
  await log.close();
} else if (task === 'open') {
  await openEach(Number(stream));
} else {
  const db = new DatabaseSync(join(directory, 'log.sqlite'));
  db.exec('BEGIN EXCLUSIVE');
  writeSync(1, 'locked\n');
  // Held until then: a database that nobody holds is closed, and its lock let go.
  process.stdin.resume().once('close', () => db.close());
}

/** How SQLite finds what is asked for: no question reads all commits to find a few. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test, vi } from 'vitest';
import { all, commit, instant } from '../contract/support.ts';
import { openSqliteLog } from '../sqlite.ts';

test('no question walks through all commits', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'apledger-plans-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  onTestFinished(() => prepare.mockRestore());
  const log = await openSqliteLog({ directory });
  const [one, other] = [commit('host-a', 'none'), commit('host-b', 'none')];
  for (const each of [one, other]) await log.append(each);
  await log.heads();
  await log.head('host-a');
  await log.lastPosition();
  await all(log.readAll());
  await all(log.readStream('host-a'));
  await all(log.readPacked({ after: 0, upTo: 2 }));
  await all(log.readPacked({ stream: 'host-a', from: 0, to: 0 }));
  await log.readCommand('host-a', one.commandId);
  await log.revisionAt('host-a', { time: instant(5) });
  await log.close();

  const statements = new Set(prepare.mock.calls.map(([sql]) => sql));
  const db = new DatabaseSync(join(directory, 'log.sqlite'));
  onTestFinished(() => db.close());
  const scans = [...statements]
    // The newest one is the first that such a walk meets.
    .filter((sql) => /^\s*(SELECT|WITH)/i.test(sql) && !sql.endsWith('ORDER BY position DESC LIMIT 1'))
    .flatMap((sql) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .filter(({ detail }) => /^SCAN (commits|c|pages)\b/.test(String(detail)))
        .map(({ detail }) => `${detail}: ${sql}`),
    );
  expect(statements.size).toBeGreaterThan(10);
  expect(scans).toEqual([]);
});

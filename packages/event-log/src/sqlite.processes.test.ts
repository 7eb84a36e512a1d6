/** What only processes can show: facts of others arriving, locks of others, and a death in the middle of writing. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, commit, deliveries, verified, write } from './contract/support.ts';
import { openSqliteLog } from './sqlite.ts';
import { start } from './testing/processes.ts';

describe('the log in SQLite, shared with another process', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apledger-processes-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('a subscription receives the facts of the other, while this process appends too', async () => {
    const log = await openSqliteLog({ directory });
    await write(log, 'host-a', 10);
    const live = deliveries(log, 0, (facts) => facts.length === 90);
    const other = start('append', directory, 'host-b', '50');
    await write(log, 'host-a', 30);
    await other.ended();
    const { facts, caughtUp } = await live;
    expect(facts).toEqual(await all(log.readAll()));
    expect(facts.filter((found) => found.stream === 'host-b')).toHaveLength(50);
    expect(caughtUp).toHaveLength(1);
    await log.close();
  });

  test('a reader that may not write follows a living writer', async () => {
    const other = start('append', directory, 'host-a', '40');
    await other.said(1);
    const log = await openSqliteLog({ directory, readOnly: true });
    const { facts } = await deliveries(log, 0, (received) => received.length === 40);
    expect(facts.map((found) => found.revision)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    await expect(log.append(commit('host-a', 'any'))).rejects.toMatchObject({ code: 'read-only' });
    await other.ended();
    await log.close();
  });

  test('what was acknowledged before a kill -9 is there after it, and the chain verifies', async () => {
    const acknowledged = new Map<string, number>();
    for (const [round, lines] of [1, 7, 40, 120, 300].entries()) {
      const others = [0, 1].map((n) => start('append', directory, `host-${n}`, '1000000'));
      await Promise.all(others.map((other) => other.said(lines)));
      await Promise.all(others.map((other) => other.kill()));
      for (const line of others.flatMap((other) => other.lines)) {
        const [stream = '', revision] = line.split(' ');
        acknowledged.set(stream, Math.max(acknowledged.get(stream) ?? -1, Number(revision)));
      }
      const log = await openSqliteLog({ directory });
      for (const [stream, revision] of acknowledged) {
        expect((await log.head(stream))?.revision, `round ${round}`).toBeGreaterThanOrEqual(revision);
      }
      expect((await verified(log)).problems).toEqual([]);
      await log.append(commit('host-0', 'any'));
      await log.close();
    }
  });

  test('processes that open a new log at the same moment all get it, no matter who creates it', async () => {
    const others = Array.from({ length: 4 }, () => start('open', directory, '150'));
    await Promise.all(others.map((other) => other.ended()));
  });

  test('an append gives up with `locked` when another process holds the lock too long, and works after it', async () => {
    const log = await openSqliteLog({ directory, busyTimeoutMs: 100 });
    const other = start('lock', directory);
    await other.said(1);
    await expect(log.append(commit('host-a', 'none'))).rejects.toMatchObject({
      name: 'LogError',
      code: 'locked',
    });
    expect(await log.lastPosition()).toBe(0);
    await other.kill();
    expect(await log.append(commit('host-a', 'none'))).toMatchObject({ lastRevision: 0 });
    await log.close();
  });

  test('an append waits for a lock that is released in time', async () => {
    const log = await openSqliteLog({ directory, busyTimeoutMs: 60_000 });
    const other = start('lock', directory);
    await other.said(1);
    const append = log.append(commit('host-a', 'none'));
    await other.kill();
    expect(await append).toMatchObject({ lastRevision: 0 });
    await log.close();
  });
});

/** Contract: handles that write to one stream at the same time, as processes on several machines would. */

import { describe, expect, test } from 'vitest';
import type { EventLog } from '../port.ts';
import { all, commit, fact, type Open, verified } from './support.ts';

/** How long they write as fast as they can, and the longest that one append may wait meanwhile. */
const BUSY_MS = 6000;
const MAX_WAIT_MS = 2000;
const COMMANDS = 60;

export function describeRivals(open: Open): void {
  const openAll = async (): Promise<readonly [EventLog, ...EventLog[]]> => [
    await open(),
    await open(),
    await open(),
  ];

  describe('three handles that write to one stream', () => {
    test('as fast as they can: all get on, and no append waits for two seconds', async () => {
      const logs = await openAll();
      const end = performance.now() + BUSY_MS;
      const counts = await Promise.all(logs.map((log) => appendUntil(log, 'host-a', end)));
      for (const { longestMs } of counts) expect(longestMs).toBeLessThan(MAX_WAIT_MS);
      const facts = await all(logs[0].readStream('host-a'));
      expect(facts).toHaveLength(counts.reduce((total, { appends }) => total + appends, 0));
    });

    test('the same command at once: one is told that it was the first, and it is there once', async () => {
      const logs = await openAll();
      for (let n = 0; n < COMMANDS; n++) {
        const given = commit('host-a', 'any', [fact(n)]);
        const results = await Promise.all(logs.map((log) => log.append(given)));
        expect(results.map(({ duplicate }) => duplicate).sort()).toEqual([false, true, true]);
        expect(new Set(results.map(({ lastPosition }) => lastPosition)).size).toBe(1);
      }
      expect(await verified(logs[0])).toMatchObject({ facts: COMMANDS, problems: [] });
    });
  });
}

async function appendUntil(
  log: EventLog,
  stream: string,
  end: number,
): Promise<{ readonly appends: number; readonly longestMs: number }> {
  let appends = 0;
  let longestMs = 0;
  for (let sentAt = performance.now(); sentAt < end; sentAt = performance.now()) {
    await log.append(commit(stream, 'any', [fact(appends)]));
    appends += 1;
    longestMs = Math.max(longestMs, performance.now() - sentAt);
  }
  return { appends, longestMs };
}

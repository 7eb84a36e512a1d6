/** Contract: handles that write to one stream at the same time, as processes on several machines would. */

import { describe, expect, test } from 'vitest';
import type { EventLog } from '../port.ts';
import { all, commit, fact, type Open, verified } from './support.ts';

/** Appends that each of them has to get through while the others go on. */
const APPENDS = 60;
const COMMANDS = 60;

export function describeRivals(open: Open): void {
  const openAll = async (): Promise<readonly [EventLog, ...EventLog[]]> => [
    await open(),
    await open(),
    await open(),
  ];

  describe('three handles that write to one stream', () => {
    test('as fast as they can: each gets its turn, again and again', async () => {
      const logs = await openAll();
      const counts = logs.map(() => 0);
      // Nobody stops before all have had their turns: one that is kept waiting would keep this test waiting.
      const isOver = (): boolean => counts.every((count) => count >= APPENDS);
      await Promise.all(
        logs.map(async (log, index) => {
          while (!isOver()) {
            await log.append(commit('host-a', 'any', [fact(counts[index] ?? 0)]));
            counts[index] = (counts[index] ?? 0) + 1;
          }
        }),
      );
      const facts = await all(logs[0].readStream('host-a'));
      expect(facts).toHaveLength(counts.reduce((total, count) => total + count, 0));
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

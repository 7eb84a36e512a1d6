/** What is kept of the heads is what the log would say. */
import { openMemoryLog } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heads } from './heads.ts';

const HOSTS = ['a', 'b', 'B', 'c-1', 'z'];
const step = fc.oneof(
  fc.record({ append: fc.constantFrom(...HOSTS), facts: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ ask: fc.constantFrom('', 'a', 'b', 'zz'), count: fc.integer({ min: 1, max: 6 }) }),
);

it('the heads of hosts are those of the log, however often and late they are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const log = openMemoryLog();
      const heads = new Heads(log);
      for (const each of steps) {
        if ('append' in each) {
          const fact = {
            type: 'BusScanned',
            version: 1,
            occurredAt: '2026-01-01T00:00:00.000Z',
            data: { scans: 1 },
            packed: new Uint8Array(),
          };
          await log.append({
            stream: streamOf(each.append),
            expected: 'any',
            commandId: crypto.randomUUID(),
            actor: 'test',
            correlation: 'test',
            facts: Array.from({ length: each.facts }, () => fact),
          });
          continue;
        }
        const expected = (await log.heads())
          .map((head) => [hostOf(head.stream) ?? '', head] as const)
          .filter(([host]) => host > each.ask)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, each.count);
        expect(await heads.after(each.ask, each.count, await log.lastPosition())).toEqual(expected);
      }
    }),
  );
});

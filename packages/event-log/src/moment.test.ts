/** As of a time, where clocks jump: the cases of the decision, and the rule against a reading of it word by word. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fact } from './contract/support.ts';
import { openMemoryLog } from './memory.ts';
import { standingAt } from './moment.ts';
import { standingBruteForce } from './testing/brute-force.ts';

const DAY = '2026-11-17T';
const YEARS = 5 * 365 * 24 * 3600 * 1000;
const seconds = 1000;
const minutes = 60 * seconds;
const hours = 60 * minutes;
const at = (clock: string): number => Date.parse(`${DAY}${clock}Z`);
const text = (time: number): string => new Date(time).toISOString();

/** A host's log whose facts were dated so, one commit each; asked at `now`. */
async function dated(readings: readonly number[], now: number) {
  const clock = { now: 0 };
  const log = openMemoryLog({ now: () => new Date(clock.now) });
  for (const [n, reading] of readings.entries()) {
    clock.now = reading;
    const facts = [{ ...fact(n), occurredAt: text(reading) }];
    const commandId = randomUUID();
    await log.append({ stream: 'host-a', expected: 'any', commandId, actor: 'a', correlation: 'c', facts });
  }
  clock.now = now;
  return { log, asOf: (time: number) => standingAt(log, 'host-a', { time: text(time) }, now) };
}

describe('as of a time', () => {
  test('one commit stamped five years ahead: now is the head, before it is what stood then', async () => {
    const readings = [at('10:00'), at('10:01'), at('10:02') + YEARS, at('10:03'), at('10:04')];
    const { asOf } = await dated(readings, at('10:05'));
    expect(await asOf(at('10:05'))).toEqual({ revision: 4 });
    expect(await asOf(at('10:04'))).toEqual({ revision: 4 });
    expect(await asOf(at('10:03:30'))).toEqual({ revision: 3 });
    expect(await asOf(at('10:02:30'))).toEqual({ revision: 1, until: 2 });
    expect(await asOf(at('10:00:30'))).toEqual({ revision: 0 });
  });

  test('the same when those years are over', async () => {
    const ahead = at('10:02') + YEARS;
    const since = [1, 2, 3, 4].map((n) => at('10:03') + (n * YEARS) / 5);
    const readings = [at('10:01'), ahead, at('10:03'), at('10:04'), ...since, ahead + 9 * minutes];
    const { asOf } = await dated(readings, ahead + 10 * minutes);
    expect(await asOf(at('10:04'))).toEqual({ revision: 3 });
    expect(await asOf(at('10:02'))).toEqual({ revision: 0, until: 1 });
    expect(await asOf(ahead + 5 * minutes)).toEqual({ revision: 7 });
  });

  test('three commits stamped an hour back at ten: half past nine does not hold what was written at 09:45', async () => {
    const before = ['08:45', '09:00', '09:15', '09:30', '09:45'].map(at);
    const back = ['09:00', '09:01', '09:02'].map(at);
    const { asOf } = await dated([...before, ...back, at('10:10')], at('10:20'));
    expect(await asOf(at('09:30'))).toEqual({ revision: 3 });
    expect(await asOf(at('09:01'))).toEqual({ revision: 1 });
    expect(await asOf(at('10:05'))).toEqual({ revision: 4, until: 7 });
    expect(await asOf(at('10:10'))).toEqual({ revision: 8 });
  });

  test('nor while nothing was written since, nor where nobody knows what came before', async () => {
    const back = ['09:00', '09:01', '09:02'].map(at);
    const since = await dated([...['09:15', '09:30', '09:45'].map(at), ...back], at('10:04'));
    expect(await since.asOf(at('09:30'))).toMatchObject({ revision: 1 });
    const alone = await dated([at('09:45'), ...back, at('10:10')], at('10:20'));
    expect(await alone.asOf(at('09:30'))).toEqual({ revision: -1, until: 3 });
  });

  test('a week five years ahead: a moment in it is dated by its neighbours', async () => {
    const day = 24 * hours;
    const monday = at('08:00');
    const week = [1, 2, 3, 4, 5, 6, 7].map((n) => monday + n * day + YEARS);
    const { asOf } = await dated([monday, monday + hours, ...week, monday + 8 * day], monday + 9 * day);
    expect(await asOf(monday + 3 * day)).toEqual({ revision: 1, until: 8 });
    expect(await asOf(monday + hours)).toEqual({ revision: 1, until: 8 });
    expect(await asOf(monday)).toEqual({ revision: 0 });
    expect(await asOf(monday + 8 * day)).toEqual({ revision: 9 });
  });

  test('two clocks that differ by two seconds for ever: one answer at any time', async () => {
    const readings = Array.from({ length: 200 }, (_, n) => at('10:00') + n * 700 + (n % 2) * 2 * seconds);
    const { asOf } = await dated(readings, at('10:05'));
    for (let time = at('09:59:55'); time < at('10:03'); time += 650)
      expect(await asOf(time)).not.toHaveProperty('until');
  });

  test('before the first fact and of no stream there is none', async () => {
    const { log, asOf } = await dated([at('08:30'), at('10:00'), at('09:00')], at('11:00'));
    expect(await asOf(at('08:00'))).toEqual({ revision: -1 });
    expect(await standingAt(log, 'host-b', { time: text(at('10:00')) }, at('11:00'))).toEqual({
      revision: -1,
    });
    await expect(standingAt(log, 'host-a', { time: 'yesterday' })).rejects.toThrow(TypeError);
  });

  test('two clocks an hour apart that take turns for long: what is certain, and what may be', async () => {
    const readings = Array.from({ length: 3000 }, (_, n) => at('10:00') + n * seconds - (n % 2) * hours);
    const { asOf } = await dated([at('07:00'), at('08:00'), ...readings], at('11:30'));
    expect(await asOf(at('08:30'))).toMatchObject({ revision: 1 });
    expect(await asOf(at('11:00'))).toMatchObject({ revision: 3001 });
  });
});

describe('the rule, read word by word', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 1, arbitrary: fc.integer({ min: -4, max: 0 }) },
    { weight: 3, arbitrary: fc.integer({ min: -300, max: 300 }) },
  );

  test('gives the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: -100, max: 400 }),
        async (steps, later) => {
          let reading = at('10:00');
          const readings = steps.map((by) => {
            reading += by * seconds;
            return reading;
          });
          const now = Math.max(at('10:00'), (readings.at(-1) ?? 0) + later * seconds);
          const { log, asOf } = await dated(readings, now);
          const stored: number[] = [];
          for await (const { occurredAt } of log.readStream('host-a')) stored.push(Date.parse(occurredAt));
          for (const asked of new Set([...stored, ...stored.map((time) => time - 1), now - 1])) {
            const expected = standingBruteForce(stored, asked, now);
            expect(await asOf(asked), `${asked} of ${stored} at ${now}`).toEqual(expected);
          }
        },
      ),
      { numRuns: process.env.APLEDGER_LONG === '1' ? 5000 : 300 },
    );
  });
});

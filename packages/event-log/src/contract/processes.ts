/** Contract: several processes on one log; those of process.ts are real ones, and are really killed. */

import { describe, expect, test } from 'vitest';
import type { JetStreamLogOptions } from '../jetstream.ts';
import type { KurrentOptions } from '../kurrentdb.ts';
import { standingAt } from '../moment.ts';
import type { RecordedFact } from '../port.ts';
import type { SqliteLogOptions } from '../sqlite.ts';
import { standingBruteForce } from '../testing/brute-force.ts';
import { type OtherProcess, startProgram } from '../testing/processes.ts';
import { all, type Open, verified, write } from './support.ts';

/** How another process opens a store: the function to call, and its options as far as they can be written as JSON. */
export type Recipe =
  | { readonly opener: 'openSqliteLog'; readonly options: SqliteLogOptions }
  | { readonly opener: 'openJetStreamLog'; readonly options: JetStreamLogOptions }
  | { readonly opener: 'openKurrentLog'; readonly options: KurrentOptions };

const PROGRAM = new URL('./process.ts', import.meta.url).pathname;
const WRITERS = process.env.APLEDGER_LONG === '1' ? 8 : 4;
const KILLS = process.env.APLEDGER_LONG === '1' ? 50 : 4;
/** Appended while each of the killed ones lives. */
const FACTS_PER_LIFE = 16;

export function describeProcesses(open: Open, recipe: () => Promise<Recipe>): void {
  const start = async (task: string, ...args: readonly (string | number)[]): Promise<OtherProcess> =>
    startProgram(PROGRAM, [task, JSON.stringify(await recipe()), ...args.map(String)]);

  describe('other processes', () => {
    test(`${WRITERS} of them count in one stream: no update is lost, no command is there twice`, async () => {
      const times = 8;
      const log = await open();
      const others = await Promise.all(
        Array.from({ length: WRITERS }, () => start('count', 'host-a', times)),
      );
      await Promise.all(others.map((other) => other.ended()));
      const facts = await all(log.readStream('host-a'));
      const counts = Array.from({ length: WRITERS * times }, (_, n) => n + 1);
      expect(facts.map((recorded) => recorded.data.count)).toEqual(counts);
      expect(new Set(facts.map((recorded) => recorded.cause)).size).toBe(counts.length);
      const told = others.flatMap((other) => other.lines.map(Number));
      expect(told.sort((a, b) => a - b)).toEqual(counts);
      expect((await verified(log)).problems).toEqual([]);
    });

    test('clocks that differ by hours: each reading is kept, and what is certain and what may be is told', async () => {
      const hour = 3_600_000;
      const log = await open();
      const skews = [0, -5 * hour, 3 * hour];
      // Few: the time of the brute force doubles with each turn that they take.
      const others = await Promise.all(skews.map((skew) => start('date', 'host-a', 4, skew)));
      await Promise.all(others.map((other) => other.ended()));
      const facts = await all(log.readStream('host-a'));
      expect(facts).toHaveLength(12);
      const now = Date.now();
      const off = facts.map(({ clock }) => Math.round((Date.parse(clock ?? '') - now) / hour));
      expect([...new Set(off)].sort((a, b) => a - b)).toEqual([-5, 0, 3]);
      const times = facts.map(({ occurredAt }) => Date.parse(occurredAt));
      // Each is dozens of questions to a server.
      for (const asked of times.filter((time) => time < now)) {
        expect(await standingAt(log, 'host-a', { time: new Date(asked).toISOString() }, now)).toEqual(
          standingBruteForce(times, asked, now),
        );
      }
      // Nobody here records that clocks differ, as the command handler does.
      const rest = (await verified(log)).problems.filter(
        ({ problem }) => !problem.includes('no jump of a clock'),
      );
      expect(rest).toEqual([]);
    });

    test(`a subscriber that is killed and resumed ${KILLS} times gets every fact exactly once`, async () => {
      const log = await open();
      const received: string[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const other = await start('follow', positionOf(received.at(-1)));
        const writing = write(log, `host-${kill % 2}`, FACTS_PER_LIFE);
        await other.said(1 + ((kill * 7) % FACTS_PER_LIFE)); // "ready", and so many facts: also none at all
        await other.kill();
        received.push(...other.lines.slice(1));
        await writing;
      }
      const whole = await all(log.readAll());
      const rest = whole.filter((found) => found.position > positionOf(received.at(-1)));
      expect([...received, ...rest.map(line)]).toEqual(whole.map(line));
      expect(received.length).toBeGreaterThan(KILLS);
    });
  });
}

function line({ position, stream, revision }: RecordedFact): string {
  return `${position} ${stream} ${revision}`;
}

/** The position that a line of the subscriber begins with, 0 without a line. */
function positionOf(text: string | undefined): number {
  return Number(text?.split(' ')[0] ?? '0');
}

/**
 * How long a process takes to decide its first command, by the length of the host's stream, with snapshots and without; and an answer to
 * "what if", asked of any moment of such a stream. The host is the largest that the benches know: 1,360 queues, up to 60 mdevs.
 */
import { type Bench, type Context, sized } from './context.ts';
import { type Contender, median, progress, type Rounds, ratio, runAlone, takeRounds } from './measure.ts';
import type { Latencies } from './reading.ts';
import { aim, grouped, type Row } from './table.ts';

const ROUNDS = 5;
const SIZES = [1000, 10_000, 100_000, 1_000_000] as const;
const QUESTIONS = 200;
/** More than noise: with snapshots, the first decision on the longest stream against that on the shortest. */
const FLAT = 2;
const P99_AIM_MS = 250;

export const start: Bench = async (context) => {
  const sizes = SIZES.map((size) => sized(context, size));
  for (const size of sizes) await runAlone('starting.ts', 'prepare', await history(context, size));
  const contenders = sizes.flatMap((size) => [true, false].map((kept) => first(context, size, kept)));
  const rounds = await takeRounds(ROUNDS, contenders, 'start');
  return [
    ...sizes.flatMap((size) => [true, false].map((kept) => row(rounds, sizes, size, kept))),
    ...(await Promise.all(sizes.slice(-1).map((size) => askRow(context, size)))),
  ];
};

const history = (context: Context, size: number) => context.histories.of(size, 'one host');
const nameOf = (size: number, kept: boolean): string =>
  `${grouped(size)} facts, ${kept ? 'with' : 'without'} snapshots`;

function first(context: Context, size: number, withSnapshots: boolean): Contender {
  return {
    name: nameOf(size, withSnapshots),
    perSecond: async () => {
      const input = { ...(await history(context, size)), withSnapshots };
      return 1 / (await runAlone<number>('starting.ts', 'first', input)).result;
    },
  };
}

function row(rounds: Rounds, sizes: readonly number[], size: number, kept: boolean): Row {
  const name = nameOf(size, kept);
  const all = (rounds.get(name) ?? []).map((perSecond) => 1000 / perSecond);
  const firstMs = median(all);
  const shortest = sizes[0] ?? size;
  const longest = sizes.at(-1) ?? size;
  const toShortest = size === shortest ? undefined : ratio(rounds, nameOf(shortest, kept), name);
  const toFolding = kept ? ratio(rounds, nameOf(size, false), name) : undefined;
  const texts = [
    ...(toShortest === undefined ? [] : [`${toShortest.toPrecision(2)} x at ${grouped(shortest)}`]),
    ...(toFolding === undefined ? [] : [`${toFolding.toPrecision(2)} x without`]),
  ];
  return {
    bench: 'start',
    what: `first decision, ${name}`,
    value: `${ms(firstMs)} ms`,
    spread: `${ms(Math.min(...all))} to ${ms(Math.max(...all))}`,
    ...(texts.length === 0 ? {} : { ratio: texts.join(', ') }),
    ...(kept && size === longest
      ? aim(`<= ${FLAT} x at ${grouped(shortest)}`, toShortest, (figure) => figure <= FLAT)
      : {}),
    figures: {
      firstMs,
      ...(toShortest === undefined ? {} : { toShortest }),
      ...(toFolding === undefined ? {} : { toFolding }),
    },
  };
}

async function askRow(context: Context, size: number): Promise<Row> {
  const rounds: Latencies[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    progress(`start, round ${round + 1} of ${ROUNDS}: what if, in ${grouped(size)} facts`);
    const input = { ...(await history(context, size)), count: sized(context, QUESTIONS), seed: size + round };
    rounds.push((await runAlone<Latencies>('starting.ts', 'ask', input)).result);
  }
  const p50Ms = median(rounds.map((round) => round.p50Ms));
  const p99s = rounds.map((round) => round.p99Ms);
  const p99Ms = median(p99s);
  return {
    bench: 'start',
    what: `what if at a position, ${grouped(size)} facts`,
    value: `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)} ms`,
    spread: `p99 ${ms(Math.min(...p99s))} to ${ms(Math.max(...p99s))}`,
    ...aim(`p99 < ${P99_AIM_MS} ms`, p99Ms, (figure) => figure < P99_AIM_MS),
    figures: { p50Ms, p99Ms },
  };
}

const ms = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

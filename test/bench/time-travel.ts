/** How a host was at any moment of the past: the same time for an answer, however long the log. */
import { type Bench, type Context, sized } from './context.ts';
import { median, progress, runAlone } from './measure.ts';
import type { Latencies } from './reading.ts';
import { grouped, type Row } from './table.ts';

const ROUNDS = 5;
const SIZES = [10_000, 100_000, 1_000_000] as const;
const QUESTIONS = 2000;
const P99_AIM_MS = 10;
/**
 * More than noise: the median answer from the longest log against that from the log before it. Medians, because p99 on a shared machine
 * tells who else had the processor.
 */
const FLAT = 2;

type By = 'position' | 'time';

export const timeTravel: Bench = async (context) => {
  const sizes = SIZES.map((size) => sized(context, size));
  const measured = new Map<string, Latencies[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of round % 2 === 0 ? sizes : sizes.toReversed()) {
      for (const by of ['position', 'time'] as const) {
        progress(`time-travel, round ${round + 1} of ${ROUNDS}: by ${by} in ${grouped(size)} facts`);
        const key = keyOf(size, by);
        measured.set(key, [...(measured.get(key) ?? []), await ask(context, size, by, round)]);
      }
    }
  }
  return (['position', 'time'] as const).flatMap((by) =>
    sizes.map((size, n) =>
      row(size, by, measured, n === 0 ? undefined : sizes[n - 1], n === sizes.length - 1),
    ),
  );
};

const keyOf = (size: number, by: By): string => `${by} ${size}`;

async function ask(context: Context, size: number, by: By, round: number): Promise<Latencies> {
  const history = await context.histories.of(size);
  const input = { ...history, by, count: sized(context, QUESTIONS), seed: size + round };
  return (await runAlone<Latencies>('reading.ts', 'timeTravel', input)).result;
}

function row(
  size: number,
  by: By,
  measured: ReadonlyMap<string, readonly Latencies[]>,
  smaller: number | undefined,
  isLongest: boolean,
): Row {
  const rounds = measured.get(keyOf(size, by)) ?? [];
  const before = smaller === undefined ? undefined : measured.get(keyOf(smaller, by));
  const p50s = rounds.map((round) => round.p50Ms);
  const p50Ms = median(p50s);
  const p99s = rounds.map((round) => round.p99Ms);
  const p99Ms = median(p99s);
  const growth = before && median(p50s.map((p50, round) => p50 / (before[round]?.p50Ms ?? Number.NaN)));
  const isMet = p99Ms < P99_AIM_MS && (growth ?? 1) <= FLAT;
  return {
    bench: 'time-travel',
    what: `host at a ${by}, ${grouped(size)} facts`,
    value: `p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)} ms`,
    spread: `p99 ${ms(Math.min(...p99s))} to ${ms(Math.max(...p99s))}`,
    ...(growth === undefined || smaller === undefined
      ? {}
      : { ratio: `p50 ${growth.toPrecision(2)} x at ${grouped(smaller)}` }),
    ...(isLongest ? { aim: { text: `p99 < ${P99_AIM_MS} ms, p50 <= ${FLAT} x`, isMet } } : {}),
    figures: { p50Ms, p99Ms, ...(growth === undefined ? {} : { growth }) },
  };
}

const ms = (value: number): string => value.toFixed(2);

/** Runs of facts in which time does not run backwards, cut into the pieces that an explanation takes for right or wrong. */

import { JUMP_MS } from './clock.ts';
import type { Piece } from './explanation.ts';

/** Facts from..to, whose readings do not fall; milliseconds since 1970. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
}

/** Runs of which each is compared with each. */
const MAX_RUNS = 1000;

type Reading = (revision: number) => Promise<number>;

/**
 * The pieces of all runs, oldest first. A run is cut where the readings of others contradict it: before its first reading
 * that is not behind the end of an earlier run, and behind its last one that is not ahead of the beginning of a later one.
 * What is later than `now` is a piece of its own, and contradicts nobody: it is wrong in any case.
 */
export async function piecesOf(runs: readonly Run[], reading: Reading, now: number): Promise<Piece[]> {
  const halves = await Promise.all(runs.map((run) => cutAhead(run, now + JUMP_MS, reading)));
  const past = halves.map(({ past: half }) => half);
  const { before, behind } = bounds(past);
  const pieces: Piece[] = [];
  for (const [index, { past: run, future }] of halves.entries()) {
    if (run !== undefined) {
      pieces.push(...(await cut(run, before(index), behind(index), reading)));
    }
    if (future !== undefined) pieces.push({ ...future, isFuture: true });
  }
  return pieces;
}

/** The ends of the runs before one and the beginnings of those behind it; of very many, only what contradicts most. */
function bounds(runs: readonly (Run | undefined)[]): {
  readonly before: (index: number) => readonly number[];
  readonly behind: (index: number) => readonly number[];
} {
  if (runs.length <= MAX_RUNS)
    return {
      before: (index) => runs.slice(0, index).flatMap((run) => run?.last ?? []),
      behind: (index) => runs.slice(index + 1).flatMap((run) => run?.first ?? []),
    };
  const ends: number[] = [Number.NEGATIVE_INFINITY];
  for (const run of runs) ends.push(Math.max(ends.at(-1) ?? 0, run?.last ?? Number.NEGATIVE_INFINITY));
  const begins: number[] = [Number.POSITIVE_INFINITY];
  for (const run of runs.toReversed())
    begins.push(Math.min(begins.at(-1) ?? 0, run?.first ?? Number.POSITIVE_INFINITY));
  return {
    before: (index) => [ends[index] ?? Number.NEGATIVE_INFINITY],
    behind: (index) => [begins[runs.length - 1 - index] ?? Number.POSITIVE_INFINITY],
  };
}

/** What a run holds up to a time, and after it. */
async function cutAhead(
  run: Run,
  time: number,
  reading: Reading,
): Promise<{ readonly past?: Run; readonly future?: Run }> {
  if (run.last <= time) return { past: run };
  if (run.first > time) return { future: run };
  const [past, future] = await cutAt(run, (at) => at <= time, reading);
  return { ...(past !== undefined && { past }), ...(future !== undefined && { future }) };
}

async function cut(
  run: Run,
  earlier: readonly number[],
  later: readonly number[],
  reading: Reading,
): Promise<Run[]> {
  const cuts = [
    ...earlier
      .filter((end) => end > run.first && end <= run.last)
      .map((time) => ({ time, isIncluded: false })),
    ...later
      .filter((begin) => begin >= run.first && begin < run.last)
      .map((time) => ({ time, isIncluded: true })),
  ].sort((a, b) => a.time - b.time || Number(a.isIncluded) - Number(b.isIncluded));
  const parts: Run[] = [];
  let rest: Run | undefined = run;
  for (const { time, isIncluded } of cuts) {
    if (rest === undefined) break;
    const [before, after]: [Run | undefined, Run | undefined] = await cutAt(
      rest,
      (at) => (isIncluded ? at <= time : at < time),
      reading,
    );
    if (before !== undefined) parts.push(before);
    rest = after;
  }
  return rest === undefined ? parts : [...parts, rest];
}

/** The facts of a run before one for which it is not so, and those from it on. */
async function cutAt(
  run: Run,
  isBefore: (reading: number) => boolean,
  reading: Reading,
): Promise<[Run | undefined, Run | undefined]> {
  if (!isBefore(run.first)) return [undefined, run];
  if (isBefore(run.last)) return [run, undefined];
  let low = run.from;
  let high = run.to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(await reading(middle))) low = middle;
    else high = middle;
  }
  return [
    { ...run, to: low, last: await reading(low) },
    { ...run, from: high, first: await reading(high) },
  ];
}

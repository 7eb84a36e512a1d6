/**
 * The rule of docs/decisions/0022-time-from-order.md as it reads: every explanation of a stream's readings is tried. For the
 * tests of moment.ts; the time grows with two to the number of pieces.
 */

import type { Standing } from '../moment.ts';

const TOLERANCE = 5000;

interface Fact {
  readonly reading: number;
  readonly run: number;
  readonly isFuture: boolean;
}

/** Where a stream of these readings stood at a time, by a clock that reads `now`; milliseconds. */
export function standingBruteForce(readings: readonly number[], time: number, now: number): Standing {
  if (time >= now) return { revision: readings.length - 1 };
  const facts = factsOf(readings, now);
  const pieces = piecesOf(facts);
  const best = bestOf(facts, pieces, now);
  const spans = facts.map((_, index) => ({
    earliest: Math.min(...best.map((right) => spanOf(facts, right, index, now)[0])),
    latest: Math.max(...best.map((right) => spanOf(facts, right, index, now)[1])),
  }));
  const after = spans.findIndex(({ latest }) => latest > time);
  const revision = (after < 0 ? spans.length : after) - 1;
  const until = spans.findLastIndex(({ earliest }) => earliest <= time);
  return until > revision ? { revision, until } : { revision };
}

function factsOf(readings: readonly number[], now: number): Fact[] {
  let run = 0;
  return readings.map((reading, index) => {
    if (reading < (readings[index - 1] ?? reading)) run += 1;
    return { reading, run, isFuture: reading > now + TOLERANCE };
  });
}

/** The number of each fact's piece. */
function piecesOf(facts: readonly Fact[]): number[] {
  const past = facts.filter(({ isFuture }) => !isFuture);
  const ofRun = (run: number): number[] =>
    past.filter((fact) => fact.run === run).map(({ reading }) => reading);
  const runs = [...new Set(past.map(({ run }) => run))];
  let piece = 0;
  return facts.map((fact, index) => {
    const before = facts[index - 1];
    if (before === undefined) return piece;
    const { reading: low, run } = before;
    const { reading: high } = fact;
    const isCut =
      fact.run !== run ||
      fact.isFuture !== before.isFuture ||
      (!fact.isFuture &&
        runs.some((other) => {
          const end = Math.max(...ofRun(other));
          const begin = Math.min(...ofRun(other));
          if (other < run) return low < end && end <= high;
          return other > run && low <= begin && begin < high;
        }));
    if (isCut) piece += 1;
    return piece;
  });
}

/** For each of the best explanations, whether each fact's reading is right. */
function bestOf(facts: readonly Fact[], pieces: readonly number[], now: number): boolean[][] {
  const count = (pieces.at(-1) ?? 0) + 1;
  let best: boolean[][] = [];
  let least: readonly number[] = [Number.POSITIVE_INFINITY];
  for (let mask = 0; mask < 2 ** count; mask++) {
    const right = facts.map((_, index) => (mask & (1 << (pieces[index] ?? 0))) !== 0);
    if (!isPossible(facts, pieces, right, now)) continue;
    const cost = costOf(facts, pieces, right, now);
    const order = compare(cost, least);
    if (order > 0) continue;
    if (order < 0) best = [];
    best.push(right);
    least = cost;
  }
  return best;
}

function isPossible(
  facts: readonly Fact[],
  pieces: readonly number[],
  right: readonly boolean[],
  now: number,
): boolean {
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, { reading, isFuture }] of facts.entries()) {
    if (right[index] !== true) {
      if (isCertain(facts, pieces, pieces[index] ?? 0)) return false;
      continue;
    }
    if (isFuture || reading < before) return false;
    before = reading;
  }
  return before <= now + TOLERANCE;
}

/** Nothing contradicts the piece. */
function isCertain(facts: readonly Fact[], pieces: readonly number[], piece: number): boolean {
  return facts.every(
    (fact, index) =>
      pieces[index] !== piece ||
      (!fact.isFuture &&
        facts.every(
          (other, place) =>
            other.isFuture ||
            pieces[place] === piece ||
            (place < index ? other.reading <= fact.reading : other.reading >= fact.reading),
        )),
  );
}

/** Stretches that do not fit, stretches, wrong pieces. */
function costOf(
  facts: readonly Fact[],
  pieces: readonly number[],
  right: readonly boolean[],
  now: number,
): readonly number[] {
  let misfits = 0;
  let stretches = 0;
  const wrong = new Set<number>();
  let before = Number.NEGATIVE_INFINITY;
  let passed = 0;
  let last: number | undefined;
  const close = (after: number): void => {
    if (last === undefined) return;
    stretches += 1;
    if (passed > after - before + TOLERANCE) misfits += 1;
    last = undefined;
    passed = 0;
  };
  for (const [index, { reading, isFuture }] of facts.entries()) {
    if (right[index] === true) {
      close(reading);
      before = reading;
    } else if (!isFuture) {
      wrong.add(pieces[index] ?? 0);
      passed += Math.max(0, reading - (last ?? reading));
      last = reading;
    }
  }
  close(now + TOLERANCE);
  return [misfits, stretches, wrong.size];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value - (b[index] ?? 0);
  return 0;
}

/** When a fact may have happened by an explanation. */
function spanOf(
  facts: readonly Fact[],
  right: readonly boolean[],
  index: number,
  now: number,
): readonly [earliest: number, latest: number] {
  const own = facts[index]?.reading ?? 0;
  if (right[index] === true) return [own, own];
  const before = facts.findLast((_, place) => place < index && right[place] === true);
  const after = facts.find((_, place) => place > index && right[place] === true);
  return [before?.reading ?? Number.NEGATIVE_INFINITY, after?.reading ?? now + TOLERANCE];
}

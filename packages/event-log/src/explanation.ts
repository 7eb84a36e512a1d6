/**
 * Which readings of clocks are right: the explanation of a history that needs the fewest jumps.
 *
 * An explanation takes each piece of a stream for right or wrong. Right readings do not fall, in the order of the facts, up
 * to now. What lies between two right readings happened between them; if a clock was wrong by one amount meanwhile, it went
 * on as fast as others, so the time that passed by it, all steps forward taken together, is not longer than what lies
 * between the two.
 * Of all explanations those count in which the fewest stretches of wrong readings break that, then those with the
 * fewest such stretches, then those with the fewest wrong pieces. Where several are left, all of them may be so.
 */

import { JUMP_MS } from './clock.ts';

/** Facts from..to of a stream, whose readings do not fall; milliseconds since 1970. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly first: number;
  readonly last: number;
  /** Later than now: wrong in any explanation, and no evidence about others. */
  readonly isFuture?: boolean;
}

/** When a piece's facts may have happened. */
export interface Span {
  readonly piece: Piece;
  /** Some explanation takes its readings for right. */
  readonly isRight: boolean;
  /** In those that do not: not before and not after; undefined when there are none. */
  readonly earliest: number | undefined;
  readonly latest: number | undefined;
}

const MISFIT = 1e12;
const STRETCH = 1e6;
/** Pieces that contradict each other in one go, at most: beyond it, none of their readings is taken for certain. */
const MAX_PIECES = 1500;

/** The span of each piece, in their order, as of `now`, milliseconds since 1970. */
export function spansOf(pieces: readonly Piece[], now: number): Span[] {
  const spans: Span[] = [];
  const clean = certainOf(pieces);
  let begin = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (let end = 0; end <= pieces.length; end++) {
    const piece = pieces[end];
    if (piece !== undefined && !clean.has(end)) continue;
    const zone = pieces.slice(begin, end);
    spans.push(...zoneSpans(zone, before, piece?.first ?? Math.max(now + JUMP_MS, before)));
    if (piece === undefined) break;
    spans.push({ piece, isRight: true, earliest: undefined, latest: undefined });
    before = piece.last;
    begin = end + 1;
  }
  return spans;
}

/** The indexes of the pieces that nothing contradicts: no reading before them is later, none after them earlier. */
function certainOf(pieces: readonly Piece[]): Set<number> {
  const certain = new Set<number>();
  const after: number[] = new Array(pieces.length + 1).fill(Number.POSITIVE_INFINITY);
  for (let i = pieces.length - 1; i >= 0; i--) {
    const piece = pieces[i];
    const next = after[i + 1] ?? Number.POSITIVE_INFINITY;
    after[i] = piece === undefined || piece.isFuture === true ? next : Math.min(piece.first, next);
  }
  let before = Number.NEGATIVE_INFINITY;
  for (const [i, { first, last, isFuture }] of pieces.entries()) {
    if (isFuture === true) continue;
    if (before <= first && last <= (after[i + 1] ?? last)) certain.add(i);
    before = Math.max(before, last);
  }
  return certain;
}

/** The spans of pieces between two certain readings. */
function zoneSpans(zone: readonly Piece[], before: number, after: number): Span[] {
  if (zone.length === 0) return [];
  return zone.length > MAX_PIECES ? widestSpans(zone, before, after) : new Graph(zone, before, after).spans();
}

/** The times that any explanation could give: from the earliest reading behind a piece to the latest before it. */
function widestSpans(zone: readonly Piece[], before: number, after: number): Span[] {
  let latest = before;
  const latests = zone.map(({ last, isFuture }) => {
    latest = isFuture === true ? latest : Math.max(latest, last);
    return latest;
  });
  let earliest = after;
  return zone
    .map((piece, index) => ({ piece, latest: latests[index] ?? after }))
    .reverse()
    .map(({ piece, latest: end }) => {
      if (piece.isFuture === true) return { piece, isRight: false, earliest: before, latest: after };
      earliest = Math.min(earliest, piece.first);
      return { piece, isRight: true, earliest, latest: end };
    })
    .reverse();
}

/** Ways from the certain reading before a zone to the one after it, over the pieces that are right. */
class Graph {
  readonly #zone: readonly Piece[];
  /** Nodes: 0 = before the zone, i + 1 = piece i, the last = after it. */
  readonly #first: readonly number[];
  readonly #last: readonly number[];
  /** Time that passed within the runs up to a piece's beginning and end. */
  readonly #begun: number[] = [];
  readonly #ended: number[] = [];
  /** Pieces that are not in the future, before each. */
  readonly #count: number[] = [0];

  constructor(zone: readonly Piece[], before: number, after: number) {
    this.#zone = zone;
    this.#first = [before, ...zone.map(({ first }) => first), after];
    this.#last = [before, ...zone.map(({ last }) => last), after];
    let passed = 0;
    let reached: number | undefined;
    for (const { first, last, isFuture } of zone) {
      const counts = isFuture !== true;
      if (counts && reached !== undefined) passed += Math.max(0, first - reached);
      this.#begun.push(passed);
      if (counts) passed += last - first;
      this.#ended.push(passed);
      if (counts) reached = last;
      this.#count.push((this.#count.at(-1) ?? 0) + (counts ? 1 : 0));
    }
  }

  spans(): Span[] {
    const end = this.#zone.length + 1;
    const from: number[] = [0];
    for (let to = 1; to <= end; to++) {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < to; i++) best = Math.min(best, (from[i] ?? best) + this.#cost(i, to));
      from.push(best);
    }
    const best = from[end] ?? 0;
    const onward: number[] = new Array(end + 1).fill(Number.POSITIVE_INFINITY);
    onward[end] = 0;
    const earliest: (number | undefined)[] = [];
    const latest: (number | undefined)[] = [];
    for (let i = end - 1; i >= 0; i--) {
      for (let to = end; to > i; to--) {
        const cost = this.#cost(i, to) + (onward[to] ?? 0);
        onward[i] = Math.min(onward[i] ?? cost, cost);
        if ((from[i] ?? 0) + cost !== best) continue;
        for (let wrong = i + 1; wrong < to; wrong++) {
          earliest[wrong] = Math.min(earliest[wrong] ?? Number.POSITIVE_INFINITY, this.#last[i] ?? 0);
          latest[wrong] = Math.max(latest[wrong] ?? Number.NEGATIVE_INFINITY, this.#first[to] ?? 0);
        }
      }
    }
    return this.#zone.map((piece, i) => ({
      piece,
      isRight: (from[i + 1] ?? 0) + (onward[i + 1] ?? 0) === best,
      earliest: earliest[i + 1],
      latest: latest[i + 1],
    }));
  }

  /** Of taking two nodes for right, and all between them for wrong. */
  #cost(from: number, to: number): number {
    const [before = 0, after = 0] = [this.#last[from], this.#first[to]];
    const isNode = (node: number): boolean => node === 0 || this.#zone[node - 1]?.isFuture !== true;
    if (!isNode(from) || !isNode(to) || after < before) return Number.POSITIVE_INFINITY;
    const wrong = (this.#count[to - 1] ?? 0) - (this.#count[from] ?? 0);
    if (wrong === 0) return 0;
    const passed = this.#passed(from, to - 2);
    return (passed <= after - before + JUMP_MS ? 0 : MISFIT) + STRETCH + wrong;
  }

  /** What passed from the first to the last of the pieces first..last that are not in the future. */
  #passed(first: number, last: number): number {
    let begin = first;
    while (this.#zone[begin]?.isFuture === true) begin += 1;
    return (this.#ended[last] ?? 0) - (this.#begun[begin] ?? 0);
  }
}

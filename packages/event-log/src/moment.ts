/**
 * "As of": which facts of a stream lie at or before a moment. Revisions and positions grow, so that is one comparison a
 * fact. Times are readings of clocks, and clocks jump: order is by position alone, and readings only date it.
 *
 * The rule, and why it is this one: docs/decisions/0022-time-from-order.md. Runs of facts in which time does not run
 * backwards are found by the `jump` that each fact carries, so a stream whose clock never jumped back, which is nearly
 * every one, costs a search by halves, and another one a few readings for each jump.
 */

import { JUMP_MS } from './clock.ts';
import { type Piece, spansOf } from './explanation.ts';
import { factAt } from './fact-at.ts';
import type { PackedEntry } from './packed.ts';
import type { EventLog, Moment, RecordedFact } from './port.ts';
import { piecesOf, type Run } from './runs.ts';

/** Where a stream stood at a moment. */
export interface Standing {
  /** Revision of the last fact that was certainly there, -1 for none. */
  readonly revision: number;
  /** The last one that may have been there, when readings of clocks leave that open. */
  readonly until?: number;
}

/** What is read of a log to find where a stream stood. */
type Source = Pick<EventLog, 'head' | 'readStream'>;

/** A search by halves for the last fact of a stream at or before a moment, where times do not run backwards. */
export type Search = (stream: string, moment: Moment) => Promise<number>;

/** Whether a fact, given by its packed header, lies at or before the moment; of a time, where times do not run backwards. */
export function passes(
  moment: Moment,
): (fact: Pick<PackedEntry, 'revision' | 'position' | 'occurredAt'>) => boolean {
  if ('revision' in moment) return (fact) => fact.revision <= moment.revision;
  if ('position' in moment) return (fact) => fact.position <= moment.position;
  const time = timeOf(moment.time);
  return (fact) => fact.occurredAt <= time;
}

/**
 * Where a stream stood at a moment, by the clock `now`, milliseconds since 1970: nothing that is in the log happened after it.
 * Throws TypeError for what is no time.
 */
export async function standingAt(
  log: Pick<EventLog, 'head' | 'readStream' | 'revisionAt'>,
  stream: string,
  moment: Moment,
  now = Date.now(),
): Promise<Standing> {
  const search: Search = (name, asked) => log.revisionAt(name, asked);
  return 'time' in moment
    ? standingAtTime(log, stream, moment.time, now, search)
    : { revision: await search(stream, moment) };
}

/** Where a stream stood, and where in the log lies the fact that may have been there as well. */
export interface Place {
  readonly revision: number;
  readonly mayReach?: { readonly revision: number; readonly position: number };
}

/** As `standingAt`. */
export async function placeAt(
  log: Pick<EventLog, 'head' | 'readStream' | 'revisionAt'>,
  stream: string,
  moment: Moment,
  now = Date.now(),
): Promise<Place> {
  const { revision, until } = await standingAt(log, stream, moment, now);
  const open = until === undefined ? undefined : await factAt(log, stream, until);
  return open === undefined
    ? { revision }
    : { revision, mayReach: { revision: open.revision, position: open.position } };
}

/** Where a stream stood at a time; `search` is asked where no clock has jumped. */
export async function standingAtTime(
  log: Source,
  stream: string,
  time: string,
  now: number,
  search: Search,
): Promise<Standing> {
  const at = timeOf(time);
  const head = await log.head(stream);
  if (head === undefined) return { revision: -1 };
  if (at >= now) return { revision: head.revision };
  const timeline = new Timeline(log, stream);
  const last = await timeline.fact(head.revision);
  if (last.jump === undefined && timeOf(last.occurredAt) <= now + JUMP_MS)
    return { revision: await search(stream, { time }) };
  const pieces = await piecesOf(await timeline.runs(last), (revision) => timeline.reading(revision), now);
  return standingIn(pieces, at, now, (piece) => timeline.lastUpTo(piece, at));
}

/** What the pieces' possible times say of a time. `lastUpTo` finds the last fact of a piece whose reading is not later. */
async function standingIn(
  pieces: readonly Piece[],
  at: number,
  now: number,
  lastUpTo: (piece: Piece) => Promise<number>,
): Promise<Standing> {
  let revision = -1;
  let until = -1;
  let isCertain = true;
  for (const { piece, isRight, earliest, latest } of spansOf(pieces, now)) {
    const read = isRight && piece.first <= at ? await lastUpTo(piece) : -1;
    const isIn = latest === undefined || latest <= at;
    const certain = isIn ? (isRight ? read : piece.to) : -1;
    if (isCertain) revision = Math.max(revision, certain);
    isCertain &&= certain === piece.to;
    until = Math.max(until, earliest !== undefined && earliest <= at ? piece.to : read);
  }
  return until > revision ? { revision, until } : { revision };
}

/** The times of one stream, read fact by fact. */
class Timeline {
  readonly #log: Source;
  readonly #stream: string;

  constructor(log: Source, stream: string) {
    this.#log = log;
    this.#stream = stream;
  }

  async fact(revision: number): Promise<RecordedFact> {
    const fact = await factAt(this.#log, this.#stream, revision);
    if (fact === undefined) throw new TypeError(`${this.#stream} has no fact of revision ${revision}`);
    return fact;
  }

  async reading(revision: number): Promise<number> {
    return timeOf((await this.fact(revision)).occurredAt);
  }

  /** The runs in which time does not run backwards, oldest first, up to a fact. */
  async runs(last: RecordedFact): Promise<Run[]> {
    const runs: Run[] = [];
    for (let end = last; ; ) {
      const from = end.jump ?? 0;
      const run = { from, to: end.revision, last: timeOf(end.occurredAt) };
      runs.unshift({ ...run, first: from === end.revision ? run.last : await this.reading(from) });
      if (from === 0) return runs;
      end = await this.fact(from - 1);
    }
  }

  /** The last fact of a piece whose reading is not later than a time; its first is not. */
  async lastUpTo({ from, to, last }: Piece, at: number): Promise<number> {
    return last <= at ? to : lastWhere(from, to, async (revision) => (await this.reading(revision)) <= at);
  }
}

/** The last revision of from..to for which it is so: it is for `from`, and after one for which it is not, for none. */
async function lastWhere(
  from: number,
  to: number,
  isSo: (revision: number) => Promise<boolean>,
): Promise<number> {
  let low = from;
  let high = to + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isSo(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new TypeError(`not a time: ${text}`);
  return time;
}

/** Facts in either order, looked at one by one. */
import { setImmediate } from 'node:timers/promises';
import { type EventLog, factAt, type Moment, type RecordedFact, standingAt } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { type FactFilter, FactMatcher } from '@apledger/projections';
import type { LogLedger } from '../log-ledger.ts';

/** Facts read at once when the newest come first: they are read forward, and handed on backward. */
const WINDOW = 512;
/** Positions may have gaps: a window that holds few facts is followed by a larger one. */
const MAX_WINDOW = 2 ** 40;
/** Above every position; one more is still a safe integer. */
const EVERYTHING = Number.MAX_SAFE_INTEGER - 1;
/** Hosts of which each is asked when it was where, at most. */
const MAX_STREAMS = 200;
/** Facts looked at in one turn of the event loop. */
const TURN = 256;

/** Which facts to look at, and where to begin: `after` is a position, undefined = at the beginning of the order. */
export interface Scan {
  readonly host: string | undefined;
  readonly after: number | undefined;
  /** With the newest first: no fact at or before this position is looked at. */
  readonly floor?: number;
  readonly isNewestFirst: boolean;
  readonly filter: FactFilter;
  readonly bounds: Bounds;
}

export interface Scanned {
  readonly fact: RecordedFact;
  readonly isWanted: boolean;
}

/** The first and the last moment that are asked for. Each host has its own order of times. */
export class Bounds {
  readonly #log: EventLog;
  readonly #since: Moment | undefined;
  readonly #until: Moment | undefined;
  readonly #byStream = new Map<string, { readonly first: number; readonly last: number }>();

  constructor(log: EventLog, since: Moment | undefined, until: Moment | undefined) {
    this.#log = log;
    this.#since = since;
    this.#until = until;
  }

  /** The revisions of the stream's facts that lie in between. */
  async of(stream: string): Promise<{ readonly first: number; readonly last: number }> {
    const known = this.#byStream.get(stream);
    if (known !== undefined) return known;
    const found = {
      first: this.#since === undefined ? 0 : (await this.#log.revisionAt(stream, before(this.#since))) + 1,
      last: this.#until === undefined ? Number.MAX_SAFE_INTEGER : await this.#end(stream, this.#until),
    };
    this.#byStream.set(stream, found);
    return found;
  }

  /** Positions outside of which no fact lies in between. With many hosts and a time, all: each has its own order. */
  async positions(host: string | undefined): Promise<{ readonly first: number; readonly last: number }> {
    const since = this.#since ?? { position: 0 };
    const until = this.#until ?? { position: EVERYTHING };
    if ('position' in since && 'position' in until) return { first: since.position, last: until.position };
    const streams =
      host === undefined ? (await this.#log.heads()).map(({ stream }) => stream) : [streamOf(host)];
    if (streams.length > MAX_STREAMS) return { first: 0, last: EVERYTHING };
    let [first, last] = [EVERYTHING, 0];
    for (const stream of streams) {
      const range = await this.of(stream);
      const end = Math.min(range.last, (await this.#log.head(stream))?.revision ?? -1);
      if (range.first > end) continue;
      first = Math.min(first, await this.#positionOf(stream, range.first));
      last = Math.max(last, await this.#positionOf(stream, end));
    }
    return { first, last };
  }

  async #positionOf(stream: string, revision: number): Promise<number> {
    const fact = await factAt(this.#log, stream, revision);
    if (fact === undefined) throw new TypeError(`${stream} has no fact of revision ${revision}`);
    return fact.position;
  }

  /** What clocks leave open is told rather than left out. */
  async #end(stream: string, moment: Moment): Promise<number> {
    const { revision, until } = await standingAt(this.#log, stream, moment);
    return until ?? revision;
  }

  async contains({ stream, revision }: RecordedFact): Promise<boolean> {
    const { first, last } = await this.of(stream);
    return first <= revision && revision <= last;
  }
}

/** The last moment that is not the given one: facts carry milliseconds. */
function before(moment: Moment): Moment {
  if ('time' in moment) return { time: new Date(Date.parse(moment.time) - 1).toISOString() };
  return 'position' in moment ? { position: moment.position - 1 } : { revision: moment.revision - 1 };
}

/** Every fact that has to be looked at, in the order asked for, and whether it is wanted. */
export async function* scanFacts(ledger: LogLedger, scan: Scan): AsyncGenerator<Scanned, void, undefined> {
  let count = 0;
  for await (const scanned of scan.isNewestFirst ? backward(ledger, scan) : forward(ledger, scan)) {
    yield scanned;
    count += 1;
    if (count % TURN === 0) await setImmediate();
  }
}

async function* forward(ledger: LogLedger, scan: Scan): AsyncGenerator<Scanned, void, undefined> {
  const { host, after = 0, bounds } = scan;
  if (host === undefined) {
    const within = await bounds.positions(host);
    const range = { after: Math.max(after, within.first - 1), upTo: within.last };
    return yield* matched(ledger, scan, ledger.log.readAll(range));
  }
  const stream = streamOf(host);
  const { first, last } = await bounds.of(stream);
  const from = Math.max(first, (await ledger.log.revisionAt(stream, { position: after })) + 1);
  if (from <= last) yield* matched(ledger, scan, ledger.log.readStream(stream, { from, to: last }));
}

async function* backward(ledger: LogLedger, scan: Scan): AsyncGenerator<Scanned, void, undefined> {
  const { log } = ledger;
  const { first, next, read } = await windows(log, scan);
  for (let end = next, width = WINDOW; end > first; ) {
    const start = Math.max(first, end - width);
    const facts: Scanned[] = [];
    for await (const scanned of matched(ledger, scan, read(start, end - 1))) facts.push(scanned);
    yield* facts.reverse();
    if (facts.length < WINDOW / 4) width = Math.min(2 * width, MAX_WINDOW);
    end = start;
  }
}

/** How to read backward: by revision for a host, by position for the log; from `first` to below `next`. */
async function windows(log: EventLog, { host, after, floor = 0, bounds }: Scan) {
  if (host === undefined) {
    const within = await bounds.positions(host);
    return {
      first: Math.max(floor + 1, within.first),
      next: Math.min(after ?? (await log.lastPosition()) + 1, within.last + 1),
      read: (from: number, to: number) => log.readAll({ after: from - 1, upTo: to }),
    };
  }
  const stream = streamOf(host);
  const { first, last } = await bounds.of(stream);
  const end = after === undefined ? await log.lastPosition() : after - 1;
  const lowest = floor === 0 ? 0 : (await log.revisionAt(stream, { position: floor })) + 1;
  return {
    first: Math.max(first, lowest),
    next: Math.min(last, await log.revisionAt(stream, { position: end })) + 1,
    read: (from: number, to: number) => log.readStream(stream, { from, to }),
  };
}

async function* matched(
  ledger: LogLedger,
  { filter, bounds }: Scan,
  facts: AsyncIterable<RecordedFact>,
): AsyncGenerator<Scanned, void, undefined> {
  const matcher = new FactMatcher(filter, async (host, revision) =>
    (await ledger.views()).stateAt(host, revision),
  );
  for await (const fact of facts)
    yield { fact, isWanted: (await matcher.matches(fact)) && (await bounds.contains(fact)) };
}

/**
 * Reading the whole log: $all of the database, filtered by the server to the streams with our prefix and to their
 * metadata, which tell when somebody cuts one.
 *
 * History is read by a subscription, up to the position where our log ended when the reading began: on the way over the
 * events of others it tells how far it is. Where our events begin and end is known (kurrentdb/bounds.ts), so a reading
 * neither begins nor ends among those of others, and a question for the end looks only at what was added since the
 * last one.
 *
 * A position is the number of a byte in the database's log. The server starts only from a number at which an event
 * begins, so a reading `after` something asks first whether it is one (ordinary: a checkpoint is), then whether the
 * next number is (`position - 1` of a fact); for any other number, history is read from its beginning and skipped.
 *
 * A subscription that breaks goes on at the last checkpoint behind its last event; not at the newest, since servers
 * have sent checkpoints at events that they had not given yet (EventStore#4023), but at the last one that something
 * followed.
 */

import { LogError } from '../errors.ts';
import { BoundsFile, type KnownBounds, type Mark } from './bounds.ts';
import type { Connection, Patience } from './connection.ts';
import { Density, Gap, Places } from './density.ts';
import { type Event, eventOf, positionOf } from './events.ts';
import { Fault, isFault, NotThereYet } from './faults.ts';
import type { Place, Reading, ReadResponse } from './protocol.ts';
import type { Streams } from './streams.ts';

/** Events read backwards at first, and at most, in search of our last one. */
const FIRST_LOOK = 4;
const LONGEST_LOOK = 4096;
/** Bytes of the database's log, looked through by the server and not here from so many on. */
const FAR = 256 * 1024;
/** Bytes behind what the file says that make it worth being written again. */
const WORTH_KEEPING = 8 * 1024 * 1024;
/** The server says nothing while it looks through the log for one event. */
const SEARCH_MS = 600_000;
/** Bytes of others' events that are worth a call more. */
const WORTH_SKIPPING = 1024 * 1024;
const REMEMBERED_SKIPS = 4096;
const REMEMBERED_STARTS = 1024;

/** How far a reading has come. */
interface Cursor {
  /** Position of the last event taken, or what the reading was asked to begin after. */
  after: number;
  /** Where the server can go on: the last event taken, or a checkpoint behind it. */
  seen: Place | undefined;
  readonly end: number;
  readonly density: Density;
  /** Whether `after` is the position of an event of ours, or the start. */
  isBehindOurs: boolean;
  /** Whether all of ours up to where it began was known, so that it tells what our last event is. */
  readonly isContiguous: boolean;
}

const placeAt = (position: number): Place => ({ commit: position, prepare: position });

export class AllStream {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #places: Places;
  readonly #file: BoundsFile;
  /** Our last event up to the place up to which all of $all was looked at. */
  #last = 0;
  #looked: Place | undefined;
  /** Behind our event at a position none of ours lies up to a place, with many of others between. 0: the start. */
  readonly #skips = new Map<number, Place>();
  /** Streams whose metadata were written behind our last event, and where. */
  readonly #touched = new Map<string, number>();
  /** What the next process shall know of our end. */
  #marked: Omit<KnownBounds, 'skips'> | undefined;
  #isKept = true;
  #keptAt = 0;
  #searching: Promise<number> | undefined;
  #nextSearch: Promise<number> | undefined;
  /** Positions at which an event begins, as we have seen. */
  readonly #starts = new Set<number>();

  constructor(connection: Connection, streams: Streams) {
    const { place, prefix, options } = connection;
    this.#connection = connection;
    this.#streams = streams;
    this.#places = new Places(streams, prefix);
    this.#file = new BoundsFile(options.directory, place, prefix);
  }

  /** Takes what an earlier process knew, if it is about this database. */
  async open(): Promise<void> {
    const known = this.#file.read();
    if (known === undefined) return;
    const [event] = await this.#some({ from: known.looked, count: 1 });
    if (event?.id !== known.looked.id || event.place.commit !== known.looked.commit) return;
    this.#last = known.last;
    this.#looked = known.looked;
    this.#marked = known;
    this.#keptAt = known.looked.commit;
    for (const [after, commit, prepare] of known.skips) this.#skips.set(after, { commit, prepare });
  }

  /** Keeps what is known for the next process. */
  close(): void {
    if (this.#marked === undefined || this.#isKept) return;
    const { last, looked } = this.#marked;
    const skips = [...this.#skips].map(([after, { commit, prepare }]) => [after, commit, prepare] as const);
    this.#file.write({ last, looked, skips });
    this.#isKept = true;
    this.#keptAt = looked.commit;
  }

  /** Tells of an event of ours. */
  note(position: number): void {
    if (this.#starts.size >= REMEMBERED_STARTS) this.#starts.clear();
    this.#starts.add(position);
  }

  /** Position of the log's last fact, 0 when there is none. Who asks while others wait shares the next answer. */
  lastPosition(): Promise<number> {
    if (this.#searching === undefined) return this.#search();
    this.#nextSearch ??= this.#searching
      .catch(() => 0)
      .then(() => {
        this.#nextSearch = undefined;
        return this.#search();
      });
    return this.#nextSearch;
  }

  /** Events of ours after a position, up to where the log ends now, or up to `upTo` if that is before. */
  async *history(after: number, upTo: number): AsyncGenerator<Event, void, undefined> {
    const end = Math.min(upTo, upTo <= this.#last ? upTo : await this.lastPosition());
    if (end <= after) return;
    yield* this.#resumed(this.#cursor(after, end), this.#connection.patience());
    if (upTo <= end) return;
    // What was cut may be gone without a gap: the metadata behind the last fact tell, as those before it did.
    for (const [stream, position] of this.#touched) {
      await this.#streams.checkUncut(stream, position);
      this.#touched.delete(stream);
    }
  }

  /** Events of ours after a position, without end: reconnects for as long as it takes, until the signal. */
  async *live(after: number, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
    const cursor = this.#cursor(after, Number.POSITIVE_INFINITY);
    yield* this.#resumed(cursor, this.#connection.patience(signal), signal);
  }

  #cursor(after: number, end: number): Cursor {
    const density = new Density(this.#places, after);
    const isContiguous = after <= this.#last;
    return { after, seen: undefined, end, density, isBehindOurs: after <= 0, isContiguous };
  }

  async *#resumed(
    cursor: Cursor,
    patience: Patience,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void, undefined> {
    let gapAt: number | undefined;
    while (!signal?.aborted) {
      try {
        const from = cursor.seen ?? (await this.#startAfter(cursor.after));
        for await (const event of this.#subscription(from, cursor, signal)) {
          patience.progress();
          yield event;
        }
        if (cursor.after >= cursor.end || !this.#skips.has(cursor.after)) return;
      } catch (error) {
        if (signal?.aborted) return;
        if (!(error instanceof Gap)) await patience.afterFailure(error);
        else if (gapAt === error.position) throw this.#lost(error);
        else {
          gapAt = error.position;
          cursor.seen = undefined; // again from the last event that was taken
        }
      } finally {
        cursor.density.end();
        if (cursor.seen !== undefined) this.note(cursor.after);
      }
    }
  }

  /** One subscription; moves the cursor before each event that it yields, so that nothing is read twice. */
  async *#subscription(
    from: Place | 'start',
    cursor: Cursor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Event, void, undefined> {
    const { prefix, place, requests } = this.#connection;
    const request = requests.subscribe(from, [prefix, `$$${prefix}`]);
    const isLive = cursor.end === Number.POSITIVE_INFINITY;
    const options = {
      ...(isLive ? { silentMs: cursor.end } : {}),
      ...(signal === undefined ? {} : { signal }),
    };
    /** Trusted as soon as something follows it. */
    let checkpoint: Place | undefined;
    for await (const message of this.#connection.read(request, options)) {
      const event = eventOf(message);
      if (event === undefined) {
        const reached = checkpointOf(message);
        if (message.hasCaughtUp() || (reached?.commit ?? 0) > cursor.end) {
          if (!isLive) throw new NotThereYet(cursor.end);
        }
        if (reached === undefined) continue;
        if (checkpoint !== undefined) {
          cursor.seen = checkpoint;
          this.#passed(checkpoint, cursor);
        }
        checkpoint = reached;
        continue;
      }
      checkpoint = undefined;
      if (event.streamId.startsWith('$$')) {
        await this.#streams.checkUncut(event.streamId.slice(2 + prefix.length), event.place.commit);
        continue;
      }
      const position = positionOf(event, place);
      if (event.type === '$streamDeleted' && position > cursor.after) throw this.#tombstone(event);
      if (position <= cursor.after) continue;
      if (position > cursor.end) return;
      await cursor.density.take(event, position);
      if (cursor.isBehindOurs) this.#skip(cursor.after, cursor.seen);
      cursor.isBehindOurs = true;
      cursor.after = position;
      cursor.seen = event.place;
      this.#passed(event.place, cursor);
      yield event;
      if (position === cursor.end) return;
      const next = this.#skips.get(position);
      if (next === undefined || next.commit >= cursor.end) continue;
      cursor.seen = next;
      return;
    }
    if (!signal?.aborted) throw new Fault('unavailable', 'the server ended the subscription');
  }

  /** Tells that a reading has come to a place and had all of ours up to there. */
  #passed(place: Place, { after, isContiguous }: Cursor): void {
    if (!isContiguous || place.commit <= (this.#looked?.commit ?? -1)) return;
    this.#looked = place;
    this.#last = Math.max(this.#last, after);
    if (place.commit - this.#keptAt < WORTH_KEEPING) return;
    this.#keptAt = place.commit;
    this.lastPosition().catch(() => {}); // finds an event that the file can name; if not now, then later
  }

  /** Where a subscription begins whose first event is the first one after a position. */
  async #startAfter(after: number): Promise<Place | 'start'> {
    const looked = this.#looked;
    if (looked !== undefined && after >= this.#last && looked.commit >= after) return looked;
    const skip = this.#skips.get(Math.max(after, 0));
    if (skip !== undefined) return skip;
    const first = this.#skips.get(0);
    if (first !== undefined && after < first.commit) return first;
    if (after <= 0) return 'start';
    if (this.#starts.has(after) || (await this.#beginsAt(after))) return placeAt(after);
    if (after > this.#last && after > (await this.lastPosition())) return placeAt(after); // nothing lies there yet
    return (await this.#eventBefore(after + 1))?.place ?? 'start';
  }

  async #beginsAt(position: number): Promise<boolean> {
    const [found] = await this.#some({ from: position, count: 1 });
    return found?.place.commit === position;
  }

  /** The event before the one that begins at a position; undefined when none begins there, and at the start of all. */
  async #eventBefore(position: number): Promise<Event | undefined> {
    const [found] = await this.#some({ from: position, backwards: true, count: 1 });
    return found;
  }

  /** Remembers that only others' events lie between one of ours and a place before the next. */
  #skip(after: number, to: Place | undefined): void {
    if (to === undefined || to.commit - after < WORTH_SKIPPING || this.#skips.size >= REMEMBERED_SKIPS)
      return;
    this.#skips.set(after, to);
    this.#isKept = false;
  }

  /** What a read of $all gives; nothing from where no event begins. */
  #some(reading: Reading): Promise<readonly Event[]> {
    return this.#connection.patiently(async () => {
      const found: Event[] = [];
      try {
        for await (const event of this.#events(reading)) found.push(event);
      } catch (error) {
        if (!isFault(error, 'invalid-position') && !isFault(error, 'unknown')) throw error;
      }
      return found;
    });
  }

  #search(): Promise<number> {
    const search = this.#connection
      .patiently(() => this.#findLast())
      .finally(() => {
        if (this.#searching === search) this.#searching = undefined;
      });
    this.#searching = search;
    return search;
  }

  async #findLast(): Promise<number> {
    let top: Mark | undefined;
    let lowest: Place | undefined;
    let found: number | undefined;
    let count = 0;
    for await (const event of this.#events({ from: 'end', backwards: true, count: FIRST_LOOK })) {
      count += 1;
      top ??= { ...event.place, id: event.id };
      lowest = event.place;
      found ??= this.#ours(event); // a few more cost less than a cancelled call
    }
    if (top === undefined || lowest === undefined) return 0;
    if (count < FIRST_LOOK) found ??= 0; // that was the whole of $all
    found ??= await this.#findBelow(lowest, top);
    if (top.commit > (this.#looked?.commit ?? -1)) {
      this.#looked = top.commit >= found ? top : placeAt(found);
      this.#last = Math.max(this.#last, found);
    }
    if (top.commit > (this.#marked?.looked.commit ?? -1) && top.commit >= found) {
      this.#marked = { last: this.#last, looked: top };
      this.#isKept = false;
      if (top.commit - this.#keptAt >= WORTH_KEEPING) this.close();
    }
    if (this.#last > 0) this.note(this.#last);
    return Math.max(this.#last, found);
  }

  async #findBelow(lowest: Place, top: Place): Promise<number> {
    const { prefix, options } = this.#connection;
    const looked = this.#looked;
    const left = top.commit - (looked?.commit ?? 0);
    if (left > WORTH_KEEPING) options.onSearch?.(left);
    if (looked !== undefined && left <= FAR) return this.#stepBelow(lowest);
    // The server looks for it: back from the end, or all that came since.
    const reading: Reading =
      looked === undefined
        ? { from: 'end', backwards: true, count: 1, prefixes: [prefix] }
        : { from: looked, count: Number.MAX_SAFE_INTEGER, prefixes: [prefix] };
    let found = this.#last;
    for await (const event of this.#events(reading, SEARCH_MS))
      found = positionOf(event, this.#connection.place);
    return found;
  }

  /** Backwards through a part of $all that is not long. */
  async #stepBelow(lowest: Place): Promise<number> {
    let from = lowest;
    for (let count = FIRST_LOOK; ; ) {
      count = Math.min(count * 16, LONGEST_LOOK);
      let read = 0;
      for await (const event of this.#events({ from, backwards: true, count })) {
        const found = this.#ours(event);
        if (found !== undefined) return found;
        read += 1;
        from = event.place;
      }
      if (read < count) return 0;
    }
  }

  /** Position of our last event, as told by an event read backwards; undefined when it tells nothing. */
  #ours(event: Event): number | undefined {
    const { prefix } = this.#connection;
    if (event.place.commit <= (this.#looked?.commit ?? -1)) return this.#last;
    if (event.streamId.startsWith(`$$${prefix}`))
      this.#touched.set(event.streamId.slice(2 + prefix.length), event.place.commit);
    if (!event.streamId.startsWith(prefix)) return undefined;
    return positionOf(event, this.#connection.place);
  }

  async *#events(reading: Reading, silentMs?: number): AsyncGenerator<Event, void, undefined> {
    const { requests } = this.#connection;
    const options = silentMs === undefined ? {} : { silentMs };
    for await (const message of this.#connection.read(requests.readAll(reading), options)) {
      const event = eventOf(message);
      if (event !== undefined) yield event;
    }
  }

  #tombstone({ streamId, place: { commit } }: Event): LogError {
    return new LogError('corrupted', this.#connection.place, `stream ${streamId} was tombstoned`, {
      remedy: 'a tombstone cannot be undone: restore the log from a backup',
      position: commit,
    });
  }

  #lost({ message, position }: Gap): LogError {
    return new LogError('corrupted', this.#connection.place, message, {
      remedy: 'restore a copy: the server does not give that event, though it is asked for it again',
      position,
    });
  }
}

function checkpointOf(message: ReadResponse): Place | undefined {
  const reached = message.getCheckpoint();
  if (reached === undefined) return undefined;
  return { commit: Number(reached.getCommitPosition()), prepare: Number(reached.getPreparePosition()) };
}

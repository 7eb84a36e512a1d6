/**
 * Where our log lies in $all: its last position, and the runs of others' events that need not be looked through.
 *
 * The end is found by reading $all backwards to our last event: over what was added since the last question, and never
 * again over what was looked at before. A long way is left to the server, which gives only what is ours.
 */

import { BoundsFile, type KnownBounds, type Mark } from './bounds.ts';
import type { Connection } from './connection.ts';
import { type Event, eventOf, positionOf } from './events.ts';
import { isFault } from './faults.ts';
import type { Place, Reading } from './protocol.ts';

/** Events read backwards at first, and at most, in search of our last one. */
const FIRST_LOOK = 4;
const LONGEST_LOOK = 4096;
/** Bytes of the database's log, looked through by the server and not here from so many on. */
const FAR = 256 * 1024;
/** Bytes behind what the file says that make it worth being written again. */
const WORTH_KEEPING = 8 * 1024 * 1024;
/** The server says nothing while it looks through the log for one event. */
const SEARCH_MS = 600_000;
/** How often somebody who waits for a search is told. */
const NOTICE_MS = 2000;
/** Bytes of others' events that are worth a call more. */
const WORTH_SKIPPING = 1024 * 1024;
const REMEMBERED_SKIPS = 4096;

/** Where the server goes on from an event of ours: commit and prepare position are the same. */
export const placeAt = (position: number): Place => ({ commit: position, prepare: position });

export class Ends {
  /** Streams whose metadata were written behind our last event, and where. */
  readonly touched = new Map<string, number>();
  readonly #connection: Connection;
  readonly #file: BoundsFile;
  /** Our last event up to the place up to which all of $all was looked at. */
  #last = 0;
  #looked: Place | undefined;
  /** Behind our event at a position none of ours lies up to a place, with many of others between. 0: the start. */
  readonly #skips = new Map<number, Place>();
  /** What the next process shall know of our end. */
  #marked: Omit<KnownBounds, 'skips'> | undefined;
  #isKept = true;
  #keptAt = 0;
  #searching: Promise<number> | undefined;
  #nextSearch: Promise<number> | undefined;

  constructor(connection: Connection) {
    const { place, prefix, options } = connection;
    this.#connection = connection;
    this.#file = new BoundsFile(options.directory, place, prefix);
  }

  /** The last position as far as it is known. */
  get last(): number {
    return this.#last;
  }

  /** Takes what an earlier process knew, if it is about this database. */
  async open(): Promise<void> {
    const known = this.#file.read();
    if (known === undefined) return;
    const [event] = await this.some({ from: known.looked, count: 1 });
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

  /** Where to go on behind our event at a position (0: the start), over others' only; undefined for right there. */
  behind(position: number): Place | undefined {
    return this.#skips.get(position);
  }

  /** A place behind which all of ours after a position lie, when others' only are between. */
  from(after: number): Place | undefined {
    if (this.#looked !== undefined && after >= this.#last && this.#looked.commit >= after)
      return this.#looked;
    const skip = this.#skips.get(Math.max(after, 0));
    if (skip !== undefined) return skip;
    const first = this.#skips.get(0);
    return first !== undefined && after < first.commit ? first : undefined;
  }

  /** Tells that a reading has come to a place and had all of ours up to there, the last one at a position. */
  passed(place: Place, after: number): void {
    if (place.commit <= (this.#looked?.commit ?? -1)) return;
    this.#looked = place;
    this.#last = Math.max(this.#last, after);
    if (place.commit - this.#keptAt < WORTH_KEEPING) return;
    this.#keptAt = place.commit;
    this.lastPosition().catch(() => {}); // finds an event that the file can name; if not now, then later
  }

  /** Remembers that only others' events lie between one of ours and a place before the next. */
  skip(after: number, to: Place | undefined): void {
    if (to === undefined || to.commit - after < WORTH_SKIPPING || this.#skips.size >= REMEMBERED_SKIPS)
      return;
    this.#skips.set(after, to);
    this.#isKept = false;
  }

  /** What a read of $all gives; nothing from where no event begins. */
  some(reading: Reading): Promise<readonly Event[]> {
    return this.#connection.patiently(async () => {
      const found: Event[] = [];
      try {
        for await (const event of this.events(reading)) found.push(event);
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
    for await (const event of this.events({ from: 'end', backwards: true, count: FIRST_LOOK })) {
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
    return Math.max(this.#last, found);
  }

  async #findBelow(lowest: Place, top: Place): Promise<number> {
    const { prefix, options } = this.#connection;
    const looked = this.#looked;
    const left = top.commit - (looked?.commit ?? 0);
    if (looked !== undefined && left <= FAR) return this.#stepBelow(lowest);
    // The server looks for it: back from the end, or all that came since.
    const reading: Reading =
      looked === undefined
        ? { from: 'end', backwards: true, count: 1, prefixes: [prefix] }
        : { from: looked, count: Number.MAX_SAFE_INTEGER, prefixes: [prefix] };
    let found = this.#last;
    const since = performance.now();
    const notice = setInterval(() => options.onSearch?.(left, performance.now() - since), NOTICE_MS);
    try {
      for await (const event of this.events(reading, SEARCH_MS))
        found = positionOf(event, this.#connection.place);
    } finally {
      clearInterval(notice);
    }
    return found;
  }

  /** Backwards through a part of $all that is not long. */
  async #stepBelow(lowest: Place): Promise<number> {
    let from = lowest;
    for (let count = FIRST_LOOK; ; ) {
      count = Math.min(count * 16, LONGEST_LOOK);
      let read = 0;
      for await (const event of this.events({ from, backwards: true, count })) {
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
      this.touched.set(event.streamId.slice(2 + prefix.length), event.place.commit);
    if (!event.streamId.startsWith(prefix)) return undefined;
    return positionOf(event, this.#connection.place);
  }

  /** A read of $all. */
  async *events(reading: Reading, silentMs?: number): AsyncGenerator<Event, void, undefined> {
    const { requests } = this.#connection;
    const options = silentMs === undefined ? {} : { silentMs };
    for await (const message of this.#connection.read(requests.readAll(reading), options)) {
      const event = eventOf(message);
      if (event !== undefined) yield event;
    }
  }
}

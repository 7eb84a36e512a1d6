/**
 * The database of the fake: one log of events in memory, and the rules for appending to it as the server documents
 * them (and as `IndexWriter.CheckCommit` of the server's sources has them).
 */

import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type Expected, errors, type Proposed, type Stored } from './wire.ts';

/** Bytes of a record beside its texts: positions are to differ by as much as the server's, so that none is guessed. */
const RECORD_BYTES = 76;
/** Ids that the server remembers for appends that expect any revision: "best effort". */
const REMEMBERED_IDS = 10_000;
const NO_REVISION = -1;
/** As measured on one node: what is in the log is replicated and indexed, and so readable, some milliseconds later. */
const VISIBLE_AFTER_MS = 2;
/** Shortened from the server's two seconds. */
const COMMIT_TIMEOUT_MS = 150;
/** $tb of a stream that was deleted: the largest 64-bit number. */
export const DELETED = 9_223_372_036_854_775_807n;

export interface StoreOptions {
  /** From when an append is in the log (and refuses others) until it is readable and acknowledged. */
  readonly visibleAfterMs?: number | (() => number);
  /** How long an append is held that repeats one which is not yet acknowledged, until it is aborted. */
  readonly commitTimeoutMs?: number;
}

export interface Written {
  readonly revision: number;
  readonly position: number;
}

interface Stream {
  readonly events: Stored[];
  tombstoned: boolean;
}

/** Refusal of an append: where the stream ends really, -1 for nowhere. */
export class WrongVersion extends Error {
  readonly actual: number;
  constructor(actual: number) {
    super(`the stream ends at ${actual}`);
    this.actual = actual;
  }
}

type Check = { readonly append: number } | { readonly idempotent: Stored };

/** What of a stream can be read: events from `first` on, up to but without `end`. */
export interface Readable {
  readonly events: readonly Stored[];
  readonly first: number;
  readonly end: number;
}

/** Emits `appended` whenever more can be read. */
export class Store extends EventEmitter<{ appended: [] }> {
  /** $all, with what cannot be read yet. */
  readonly log: Stored[] = [];
  /** How many events of the log can be read. */
  visible = 0;
  /** Events that were looked at for a reader, no matter whose they are. */
  looked = 0;
  readonly #options: StoreOptions;
  readonly #streams = new Map<string, Stream>();
  readonly #index = new Map<number, number>();
  readonly #recentIds = new Map<string, Stored>();
  #end = 0;
  #visibleAt = 0;

  constructor(options: StoreOptions = {}) {
    super();
    this.#options = options;
    this.setMaxListeners(0);
    this.#write('$users', [json('$UserAdded', { login: 'admin' })]); // as in every new database, $all is not empty
    this.visible = this.log.length;
  }

  /**
   * Appends all events or none, and resolves when they can be read. Throws WrongVersion, or CallError for a tombstoned
   * stream and for events that another append has just brought and that are not readable yet.
   */
  async append(stream: string, expected: Expected, events: readonly Proposed[]): Promise<Written> {
    const check = this.#check(stream, expected, events);
    if ('idempotent' in check) {
      const { idempotent } = check;
      if (this.#isVisible(idempotent)) return idempotent;
      await pause(this.#options.commitTimeoutMs ?? COMMIT_TIMEOUT_MS);
      throw errors.commitTimeout();
    }
    if (this.#softDeleted(stream)) this.#setMetadata(stream, { $tb: check.append + 1 });
    const of = stream.startsWith('$$') ? stream.slice(2) : undefined;
    const undeleted = of !== undefined && this.#softDeleted(of);
    const written = this.#write(stream, events);
    if (undeleted) this.#setMetadata(of, { $tb: this.#last(of) + 1 }); // whatever was written
    await this.#becomeVisible();
    return written ?? { revision: check.append, position: this.#end };
  }

  /** Puts many events of others into the log at once, readable. */
  flood(stream: string, count: number): void {
    const event = json('Noise', {});
    for (let n = 0; n < count; n++) this.#write(stream, [{ ...event, id: randomUUID() }]);
    this.visible = this.log.length;
    this.emit('appended');
  }

  /** Deletes softly: the stream reads as absent, and goes on at its next revision when it is appended to. */
  async delete(stream: string, expected: Expected): Promise<Written> {
    this.#check(stream, expected, [json('$metadata', {})]);
    if (this.#last(stream) < 0) throw new WrongVersion(NO_REVISION);
    const written = this.#setMetadata(stream, { $tb: DELETED });
    await this.#becomeVisible();
    return written;
  }

  /** Deletes for ever. */
  async tombstone(stream: string, expected: Expected): Promise<Written> {
    this.#check(stream, expected, [json('$streamDeleted', {})]);
    const written = this.#write(stream, [json('$streamDeleted', {})]);
    this.#stream(stream).tombstoned = true;
    await this.#becomeVisible();
    return written ?? { revision: 0, position: this.#end };
  }

  /** Removes what is not visible of a stream any more, as a scavenge would, from $all as well. */
  scavenge(stream: string): void {
    const readable = this.read(stream);
    const kept = new Set(readable === undefined ? [] : readable.events.slice(readable.first));
    const rest = this.log.filter((event) => event.stream !== stream || kept.has(event));
    this.log.splice(0, this.log.length, ...rest);
    this.#index.clear();
    for (const [index, event] of rest.entries()) this.#index.set(event.position, index);
    this.visible = rest.length;
  }

  /** What of a stream can be read; undefined when there is no such stream. Throws CallError when it is tombstoned. */
  read(stream: string): Readable | undefined {
    const found = this.#streams.get(stream);
    if (found?.tombstoned) throw errors.streamDeleted(stream);
    if (found === undefined) return undefined;
    const { events } = found;
    let end = events.length;
    for (let last = events[end - 1]; last !== undefined && !this.#isVisible(last); last = events[end - 1])
      end -= 1;
    if (end === 0) return undefined;
    const { truncateBefore, maxCount, since } = this.#limits(stream);
    if (truncateBefore >= DELETED) return undefined;
    let first = Math.max(Number(truncateBefore), end - maxCount, 0);
    while (first < end && Number(events[first]?.created ?? 0) < since) first += 1;
    return { events, first: Math.min(first, end), end };
  }

  /** Index in the log of the record at a position; the log's length beyond its end. Throws when none begins there. */
  indexOf(position: bigint): number {
    if (position >= BigInt(this.#end)) return this.visible;
    const index = this.#index.get(Number(position));
    if (index === undefined) throw errors.invalidPosition();
    return index;
  }

  /** What a restart loses: ids remembered in memory. */
  forget(): void {
    this.#recentIds.clear();
  }

  /** Readable from now on, in the order of the log. */
  async #becomeVisible(): Promise<void> {
    const { visibleAfterMs = VISIBLE_AFTER_MS } = this.#options;
    const after = typeof visibleAfterMs === 'number' ? visibleAfterMs : visibleAfterMs();
    const end = this.log.length;
    this.#visibleAt = Math.max(this.#visibleAt, performance.now() + after);
    if (after > 0) await pause(Math.max(0, this.#visibleAt - performance.now()));
    if (this.visible < end) this.visible = end;
    this.emit('appended');
  }

  #isVisible(event: Stored): boolean {
    const last = this.log[this.visible - 1];
    return last !== undefined && event.position <= last.position;
  }

  #check(stream: string, expected: Expected, events: readonly Proposed[]): Check {
    const found = this.#streams.get(stream);
    if (found?.tombstoned) throw errors.streamDeleted(stream);
    const current = this.#last(stream);
    if (expected === 'any' || expected === 'stream_exists') {
      if (expected === 'stream_exists') {
        if (this.#softDeleted(stream)) throw errors.streamDeleted(stream);
        if (current < 0 && this.#last(`$$${stream}`) < 0) throw new WrongVersion(current);
      }
      return this.#sameIds(events, current, (event) => {
        const recent = this.#recentIds.get(event.id);
        return recent?.stream === stream ? recent : undefined;
      });
    }
    const version = expected === 'no_stream' ? NO_REVISION : expected;
    if (version === current) return { append: current };
    if (version > current) throw new WrongVersion(current);
    // Behind the stream's end: fine when the very same events lie there, for then this is a retry.
    let revision = version;
    const check = this.#sameIds(events, current, (event) => {
      revision += 1;
      const there = found?.events[revision];
      return there?.id === event.id ? there : undefined;
    });
    if ('idempotent' in check) return check;
    if (expected === 'no_stream' && this.#softDeleted(stream)) return { append: current };
    throw new WrongVersion(current);
  }

  /** Idempotent when all events are there; a conflict when only the first ones are ("corrupted idempotency"). */
  #sameIds(
    events: readonly Proposed[],
    current: number,
    find: (event: Proposed) => Stored | undefined,
  ): Check {
    let last: Stored | undefined;
    for (const event of events) {
      const there = find(event);
      if (there === undefined) {
        if (last !== undefined) throw new WrongVersion(current);
        return { append: current };
      }
      last = there;
    }
    return last === undefined ? { append: current } : { idempotent: last };
  }

  #write(stream: string, events: readonly Proposed[]): Written | undefined {
    const found = this.#stream(stream);
    let written: Stored | undefined;
    for (const event of events) {
      const revision = found.events.length;
      const created = String(Date.now() * 10_000);
      written = { ...event, stream, revision, position: this.#end, created };
      this.#index.set(this.#end, this.log.length);
      this.#end +=
        RECORD_BYTES + stream.length * 2 + event.type.length * 2 + event.data.length + event.metadata.length;
      found.events.push(written);
      this.log.push(written);
      this.#recentIds.set(event.id, written);
      if (this.#recentIds.size > REMEMBERED_IDS)
        this.#recentIds.delete(this.#recentIds.keys().next().value ?? '');
    }
    return written;
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name) ?? { events: [], tombstoned: false };
    this.#streams.set(name, stream);
    return stream;
  }

  #last(stream: string): number {
    return (this.#streams.get(stream)?.events.length ?? 0) - 1;
  }

  #setMetadata(stream: string, change: Readonly<Record<string, number | bigint>>): Written {
    // Spelled by hand: $tb of a deleted stream is beyond what a JavaScript number holds.
    const text = `{${Object.entries(change)
      .map(([key, value]) => `"${key}":${value}`)
      .join()}}`;
    const event = { ...json('$metadata', {}), data: Buffer.from(text) };
    return this.#write(`$$${stream}`, [event]) ?? { revision: 0, position: this.#end };
  }

  #limits(stream: string): {
    readonly truncateBefore: bigint;
    readonly maxCount: number;
    /** In .NET ticks. */
    readonly since: number;
  } {
    const metadata = this.#streams.get(`$$${stream}`)?.events.at(-1);
    const text = metadata === undefined ? '{}' : Buffer.from(metadata.data).toString('utf8');
    const number = (key: string): string | undefined =>
      new RegExp(`"\\${key}"\\s*:\\s*(\\d+)`).exec(text)?.[1];
    const maxCount = Number(number('$maxCount') ?? Number.POSITIVE_INFINITY);
    const maxAge = number('$maxAge');
    const since = maxAge === undefined ? 0 : (Date.now() - Number(maxAge) * 1000) * 10_000;
    return { truncateBefore: BigInt(number('$tb') ?? 0), maxCount, since };
  }

  #softDeleted(stream: string): boolean {
    return this.#limits(stream).truncateBefore >= DELETED;
  }
}

/** An event of the server's own. */
export function json(type: string, data: object): Proposed {
  const text = Buffer.from(JSON.stringify(data));
  return { id: randomUUID(), type, contentType: 'application/json', data: text, metadata: new Uint8Array() };
}

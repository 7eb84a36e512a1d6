/**
 * Packed pages: facts in the form that folds want, without JSON and without an object a fact.
 *
 * A page is a run of frames, one a fact, little-endian on every machine:
 *
 *     0  u32  length of the frame in bytes, this header included; and in the two highest bits:
 *             0 = written by a version that did not tell commits apart, 2 = more facts of its commit follow, 3 = the last of its commit
 *     4  u32  stream number (the page's `streamName` gives the name)
 *     8  u32  revision
 *    12  f64  position
 *    20  f64  occurredAt, milliseconds since 1970 UTC
 *    28  ...  payload: `packed` of the fact, as its writer gave it
 *
 * Decoding, not folding, is the limit of a replay, hence the fixed header and the reused cursor.
 */

import { LogError } from './errors.ts';
import type { PackedPage } from './port.ts';

const HEADER_BYTES = 28;

/** What goes into one frame; `occurredAt` in milliseconds since 1970 UTC. */
export interface PackedEntry {
  readonly stream: number;
  readonly revision: number;
  readonly position: number;
  readonly occurredAt: number;
  /** True for the last fact of its commit; undefined where that is not known any more. */
  readonly isLast?: boolean | undefined;
  readonly payload: Uint8Array;
}

const TELLS_COMMITS = 2 ** 31;
const IS_LAST = 2 ** 30;

/** The length in the first word of a frame. */
export const frameLength = (word: number): number => word & (IS_LAST - 1);

/** One fact of a page. The object is reused: copy what must outlive the next step of the loop. */
export interface PackedFact {
  /** Stream number; `page.streamName(stream)` is its name. */
  readonly stream: number;
  readonly revision: number;
  readonly position: number;
  /** Milliseconds since 1970 UTC. */
  readonly occurredAt: number;
  /** True for the last fact of its commit; undefined in frames that do not tell commits apart. */
  readonly isLast: boolean | undefined;
  /** The payload is `bytes[offset .. offset + length)`: shared by the whole page, not a view of its own. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** Frames of the entries, one after the other. */
export function packFacts(entries: readonly PackedEntry[]): Uint8Array<ArrayBuffer> {
  let total = 0;
  for (const entry of entries) total += HEADER_BYTES + entry.payload.length;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const entry of entries) {
    const length = HEADER_BYTES + entry.payload.length;
    const commits = entry.isLast === undefined ? 0 : TELLS_COMMITS + (entry.isLast ? IS_LAST : 0);
    view.setUint32(at, length + commits, true);
    view.setUint32(at + 4, entry.stream, true);
    view.setUint32(at + 8, entry.revision, true);
    view.setFloat64(at + 12, entry.position, true);
    view.setFloat64(at + 20, entry.occurredAt, true);
    bytes.set(entry.payload, at + HEADER_BYTES);
    at += length;
  }
  return bytes;
}

/**
 * The cursor is its own fact, its own iterator and its own result, so that a loop over a million facts allocates
 * nothing.
 */
class Cursor implements PackedFact, IterableIterator<PackedFact, undefined> {
  stream = 0;
  revision = 0;
  position = 0;
  occurredAt = 0;
  isLast: boolean | undefined = undefined;
  offset = 0;
  length = 0;
  readonly done = false;
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get value(): PackedFact {
    return this;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<PackedFact, undefined> {
    const at = this.#next;
    const left = this.bytes.length - at;
    if (left === 0) return END;
    const word = left < HEADER_BYTES ? 0 : this.#view.getUint32(at, true);
    const size = frameLength(word);
    if (size < HEADER_BYTES || size > left) this.#fail('a frame does not fit its page');
    const position = this.#view.getFloat64(at + 12, true);
    if (!(position > this.position)) this.#fail('frames are not in the order of their positions');
    this.stream = this.#view.getUint32(at + 4, true);
    this.revision = this.#view.getUint32(at + 8, true);
    this.position = position;
    this.occurredAt = this.#view.getFloat64(at + 20, true);
    this.isLast = word < TELLS_COMMITS ? undefined : (word & IS_LAST) !== 0;
    this.offset = at + HEADER_BYTES;
    this.length = size - HEADER_BYTES;
    this.#next = at + size;
    return this;
  }

  #fail(reason: string): never {
    throw new LogError('corrupted', 'packed page', `${reason}, after position ${this.position}`);
  }
}

const END: IteratorResult<PackedFact, undefined> = { done: true, value: undefined };

/**
 * The facts of a page in log order; every step yields the same object, moved on.
 * Throws LogError `corrupted` when the frames are broken.
 */
export function packedFacts(page: Pick<PackedPage, 'bytes'>): Iterable<PackedFact> {
  return new Cursor(page.bytes);
}

/** The part of a page whose facts `keep` accepts: a run, since a page is cut only at its ends. */
export function cutPage(bytes: Uint8Array, keep: (fact: PackedFact) => boolean): Uint8Array {
  let start = -1;
  let end = 0;
  for (const fact of packedFacts({ bytes })) {
    if (!keep(fact)) continue;
    if (start < 0) start = fact.offset - HEADER_BYTES;
    end = fact.offset + fact.length;
  }
  return start < 0 ? bytes.subarray(0, 0) : bytes.subarray(start, end);
}

/** Most facts, and roughly the most bytes, that a page of an adapter holds: a reader's memory stays constant. */
export const MAX_PAGE_FACTS = 4096;
export const MAX_PAGE_BYTES = 4 * 1024 * 1024;

/** Pages of entries that come one by one, for adapters that do not store frames. */
export async function* pagesOf(
  entries: AsyncIterable<PackedEntry> | Iterable<PackedEntry>,
  streamName: (number: number) => string,
): AsyncGenerator<PackedPage, void, undefined> {
  let run: PackedEntry[] = [];
  let bytes = 0;
  for await (const entry of entries) {
    run.push(entry);
    bytes += HEADER_BYTES + entry.payload.length;
    if (run.length < MAX_PAGE_FACTS && bytes < MAX_PAGE_BYTES) continue;
    yield { bytes: packFacts(run), streamName, lastPosition: entry.position };
    run = [];
    bytes = 0;
  }
  const last = run.at(-1);
  if (last !== undefined) yield { bytes: packFacts(run), streamName, lastPosition: last.position };
}

/**
 * By what a fact is found: terms like `a:anna`, `m:UUID`, `g:web`, each with the places of its facts in a chunk of positions; for queues
 * a row of masks for each adapter; and the words of the chunk's facts, with a filter that says which of them are surely not there.
 */
import {
  type Apqn,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  EMPTY_MATRIX,
  equals,
  forEachApqn,
  formatApid,
  parseApqn,
} from '@apledger/ap';
import type { RecordedFact } from '@apledger/event-log';
import { type Fact, hostOf } from '@apledger/events';
import type { Mdev } from '@apledger/host';
import { errnoOf, matricesOf, mdevOf, queueNamesOf, wordsOf } from '../search/concern.ts';

/** Positions in a chunk. */
export const CHUNK = 4096;
/** The chunk of a position; chunks begin at 0, positions at 1. */
export const chunkOf = (position: number): number => Math.floor((position - 1) / CHUNK);
const offsetIn = (position: number): number => (position - 1) % CHUNK;
/** The position that lies at an offset in a chunk. */
export const positionAt = (chunk: number, offset: number): number => chunk * CHUNK + offset + 1;

const MASK_BYTES = 32;
export const ROW_BYTES = 2 + MASK_BYTES;
const FILTER_BITS = 2 ** 18;
export const WORDS = 'words';
export const FILTER = 'filter';

export const term = {
  type: (type: string) => `t:${type}`,
  actor: (actor: string) => `a:${actor}`,
  host: (host: string) => `h:${host}`,
  mdev: (mdev: string) => `m:${mdev}`,
  guest: (guest: string) => `g:${guest}`,
  errno: (errno: string) => `e:${errno}`,
  adapter: (apid: number) => `q:${formatApid(apid)}`,
};

/** One chunk that is being filled, in the order of positions. */
export class TermChunk {
  readonly number: number;
  readonly #places = new Map<string, number[]>();
  readonly #rows = new Map<number, Map<number, Uint8Array>>();
  readonly #words = new Map<string, number[]>();

  constructor(number: number) {
    this.number = number;
  }

  /** `fact` is undefined for one of a newer version; `guests` are those that it concerns; `moved` is the mdev that it names. */
  put(
    recorded: RecordedFact,
    fact: Fact | undefined,
    guests: ReadonlySet<string>,
    moved: Moved | undefined,
  ): void {
    const offset = offsetIn(recorded.position);
    const host = hostOf(recorded.stream);
    this.#add(term.type(recorded.type), offset);
    this.#add(term.actor(recorded.actor), offset);
    if (host !== undefined) this.#add(term.host(host), offset);
    listIn(this.#words, wordsOf(recorded, fact).toLowerCase()).push(offset);
    if (fact === undefined) return;
    const mdev = mdevOf(fact);
    if (mdev !== undefined) this.#add(term.mdev(mdev), offset);
    const errno = errnoOf(fact);
    if (errno !== undefined) this.#add(term.errno(errno), offset);
    for (const guest of guests) this.#add(term.guest(guest), offset);
    for (const name of queueNamesOf(fact)) {
      const queue = parseApqn(name);
      if (queue !== undefined) this.#addQueue(queue, offset);
    }
    if (moved !== undefined) this.#addMoved(moved, offset);
  }

  *pieces(): Generator<{ readonly term: string; readonly bytes: Uint8Array }> {
    for (const [name, offsets] of this.#places) yield { term: name, bytes: bytesOf(offsets) };
    for (const [apid, rows] of this.#rows) {
      const bytes = new Uint8Array(rows.size * ROW_BYTES);
      const view = new DataView(bytes.buffer);
      let at = 0;
      for (const [offset, mask] of rows) {
        view.setUint16(at, offset, true);
        bytes.set(mask, at + 2);
        at += ROW_BYTES;
      }
      yield { term: term.adapter(apid), bytes };
    }
    const words = [...this.#words];
    yield { term: WORDS, bytes: new TextEncoder().encode(JSON.stringify(words)) };
    const filter = new Uint8Array(FILTER_BITS / 8);
    for (const [text] of words)
      for (const bit of bitsOf(text)) filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    yield { term: FILTER, bytes: filter };
  }

  #add(name: string, offset: number): void {
    listIn(this.#places, name).push(offset);
  }

  #addQueue(queue: Apqn, offset: number): void {
    const rows = this.#rows.get(apidOf(queue)) ?? new Map<number, Uint8Array>();
    this.#rows.set(apidOf(queue), rows);
    const mask = rows.get(offset) ?? new Uint8Array(MASK_BYTES);
    rows.set(offset, mask);
    setBit(mask, apqiOf(queue));
  }

  #addMoved({ before, after }: Moved, offset: number): void {
    const now = matricesOf(after);
    for (const [i, was] of matricesOf(before).entries()) {
      const is = now[i] ?? EMPTY_MATRIX;
      if (isSame(was, is)) continue;
      const old = new Set<Apqn>();
      forEachApqn(was, (queue) => old.add(queue));
      forEachApqn(is, (queue) => {
        if (!old.delete(queue)) this.#addQueue(queue, offset);
      });
      for (const queue of old) this.#addQueue(queue, offset);
    }
  }
}

/** An mdev before and after a fact. */
interface Moved {
  readonly before: Mdev | undefined;
  readonly after: Mdev | undefined;
}

const isSame = (a: ControlledMatrix, b: ControlledMatrix): boolean =>
  equals(a.adapters, b.adapters) && equals(a.domains, b.domains);

function listIn(lists: Map<string, number[]>, key: string): number[] {
  let list = lists.get(key);
  if (list === undefined) {
    list = [];
    lists.set(key, list);
  }
  return list;
}

const bytesOf = (offsets: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(offsets).buffer);
const setBit = (mask: Uint8Array, bit: number): void => {
  mask[bit >>> 3] = (mask[bit >>> 3] ?? 0) | (1 << (bit & 7));
};
/** Of a bit mask of bytes, bit 0 lowest. */
export const hasBit = (mask: Uint8Array, bit: number): boolean =>
  ((mask[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;

/** The bits of the filter that a text sets: one for each run of three and of four characters. */
export function* bitsOf(text: string): Generator<number> {
  for (let at = 0; at + 3 <= text.length; at++) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < 3; i++) hash = Math.imul(hash ^ text.charCodeAt(at + i), 0x01000193);
    yield (hash >>> 7) % FILTER_BITS;
    if (at + 4 <= text.length)
      yield (Math.imul(hash ^ text.charCodeAt(at + 3), 0x01000193) >>> 5) % FILTER_BITS;
  }
}

/** Finds facts in the index: chunk by chunk, in either order, the places that all of the filter's terms have. */
import { type Apqn, apidOf, apqiOf, parseApqn } from '@apledger/ap';
import type { FactFilter } from '../search/matcher.ts';
import type { IndexStore } from './store.ts';
import { bitsOf, chunkOf, FILTER, hasBit, positionAt, ROW_BYTES, term, WORDS } from './terms.ts';

export interface Asked {
  readonly filter: FactFilter;
  readonly host: string | undefined;
  /** Positions from `first` up to `last`. */
  readonly first: number;
  readonly last: number;
  readonly isNewestFirst: boolean;
}

/** The positions of the facts that match, a chunk at a time; also empty ones, so that the caller can take a breath. */
export function* search(store: IndexStore, asked: Asked): Generator<readonly number[], void, undefined> {
  const { first, last, isNewestFirst } = asked;
  if (first > last) return;
  const needles = needlesOf(asked);
  const chunks = chunksOf(store, needles, chunkOf(first), chunkOf(last));
  for (const chunk of isNewestFirst ? chunks.reverse() : chunks) {
    const found = inChunk(store, needles, chunk).filter((position) => position >= first && position <= last);
    yield isNewestFirst ? found.reverse() : found;
  }
}

interface Needles {
  /** Of each list, a fact has one. */
  readonly terms: readonly (readonly string[])[];
  readonly queue: Apqn | undefined;
  /** In lower case. */
  readonly text: string | undefined;
}

function needlesOf({ filter, host }: Asked): Needles {
  const { types, actor, guest, mdev, queue, errno, text } = filter;
  const terms: string[][] = [];
  if (types !== undefined) terms.push([...types].map(term.type));
  if (actor !== undefined) terms.push([term.actor(actor)]);
  if (guest !== undefined) terms.push([term.guest(guest)]);
  if (mdev !== undefined) terms.push([term.mdev(mdev)]);
  if (errno !== undefined) terms.push([term.errno(errno)]);
  if (host !== undefined) terms.push([term.host(host)]);
  return {
    terms,
    queue: queue === undefined ? undefined : parseApqn(queue),
    text: text?.toLowerCase(),
  };
}

/** The chunks that can hold such facts, ascending. */
function chunksOf(store: IndexStore, { terms, queue }: Needles, first: number, last: number): number[] {
  const groups = queue === undefined ? terms : [...terms, [term.adapter(apidOf(queue))]];
  let chunks: Set<number> | undefined;
  for (const group of groups) {
    const there = new Set(group.flatMap((name) => store.chunksOf(name)));
    chunks = chunks === undefined ? there : chunks.intersection(there);
  }
  const all = chunks ?? new Set(store.chunksOf(FILTER));
  return [...all].filter((chunk) => chunk >= first && chunk <= last).sort((a, b) => a - b);
}

function inChunk(store: IndexStore, { terms, queue, text }: Needles, chunk: number): number[] {
  if (text !== undefined && !canHold(store, chunk, text)) return [];
  let offsets: Set<number> | undefined;
  const restrict = (found: Iterable<number>): void => {
    const there = new Set(found);
    offsets = offsets === undefined ? there : offsets.intersection(there);
  };
  for (const group of terms) {
    restrict(group.flatMap((name) => [...offsetsOf(store.piece(name, chunk))]));
    if (offsets?.size === 0) return [];
  }
  if (queue !== undefined) restrict(offsetsOfQueue(store.piece(term.adapter(apidOf(queue)), chunk), queue));
  if (text !== undefined && offsets?.size !== 0) restrict(offsetsOfText(store.piece(WORDS, chunk), text));
  return [...(offsets ?? [])].sort((a, b) => a - b).map((offset) => positionAt(chunk, offset));
}

const offsetsOf = (bytes: Uint8Array | undefined): Uint16Array =>
  bytes === undefined
    ? new Uint16Array(0)
    : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);

function* offsetsOfQueue(bytes: Uint8Array | undefined, queue: Apqn): Generator<number> {
  if (bytes === undefined) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [byte, bit] = [apqiOf(queue) >>> 3, 1 << (apqiOf(queue) & 7)];
  for (let at = 0; at < bytes.length; at += ROW_BYTES)
    if (((bytes[at + 2 + byte] ?? 0) & bit) !== 0) yield view.getUint16(at, true);
}

const decoder = new TextDecoder();

function* offsetsOfText(bytes: Uint8Array | undefined, text: string): Generator<number> {
  if (bytes === undefined) return;
  const json = decoder.decode(bytes);
  // As it stands in the JSON of the words: to look there is cheaper than to read all of them.
  if (!json.includes(JSON.stringify(text).slice(1, -1))) return;
  const words: readonly (readonly [string, readonly number[]])[] = JSON.parse(json);
  for (const [shown, offsets] of words) if (shown.includes(text)) yield* offsets;
}

/** False when none of the chunk's facts can hold the text. */
function canHold(store: IndexStore, chunk: number, text: string): boolean {
  const filter = store.piece(FILTER, chunk);
  if (filter === undefined) return true;
  for (const bit of bitsOf(text)) if (!hasBit(filter, bit)) return false;
  return true;
}

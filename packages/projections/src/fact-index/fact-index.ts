/**
 * The index over the facts of a log: which facts are about what, and who caused each. It follows the log in batches, and knows how far it
 * is: what lies beyond is for the asker to look at.
 */
import { setImmediate } from 'node:timers/promises';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { errorText } from '@apledger/text';
import { CacheUnusable } from '../cache-file.ts';
import { applyRecorded } from '../fold.ts';
import { factOf, guestsOf, mdevOf } from '../search/concern.ts';
import type { StateAt } from '../search/matcher.ts';
import type { Checkpoint } from '../store.ts';
import { HeaderChunk, CHUNK as REVISIONS } from './headers.ts';
import { DamagedIndex, type IndexStore, type Piece } from './store.ts';
import { CHUNK, chunkOf, TermChunk } from './terms.ts';

/** Facts between two checkpoints, and facts in one turn of the event loop. */
const BATCH = 16_384;
const TURN = 128;
/** Hosts whose states stay in memory. */
const MAX_STATES = 200;
/** Chunks of headers that stay in memory besides those of the batch, at most 147 KB each. */
const MAX_HEADERS = 512;

export interface FactIndexOptions {
  readonly log: EventLog;
  readonly store: IndexStore;
  readonly stateAt: StateAt;
  /** Gets what went wrong, a line each. */
  readonly report?: (line: string) => void;
}

export class FactIndex {
  readonly #log: EventLog;
  readonly #stateAt: StateAt;
  readonly #report: (line: string) => void;
  readonly store: IndexStore;
  readonly #states = new Map<string, HostState>();
  readonly #headers = new Map<string, HeaderChunk>();
  #dirtyHeaders = new Set<string>();
  #chunk: TermChunk | undefined;
  #done: TermChunk[] = [];
  #checkpoint: Checkpoint | undefined;
  #running: Promise<void> | undefined;
  #isClosing = false;

  constructor({ log, store, stateAt, report = () => {} }: FactIndexOptions) {
    this.#log = log;
    this.store = store;
    this.#stateAt = stateAt;
    this.#report = report;
  }

  /** Position up to which every fact is in the index; 0 = none. */
  get position(): number {
    return this.#checkpoint?.position ?? 0;
  }

  /** What boundaries say of the facts of a stream, CHUNK revisions at a time; undefined when none of them is in the index. */
  chunk(stream: string, number: number): HeaderChunk | undefined {
    try {
      return this.#headerOf(stream, number);
    } catch (error) {
      this.heal(error);
      return undefined;
    }
  }

  /** Takes in what the log holds beyond the index, up to its end or a position. Calls at the same time share one run. Does not throw for a log that cannot be indexed. */
  catchUp(upTo?: number): Promise<void> {
    this.#running ??= this.#follow(upTo)
      .catch((error: unknown) => {
        this.#forget();
        if (this.#isClosing) return;
        if (error instanceof DamagedIndex) this.heal(error);
        else this.#report(`the index of facts stands still: ${errorText(error)}`);
      })
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  /** Forgets what is stored; it is made again at the next catching up. */
  clear(): void {
    this.#forget();
    this.store.clear();
  }

  /** What follows from an error of the index: it is not asked until it has caught up again. Throws what is no error of the index. */
  heal(error: unknown): void {
    if (!(error instanceof DamagedIndex || error instanceof CacheUnusable)) throw error;
    this.#forget();
    if (error instanceof DamagedIndex) this.store.distrust(error.message);
    else this.#report(error.message);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#running;
    this.store.close();
  }

  async #follow(end?: number): Promise<void> {
    if (this.#checkpoint === undefined) await this.#open();
    const upTo = end ?? (await this.#log.lastPosition());
    const from = this.#chunk === undefined ? chunkOf(Math.max(1, this.position)) * CHUNK : this.position;
    if (upTo <= this.position) return;
    let count = 0;
    let last: RecordedFact | undefined;
    for await (const fact of this.#log.readAll({ after: from, upTo })) {
      if (this.#isClosing) return;
      await this.#put(fact);
      last = fact;
      count += 1;
      if (count % TURN === 0) await setImmediate();
      if (count % BATCH === 0) this.#save(fact);
    }
    if (last !== undefined && last.position > this.position) this.#save(last);
  }

  /** Throws nothing for an index that is about another log: it is emptied. */
  async #open(): Promise<void> {
    const checkpoint = this.store.checkpoint();
    if (checkpoint === undefined) return;
    for await (const { hash } of this.#log.readAll({
      after: checkpoint.position - 1,
      upTo: checkpoint.position,
    }))
      if (hash === checkpoint.hash) {
        this.#checkpoint = checkpoint;
        return;
      }
    this.#report('the index of facts is about another log; it is made again');
    this.store.clear();
  }

  async #put(recorded: RecordedFact): Promise<void> {
    const number = chunkOf(recorded.position);
    if (this.#chunk?.number !== number) {
      if (this.#chunk !== undefined) this.#done.push(this.#chunk);
      this.#chunk = new TermChunk(number);
    }
    this.#putHeader(recorded);
    const host = hostOf(recorded.stream);
    const fact = factOf(recorded);
    const state = host === undefined || fact === undefined ? undefined : await this.#stateOf(host, recorded);
    if (fact === undefined || state === undefined) {
      this.#chunk.put(recorded, fact, new Set(), undefined);
      return;
    }
    const mdev = mdevOf(fact);
    const before = mdev === undefined ? undefined : state.mdevs.get(mdev);
    const guests = guestsOf(fact, state);
    applyRecorded(state, fact, recorded);
    const moved = mdev === undefined ? undefined : { before, after: state.mdevs.get(mdev) };
    this.#chunk.put(recorded, fact, guests, moved);
  }

  #putHeader(recorded: RecordedFact): void {
    const { stream, revision } = recorded;
    const number = Math.floor(revision / REVISIONS);
    const key = `${stream}\n${number}`;
    const chunk = this.#headerOf(stream, number) ?? new HeaderChunk();
    this.#headers.delete(key);
    this.#headers.set(key, chunk);
    chunk.put(recorded);
    this.#dirtyHeaders.add(key);
  }

  #headerOf(stream: string, number: number): HeaderChunk | undefined {
    const key = `${stream}\n${number}`;
    const known = this.#headers.get(key);
    if (known !== undefined) return known;
    const bytes = this.store.piece(`s:${stream}`, number);
    if (bytes === undefined) return undefined;
    const chunk = HeaderChunk.ofBytes(bytes);
    this.#headers.set(key, chunk);
    if (this.#dirtyHeaders.size < MAX_HEADERS) this.#trimHeaders(key);
    return chunk;
  }

  /** Forgets those that were used longest ago. */
  #trimHeaders(kept?: string): void {
    for (const old of this.#headers.keys()) {
      if (this.#headers.size <= MAX_HEADERS) break;
      if (!this.#dirtyHeaders.has(old) && old !== kept) this.#headers.delete(old);
    }
  }

  async #stateOf(host: string, { revision }: RecordedFact): Promise<HostState> {
    const known = this.#states.get(host);
    if (known !== undefined && known.revision === revision - 1) return known;
    if (this.#states.size >= MAX_STATES) this.#states.clear();
    const state = await this.#stateAt(host, revision - 1);
    this.#states.set(host, state);
    return state;
  }

  #save({ position, hash }: RecordedFact): void {
    const pieces: Piece[] = [];
    for (const key of this.#dirtyHeaders) {
      const [stream = '', number = ''] = key.split('\n');
      const bytes = this.#headers.get(key)?.toBytes();
      if (bytes !== undefined) pieces.push({ term: `s:${stream}`, chunk: Number(number), bytes });
    }
    for (const chunk of this.#chunk === undefined ? this.#done : [...this.#done, this.#chunk])
      for (const piece of chunk.pieces()) pieces.push({ ...piece, chunk: chunk.number });
    const to = { position, hash };
    if (!this.store.save({ from: this.#checkpoint, to, pieces })) {
      this.#forget(); // another process was here: go on from where it is
      return;
    }
    this.#checkpoint = to;
    this.#done = [];
    this.#dirtyHeaders = new Set();
    this.#trimHeaders();
  }

  #forget(): void {
    this.#states.clear();
    this.#headers.clear();
    this.#dirtyHeaders = new Set();
    this.#chunk = undefined;
    this.#done = [];
    this.#checkpoint = undefined;
  }
}

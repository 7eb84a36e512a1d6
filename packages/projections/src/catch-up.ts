/**
 * Folding the log into a store, from its checkpoint to the log's end.
 *
 * What is stored is a function of the log alone: snapshots are taken at round revisions, states and checkpoint belong to one position.
 * Neither when it was folded, nor in how many pieces, nor how often it was killed leaves a trace.
 */
import { setImmediate } from 'node:timers/promises';
import { type EventLog, factAt, factAtPosition, type PackedPage, packedFacts } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { HostState } from '@apledger/host';
import { readFacts } from './facts.ts';
import { applyFact } from './fold.ts';
import { type PackedState, packState, readSnapshot, sealState } from './snapshot.ts';
import { type Checkpoint, type ReadModelStore, type StoredState, sameCheckpoint } from './store.ts';

/** A host's state is kept every so many of its facts; going back to any moment folds at most one fact less. */
export const SNAPSHOT_INTERVAL = 2000;
/** Facts folded between two checkpoints, about (a page more or less): what a kill can cost. */
export const CHECKPOINT_INTERVAL = 50_000;
/** Questions to a log that may be on a server, at once. */
const HASHES_AT_ONCE = 64;
/** Hosts changed between two checkpoints, at most: a page more or less. */
const MAX_DIRTY_HOSTS = 10_000;

/** How far catching up has come; in facts of the log's positions, which may have gaps. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly perSecond: number;
}

/** One host that is being folded. */
interface Folding {
  readonly host: string;
  readonly state: HostState;
  /** Changed since the last checkpoint. */
  isDirty: boolean;
}

/** The checkpoint of the store when it belongs to this log, else undefined and the store is emptied: it is about another log. */
export async function checkedCheckpoint(
  log: EventLog,
  store: ReadModelStore,
): Promise<Checkpoint | undefined> {
  const checkpoint = store.checkpoint();
  if (checkpoint === undefined) return undefined;
  if ((await hashAt(log, checkpoint.position)) === checkpoint.hash) return checkpoint;
  store.clear();
  return undefined;
}

/** Position of the store's checkpoint when it belongs to this log; changes nothing. */
export async function checkedPosition(log: EventLog, store: ReadModelStore): Promise<number | undefined> {
  const checkpoint = store.checkpoint();
  const isOfLog = checkpoint !== undefined && (await hashAt(log, checkpoint.position)) === checkpoint.hash;
  return isOfLog ? checkpoint.position : undefined;
}

const hashAt = async (log: EventLog, position: number): Promise<string | undefined> =>
  (await factAtPosition(log, position))?.hash;

/** The log's hash of the host's fact at this revision; undefined when it has none. */
export const hashOf = async (log: EventLog, host: string, revision: number): Promise<string | undefined> =>
  (await factAt(log, streamOf(host), revision))?.hash;

/** Folds what the log holds at this moment beyond the store's checkpoint. */
export class CatchUp {
  readonly #log: EventLog;
  readonly #store: ReadModelStore;
  readonly #checkpointInterval: number;
  readonly #foldings = new Map<string, Folding>();
  /** By the stream number of the pages; null = no host's stream. */
  readonly #byNumber = new Map<number, Folding | null>();
  #numbering: PackedPage['streamName'] | undefined;
  readonly #dirty: Folding[] = [];
  #snapshots: PackedState[] = [];
  /** States that were taken from the store since the last checkpoint. */
  #loaded: StoredState[] = [];
  #from: Checkpoint | undefined;

  constructor(log: EventLog, store: ReadModelStore, checkpointInterval: number) {
    this.#log = log;
    this.#store = store;
    this.#checkpointInterval = checkpointInterval;
  }

  /**
   * Resolves when done, with the position of the checkpoint. Throws `CannotFold` for a log that this version cannot read; the store then
   * holds the checkpoint before that fact.
   */
  async run(onProgress?: (progress: Progress) => void): Promise<number> {
    this.#from = await checkedCheckpoint(this.#log, this.#store);
    const start = this.#from?.position ?? 0;
    const end = await this.#log.lastPosition();
    const startedAt = performance.now();
    let pending = 0;
    let position = start;
    for await (const page of readFacts(this.#log, { after: start, upTo: end })) {
      // A service has others to answer meanwhile.
      await setImmediate();
      pending += this.#foldPage(page);
      position = page.lastPosition;
      if (pending < this.#checkpointInterval && this.#dirty.length < MAX_DIRTY_HOSTS) continue;
      await this.#checkpoint(position);
      pending = 0;
      const done = position - start;
      onProgress?.({ done, total: end - start, perSecond: (done * 1000) / (performance.now() - startedAt) });
    }
    if (pending > 0) await this.#checkpoint(position);
    const done = end - start;
    onProgress?.({ done, total: done, perSecond: (done * 1000) / (performance.now() - startedAt) });
    return position;
  }

  /** Folds the page's facts and says how many there were. */
  #foldPage(page: PackedPage): number {
    if (page.streamName !== this.#numbering) {
      this.#byNumber.clear();
      this.#numbering = page.streamName;
    }
    let count = 0;
    let number = -1;
    let folding: Folding | null = null;
    for (const fact of packedFacts(page)) {
      count++;
      if (fact.stream !== number) {
        number = fact.stream;
        folding = this.#foldingOf(number, page);
      }
      if (folding === null) continue;
      applyFact(folding.state, fact);
      if (!folding.isDirty) {
        folding.isDirty = true;
        this.#dirty.push(folding);
      }
      if ((fact.revision + 1) % SNAPSHOT_INTERVAL === 0)
        this.#snapshots.push(packState(folding.host, folding.state));
    }
    return count;
  }

  #foldingOf(number: number, page: PackedPage): Folding | null {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const host = hostOf(page.streamName(number));
    const folding = host === undefined ? null : (this.#foldings.get(host) ?? this.#load(host));
    this.#byNumber.set(number, folding);
    return folding;
  }

  #load(host: string): Folding {
    const stored = this.#store.state(host);
    // Read after the state: if another process had moved both, the checkpoint would tell.
    if (!sameCheckpoint(this.#store.checkpoint(), this.#from)) throw new Overtaken();
    const state = stored === undefined ? new HostState() : readSnapshot(stored);
    if (state === undefined) throw new UnreadableStore(host);
    if (stored !== undefined) this.#loaded.push(stored);
    const folding = { host, state, isDirty: false };
    this.#foldings.set(host, folding);
    return folding;
  }

  async #checkpoint(position: number): Promise<void> {
    const hash = await hashAt(this.#log, position);
    if (hash === undefined) throw new Error(`the log has no fact at position ${position} any more`);
    const to = { position, hash };
    await this.#checkLoaded();
    const states = await this.#sealed(this.#dirty.map(({ host, state }) => packState(host, state)));
    const snapshots = await this.#sealed(this.#snapshots);
    if (!this.#store.save({ from: this.#from, to, states, snapshots })) throw new Overtaken();
    this.#from = to;
    this.#snapshots = [];
    // A log of hosts that all go on needs their states again; one that was written host by host does not, and they are large.
    for (const [host, { isDirty }] of this.#foldings) if (!isDirty) this.#foldings.delete(host);
    this.#byNumber.clear();
    for (const folding of this.#dirty) folding.isDirty = false;
    this.#dirty.length = 0;
  }

  /** Nothing is built on a state of another log. Done here, as pages are folded without a pause. */
  async #checkLoaded(): Promise<void> {
    const loaded = this.#loaded;
    this.#loaded = [];
    const hashes = await this.#hashesOf(loaded);
    for (const [index, { host, hash }] of loaded.entries())
      if (hashes[index] !== hash) throw new UnreadableStore(host);
  }

  async #sealed(states: readonly PackedState[]): Promise<readonly StoredState[]> {
    const hashes = await this.#hashesOf(states);
    return states.map((state, index) => sealState(state, hashes[index] ?? ''));
  }

  async #hashesOf(
    places: readonly { readonly host: string; readonly revision: number }[],
  ): Promise<readonly (string | undefined)[]> {
    if (!this.#store.outlivesProcess) return places.map(() => '');
    const hashes: (string | undefined)[] = [];
    for (let at = 0; at < places.length; at += HASHES_AT_ONCE) {
      const some = places.slice(at, at + HASHES_AT_ONCE);
      hashes.push(
        ...(await Promise.all(some.map(({ host, revision }) => hashOf(this.#log, host, revision)))),
      );
    }
    return hashes;
  }
}

/** Another process moved the store's checkpoint meanwhile: begin again from there. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The store holds a state that is damaged, or of another version or log: rebuild. */
export class UnreadableStore extends Error {
  override readonly name = 'UnreadableStore';
  constructor(host: string) {
    super(`damaged (the state of host ${host} is not the one that was kept)`);
  }
}

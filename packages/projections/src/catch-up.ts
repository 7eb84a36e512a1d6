/**
 * Folding the log into a store, from its checkpoint to the log's end.
 *
 * What is stored is a function of the log alone: snapshots are taken at round revisions, states and checkpoint belong to one position.
 * Neither when it was folded, nor in how many pieces, nor how often it was killed leaves a trace.
 */
import { setImmediate } from 'node:timers/promises';
import { type EventLog, type PackedPage, packedFacts } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import { HostState } from '@apledger/host';
import { readFacts } from './facts.ts';
import { applyFact } from './fold.ts';
import { readSnapshot, takeSnapshot } from './snapshot.ts';
import { type Checkpoint, type ReadModelStore, type StoredState, sameCheckpoint } from './store.ts';

/** A host's state is kept every so many of its facts; going back to any moment folds at most one fact less. */
const SNAPSHOT_INTERVAL = 2000;
/** Facts folded between two checkpoints, about (a page more or less): what a kill can cost. */
export const CHECKPOINT_INTERVAL = 50_000;
/** Hosts changed between two checkpoints, and hosts whose states stay in memory beyond one, at most: a page more or less. */
const MAX_DIRTY_HOSTS = 10_000;
const MAX_RESIDENT_HOSTS = 20_000;

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

async function hashAt(log: EventLog, position: number): Promise<string | undefined> {
  for await (const fact of log.readAll({ after: position - 1, upTo: position })) return fact.hash;
  return undefined;
}

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
  #snapshots: StoredState[] = [];
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
      if ((fact.revision + 1) % SNAPSHOT_INTERVAL === 0) this.#snapshots.push(stateOf(folding));
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
    const state = stored === undefined ? new HostState() : readSnapshot(stored.bytes);
    if (state === undefined) throw new UnreadableStore(host);
    const folding = { host, state, isDirty: false };
    this.#foldings.set(host, folding);
    return folding;
  }

  async #checkpoint(position: number): Promise<void> {
    const hash = await hashAt(this.#log, position);
    if (hash === undefined) throw new Error(`the log has no fact at position ${position} any more`);
    const to = { position, hash };
    const states = this.#dirty.map(stateOf);
    if (!this.#store.save({ from: this.#from, to, states, snapshots: this.#snapshots }))
      throw new Overtaken();
    this.#from = to;
    this.#snapshots = [];
    for (const folding of this.#dirty) folding.isDirty = false;
    this.#dirty.length = 0;
    if (this.#foldings.size <= MAX_RESIDENT_HOSTS) return;
    this.#foldings.clear();
    this.#byNumber.clear();
  }
}

const stateOf = ({ host, state }: Folding): StoredState => ({
  host,
  revision: state.revision,
  bytes: takeSnapshot(state),
});

/** Another process moved the store's checkpoint meanwhile: begin again from there. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** The store holds a state of another version, or a damaged one: rebuild. */
export class UnreadableStore extends Error {
  override readonly name = 'UnreadableStore';
  constructor(host: string) {
    super(`the stored state of host ${host} cannot be read`);
  }
}

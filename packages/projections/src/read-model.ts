/** Asking about hosts as of any moment: nearest stored state, and the few facts after it. */
import type { EventLog, Moment } from '@apledger/event-log';
import { type Fact, hostOf, streamOf } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { CacheUnusable } from './cache-file.ts';
import {
  CatchUp,
  CHECKPOINT_INTERVAL,
  checkedCheckpoint,
  hashOf,
  Overtaken,
  type Progress,
  UnreadableStore,
} from './catch-up.ts';
import { foldStream } from './facts.ts';
import { readSnapshot } from './snapshot.ts';
import type { ReadModelStore, StoredState } from './store.ts';
import { type HostView, viewOf } from './view.ts';

/** Processes that share a store overtake each other; one that never gets through has met something else. */
const MAX_OVERTAKEN = 100;

export interface ReadModel {
  /**
   * Folds what the log holds beyond the checkpoint, and keeps it. Calls at the same time share one run. Resolves with the position
   * reached. Needed by nobody to get right answers, only to get them fast.
   */
  catchUp(options?: { readonly onProgress?: (progress: Progress) => void }): Promise<number>;
  /** Forgets everything that is stored and folds the whole log again. */
  rebuild(options?: { readonly onProgress?: (progress: Progress) => void }): Promise<number>;
  /** The host at the moment; undefined when it was not registered then. */
  hostAt(host: string, moment: Moment): Promise<HostView | undefined>;
  /** The host as the log has it now, whether or not the read model has caught up. */
  now(host: string): Promise<HostView | undefined>;
  /** The host's state after a revision, the caller's own; without any fact below 0. */
  stateAt(host: string, revision: number): Promise<HostState>;
  /**
   * The host after a revision, and as it would be if these facts followed: both as of that revision. Nothing is kept. Undefined when the
   * host was not registered then.
   */
  supposing(host: string, revision: number, facts: readonly Fact[]): Promise<Supposed | undefined>;
  /** Names of all hosts that have a stream, sorted. */
  hosts(): Promise<readonly string[]>;
  /** Whether the next process finds what this one has folded. */
  readonly isKept: boolean;
  /** Closes the store; the log stays open. */
  close(): void;
}

interface Supposed {
  readonly before: HostView;
  readonly after: HostView;
}

export interface ReadModelOptions {
  readonly log: EventLog;
  readonly store: ReadModelStore;
  /** Facts between two checkpoints; 50,000 by default. */
  readonly checkpointInterval?: number;
}

/** Opens a read model of the log. A store that is about another log is emptied. */
export async function openReadModel(options: ReadModelOptions): Promise<ReadModel> {
  await checkedCheckpoint(options.log, options.store);
  return new LogReadModel(options);
}

/** A read model over a store that is known to be about this log: for a log that cannot be asked what it holds. */
export const readModelOf = (log: EventLog, store: ReadModelStore): ReadModel =>
  new LogReadModel({ log, store }, true);

class LogReadModel implements ReadModel {
  readonly #log: EventLog;
  readonly #store: ReadModelStore;
  readonly #checkpointInterval: number;
  /** States are not compared with the log. */
  readonly #isTrusted: boolean;
  #running: Promise<number> | undefined;

  constructor({ log, store, checkpointInterval = CHECKPOINT_INTERVAL }: ReadModelOptions, isTrusted = false) {
    this.#isTrusted = isTrusted;
    this.#log = log;
    this.#store = store;
    this.#checkpointInterval = checkpointInterval;
  }

  get isKept(): boolean {
    return this.#store.outlivesProcess;
  }

  catchUp(options: { readonly onProgress?: (progress: Progress) => void } = {}): Promise<number> {
    this.#running ??= this.#catchUp(options.onProgress).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async rebuild(options: { readonly onProgress?: (progress: Progress) => void } = {}): Promise<number> {
    await this.#running?.catch(() => {});
    this.#store.clear();
    return this.catchUp(options);
  }

  async hostAt(host: string, moment: Moment): Promise<HostView | undefined> {
    const revision = await this.#log.revisionAt(streamOf(host), moment);
    return revision < 0 ? undefined : this.#at(host, revision);
  }

  async now(host: string): Promise<HostView | undefined> {
    const head = await this.#log.head(streamOf(host));
    return head === undefined ? undefined : this.#at(host, head.revision);
  }

  async supposing(host: string, revision: number, facts: readonly Fact[]): Promise<Supposed | undefined> {
    const state = await this.stateAt(host, revision);
    const before = viewOf(host, state);
    for (const fact of facts) evolve(state, fact);
    const after = viewOf(host, state);
    return before && after && { before, after };
  }

  async hosts(): Promise<readonly string[]> {
    const heads = await this.#log.heads();
    return heads.flatMap(({ stream }) => hostOf(stream) ?? []).sort();
  }

  close(): void {
    this.#store.close();
  }

  async #at(host: string, revision: number): Promise<HostView | undefined> {
    return viewOf(host, await this.stateAt(host, revision));
  }

  async stateAt(host: string, revision: number): Promise<HostState> {
    return foldStream(this.#log, host, await this.#nearest(host, revision), revision);
  }

  /** The latest sound state that is stored at or before the revision; an empty one when there is none. */
  async #nearest(host: string, revision: number): Promise<HostState> {
    const latest = this.#store.state(host);
    const candidates: (StoredState | undefined)[] = [
      latest !== undefined && latest.revision <= revision ? latest : undefined,
      this.#store.snapshotAt(host, revision),
    ];
    for (const candidate of candidates) {
      if (candidate === undefined) continue;
      const state = candidate.host === host ? readSnapshot(candidate) : undefined;
      if (state !== undefined && (await this.#isOfLog(candidate))) return state;
      this.#distrust(host);
      break;
    }
    return new HostState();
  }

  #distrust(host: string): void {
    try {
      this.#store.distrust(new UnreadableStore(host).message);
    } catch (error) {
      // What cannot be set aside is met again, and passed over again.
      if (!(error instanceof CacheUnusable)) throw error;
    }
  }

  async #isOfLog({ host, revision, hash }: StoredState): Promise<boolean> {
    return (
      this.#isTrusted || !this.#store.outlivesProcess || (await hashOf(this.#log, host, revision)) === hash
    );
  }

  async #catchUp(onProgress?: (progress: Progress) => void): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await new CatchUp(this.#log, this.#store, this.#checkpointInterval).run(onProgress);
      } catch (error) {
        if (error instanceof UnreadableStore && attempt < MAX_OVERTAKEN) this.#store.distrust(error.message);
        else if (!(error instanceof Overtaken) || attempt >= MAX_OVERTAKEN) throw error;
      }
    }
  }
}

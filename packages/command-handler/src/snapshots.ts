/**
 * Where deciding begins: a host's state after a revision, kept so that nobody has to fold a long stream from its first fact.
 *
 * A snapshot is a cache and a function of the log alone: without it the same is decided, later. It counts only when this version of
 * the rules wrote it, and when the log's fact at its revision has the hash that it had then; any other is dropped.
 */
import { type HostState, STATE_VERSION } from '@apledger/driver';
import type { EventLog } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { stateFromBytes, stateToBytes } from './state-bytes.ts';

/** A host's state after the fact of this revision. */
export interface Snapshot {
  readonly host: string;
  readonly revision: number;
  /** Of the fact at that revision: another log has another one there. */
  readonly hash: string;
  /** `STATE_VERSION` of whoever wrote it. */
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** The port. Everything may be forgotten at any time. */
export interface SnapshotStore {
  /** The host's snapshot of the highest revision that is not above `revision`. */
  load(host: string, revision: number): Promise<Snapshot | undefined>;
  /** Throws what the store throws when it cannot keep it. */
  save(snapshot: Snapshot): Promise<void>;
  /** Forgets a snapshot that nobody can use. */
  drop(host: string, revision: number): Promise<void>;
}

/** A host as of a revision. */
export interface KnownHost {
  /** Undefined while it is not registered. */
  readonly state: HostState | undefined;
  /** Of the last fact that counts, -1 before the first. */
  readonly revision: number;
  /** Of the last snapshot on the way here, -1 for none. */
  readonly kept: number;
}

export const UNKNOWN: KnownHost = { state: undefined, revision: -1, kept: -1 };

/** Facts between two snapshots of a host: what folding costs at most, about 25 ms. */
const INTERVAL = 1000;
/** The same at the end of a process: fewer are folded again faster than a snapshot of them is read. */
const LAST_INTERVAL = 100;

export interface SnapshotsOptions {
  readonly log: EventLog;
  readonly store: SnapshotStore;
  /** Told of what could not be kept. */
  readonly report: (message: string) => void;
  readonly interval?: number;
}

export class Snapshots {
  readonly #log: EventLog;
  readonly #store: SnapshotStore;
  readonly #report: (message: string) => void;
  readonly #interval: number;
  /** The latest of each host that is to be kept. */
  readonly #waiting = new Map<string, KnownHost>();
  #saving: Promise<void> | undefined;

  constructor({ log, store, report, interval = INTERVAL }: SnapshotsOptions) {
    this.#log = log;
    this.#store = store;
    this.#report = report;
    this.#interval = interval;
  }

  /** The host as of the nearest usable snapshot at or before the revision; UNKNOWN when there is none. */
  async nearest(host: string, revision: number): Promise<KnownHost> {
    for (let upTo = revision; ; ) {
      const snapshot = await this.#store.load(host, upTo);
      if (snapshot === undefined) return UNKNOWN;
      const state = await this.#read(snapshot);
      if (state !== undefined) return { state, revision: snapshot.revision, kept: snapshot.revision };
      await this.#store.drop(host, snapshot.revision);
      upTo = snapshot.revision - 1;
    }
  }

  /** Keeps the host in the background when it is time to; the result says so. */
  offer(host: string, known: KnownHost): KnownHost {
    return known.revision - known.kept < this.#interval ? known : this.#keep(host, known);
  }

  /** Keeps the host in the background if it is worth it: it is about to be forgotten. */
  retire(host: string, known: KnownHost): void {
    const interval = Math.min(this.#interval, LAST_INTERVAL);
    if (known.revision - known.kept >= interval) this.#keep(host, known);
  }

  /** Keeps what is worth it of these hosts; resolves when nothing is written any more. */
  async close(hosts: Iterable<readonly [string, KnownHost]>): Promise<void> {
    for (const [host, known] of hosts) this.retire(host, known);
    await this.#saving;
  }

  #keep(host: string, known: KnownHost): KnownHost {
    this.#waiting.set(host, known);
    this.#saving ??= this.#save();
    return { ...known, kept: known.revision };
  }

  async #save(): Promise<void> {
    // A map's iterator comes by what is added meanwhile.
    for (const [host, { state, revision }] of this.#waiting) {
      this.#waiting.delete(host);
      try {
        const hash = await this.#hashAt(host, revision);
        if (hash === undefined || state === undefined) continue;
        const bytes = await stateToBytes(state);
        await this.#store.save({ host, revision, hash, version: STATE_VERSION, bytes });
      } catch (error) {
        const reason = error instanceof Error ? error.message : error;
        this.#report(`the state of host ${host} at revision ${revision} could not be kept: ${reason}`);
      }
    }
    this.#saving = undefined;
  }

  async #read({ host, revision, hash, version, bytes }: Snapshot): Promise<HostState | undefined> {
    if (version !== STATE_VERSION || hash !== (await this.#hashAt(host, revision))) return undefined;
    return stateFromBytes(bytes);
  }

  async #hashAt(host: string, revision: number): Promise<string | undefined> {
    for await (const fact of this.#log.readStream(streamOf(host), { from: revision, to: revision }))
      return fact.hash;
    return undefined;
  }
}

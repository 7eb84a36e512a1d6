/** Where a read model keeps what it can always rebuild: the port, and the store in memory. */

/** How far the log was folded. The hash is that of the fact at the position: another log has another one. */
export interface Checkpoint {
  readonly position: number;
  readonly hash: string;
}

/** A host's state after the fact of this revision, as `sealState` made it. */
export interface StoredState {
  readonly host: string;
  readonly revision: number;
  /** The log's, of the fact at this revision; empty in a store that no other log can have written. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** One step of catching up; all of it is kept, or nothing. */
export interface Batch {
  /** The checkpoint that this step began from, undefined for an empty store. */
  readonly from: Checkpoint | undefined;
  readonly to: Checkpoint;
  /** Every host that changed, as of the new checkpoint. */
  readonly states: readonly StoredState[];
  /** States at round revisions, kept for ever. */
  readonly snapshots: readonly StoredState[];
}

/** What a store has. */
export interface Kept {
  readonly states: readonly Pick<StoredState, 'host' | 'revision'>[];
  readonly snapshots: readonly Pick<StoredState, 'host' | 'revision'>[];
}

/** The port. Calls are synchronous: a store is a local cache, and the fold waits for it anyway. */
export interface ReadModelStore {
  /** What is kept may come from elsewhere, and is checked against the log. False for a store in memory. */
  readonly outlivesProcess: boolean;
  checkpoint(): Checkpoint | undefined;
  /** The state of a host as of the checkpoint. */
  state(host: string): StoredState | undefined;
  /** The host's snapshot of the highest revision that is not above `revision`. */
  snapshotAt(host: string, revision: number): StoredState | undefined;
  /** Everything that is kept, by host and revision, without its bytes. */
  kept(): Kept;
  /** Keeps the batch; false, and nothing is kept, when the store's checkpoint is not `batch.from`: somebody else was here. */
  save(batch: Batch): boolean;
  /** Forgets everything. */
  clear(): void;
  /** Something that was kept is not what was written: nothing of the store is used any more, and it begins anew. */
  distrust(reason: string): void;
  close(): void;
}

/** Whether both say the same. */
export const sameCheckpoint = (a: Checkpoint | undefined, b: Checkpoint | undefined): boolean =>
  a?.position === b?.position && a?.hash === b?.hash;

/** A store that lives as long as the process. */
export function memoryStore(): ReadModelStore {
  let checkpoint: Checkpoint | undefined;
  const states = new Map<string, StoredState>();
  const snapshots = new Map<string, StoredState[]>();
  const clear = (): void => {
    checkpoint = undefined;
    states.clear();
    snapshots.clear();
  };
  return {
    outlivesProcess: false,
    checkpoint: () => checkpoint,
    state: (host) => states.get(host),
    snapshotAt: (host, revision) => snapshots.get(host)?.findLast((stored) => stored.revision <= revision),
    kept: () => ({ states: [...states.values()], snapshots: [...snapshots.values()].flat() }),
    save(batch) {
      if (!sameCheckpoint(checkpoint, batch.from)) return false;
      for (const state of batch.states) states.set(state.host, state);
      for (const snapshot of batch.snapshots) {
        const kept = snapshots.get(snapshot.host) ?? [];
        kept.push(snapshot);
        snapshots.set(snapshot.host, kept);
      }
      checkpoint = batch.to;
      return true;
    },
    clear,
    distrust: clear,
    close() {},
  };
}

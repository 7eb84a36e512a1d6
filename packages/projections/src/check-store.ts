/**
 * Is what a store keeps what the log makes? Folds the log once more up to the store's checkpoint and compares every state and snapshot: a
 * checksum shows damage, and anyone who forges a state forges its checksum with it.
 */
import { type EventLog, type Problem, packedFacts } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { HostState } from '@apledger/host';
import { checkedPosition, hashOf, SNAPSHOT_INTERVAL } from './catch-up.ts';
import { readFacts } from './facts.ts';
import { applyFact } from './fold.ts';
import { readSnapshot } from './snapshot.ts';
import type { ReadModelStore, StoredState } from './store.ts';

/**
 * Yields the position reached; returns what differs, one problem for each state or snapshot. A store of another log has no problems: it is
 * emptied when it is opened. Throws `CannotFold` and LogError.
 */
export async function* checkStore(
  log: EventLog,
  store: ReadModelStore,
): AsyncGenerator<number, readonly Problem[], undefined> {
  const position = await checkedPosition(log, store);
  if (position === undefined) return [];
  const check = new Check(log, store);
  for await (const page of readFacts(log, { upTo: position })) {
    for (const fact of packedFacts(page)) {
      const host = hostOf(page.streamName(fact.stream));
      if (host === undefined) continue;
      const state = check.stateOf(host);
      applyFact(state, fact);
      if ((fact.revision + 1) % SNAPSHOT_INTERVAL === 0) await check.snapshot(host, state);
    }
    yield page.lastPosition;
  }
  return check.finish();
}

class Check {
  readonly #log: EventLog;
  readonly #store: ReadModelStore;
  readonly #states = new Map<string, HostState>();
  readonly #snapshots = new Set<string>();
  readonly #problems: Problem[] = [];

  constructor(log: EventLog, store: ReadModelStore) {
    this.#log = log;
    this.#store = store;
  }

  stateOf(host: string): HostState {
    const known = this.#states.get(host);
    if (known !== undefined) return known;
    const state = new HostState();
    this.#states.set(host, state);
    return state;
  }

  /** One that is missing does no harm. */
  async snapshot(host: string, state: HostState): Promise<void> {
    const stored = this.#store.snapshotAt(host, state.revision);
    if (stored?.revision !== state.revision) return;
    this.#snapshots.add(`${host} ${state.revision}`);
    await this.#compare('snapshot', host, stored, state);
  }

  async finish(): Promise<readonly Problem[]> {
    const { states, snapshots } = this.#store.kept();
    for (const { host, revision } of states) {
      const state = this.#states.get(host);
      const stored = this.#store.state(host);
      if (state === undefined || stored === undefined) this.#report('state', host, revision);
      else await this.#compare('state', host, stored, state);
    }
    for (const { host, revision } of snapshots)
      if (!this.#snapshots.has(`${host} ${revision}`)) this.#report('snapshot', host, revision);
    return this.#problems;
  }

  async #compare(what: string, host: string, stored: StoredState, state: HostState): Promise<void> {
    const kept = stored.host === host ? readSnapshot(stored) : undefined;
    const isSame =
      kept !== undefined &&
      Buffer.compare(kept.toBytes(), state.toBytes()) === 0 &&
      (!this.#store.outlivesProcess || (await hashOf(this.#log, host, state.revision)) === stored.hash);
    if (!isSame) this.#report(what, host, stored.revision);
  }

  #report(what: string, host: string, revision: number): void {
    const problem = `the read model's ${what} is not what the log makes of these facts: apledger rebuild makes it again`;
    this.#problems.push({ stream: streamOf(host), revision, position: 0, problem });
  }
}

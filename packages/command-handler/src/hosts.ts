/** The hosts as this process knows them: each brought up to date when it is asked for, and one write at a time for each. */
import { type Appended, type EventLog, InTurn, type NewFact, settled } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { evolvePacked, HostState } from '@apledger/host';
import { foldStream } from '@apledger/projections';
import { LRUCache } from 'lru-cache';

/** Who knows hosts as of any revision: a read model. */
export interface States {
  /** The host's state after a revision, the caller's own; without any fact below 0. */
  stateAt(host: string, revision: number): Promise<HostState>;
}

/** Reads each host from its first fact on. */
export const wholeStreams = (log: EventLog): States => ({
  stateAt: (host, revision) => foldStream(log, host, new HostState(), revision),
});

export class Hosts {
  readonly #log: EventLog;
  readonly #states: States;
  /** In the order of their last use. */
  readonly #known: LRUCache<string, HostState>;
  /**
   * One write at a time for each host. To decide the next one before the last is durable would be faster, but
   * if another process wins the race, a revision number alone could not tell its facts from the expected ones.
   */
  readonly #turns = new Map<string, InTurn>();

  /** `max`: states kept in memory. */
  constructor(log: EventLog, states: States, max: number) {
    this.#log = log;
    this.#states = states;
    this.#known = new LRUCache({ max });
  }

  /** What this process knows of the host, after reading what it does not know yet. Facts change it in place: who keeps it forks it. */
  async load(host: string): Promise<HostState> {
    const known = this.#known.get(host);
    const head = await this.#log.head(streamOf(host));
    if (head === undefined) return known ?? new HostState();
    if (head.revision === known?.revision) return this.#know(host, known);
    const state =
      known === undefined
        ? await this.#states.stateAt(host, head.revision)
        : await foldStream(this.#log, host, known.fork(), head.revision);
    return this.#know(host, state);
  }

  /** The host after a revision; the caller's own. */
  async at(host: string, revision: number): Promise<HostState> {
    const known = this.#known.get(host);
    return known !== undefined && known.revision <= revision
      ? foldStream(this.#log, host, known.fork(), revision)
      : this.#states.stateAt(host, revision);
  }

  /** The host after a revision, without what this process knows; the caller's own. */
  before(host: string, revision: number): Promise<HostState> {
    return this.#states.stateAt(host, revision);
  }

  /** The facts are durable: what is known of the host follows them. */
  advance(
    host: string,
    state: HostState,
    facts: readonly NewFact[],
    { lastRevision, lastPosition }: Appended,
  ): void {
    for (const { packed } of facts) evolvePacked(state, packed, 0, packed.length);
    const before = state.revision < 0 ? '' : new Date(state.occurredAt).toISOString();
    const occurredAt = settled(before, facts.at(-1)?.occurredAt ?? '');
    state.place(lastRevision, lastPosition, Date.parse(occurredAt));
    this.#know(host, state);
  }

  forget(host: string): void {
    this.#known.delete(host);
  }

  async inTurn<T>(host: string, work: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(host) ?? new InTurn();
    this.#turns.set(host, turns);
    try {
      return await turns.run(work);
    } finally {
      if (turns.waiting === 0) this.#turns.delete(host);
    }
  }

  #know(host: string, state: HostState): HostState {
    // Who asked at the same time may have read further.
    if (state.revision < (this.#known.get(host)?.revision ?? -1)) return state;
    this.#known.set(host, state);
    return state;
  }
}

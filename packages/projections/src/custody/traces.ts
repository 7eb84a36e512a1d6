/**
 * The traces of hosts, kept from one question to the next: a question reads only what has come since the last one. Those that were
 * asked for longest ago are forgotten when all take too much.
 */
import { setImmediate } from 'node:timers/promises';
import { type Apqn, apidOf, apqiOf, has } from '@apledger/ap';
import { type EventLog, packedFacts } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { HostState, type Mdev, queuesOf } from '@apledger/host';
import { foldStream, readFacts } from '../facts.ts';
import type { Headers } from './facts-behind.ts';
import { Trace } from './trace.ts';

/** A host of a million facts and 1,360 queues has about 60 MB. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface TracesOptions {
  readonly log: EventLog;
  /** The host's state after a revision, the caller's own. Default: folded from its first fact. */
  readonly stateAt?: (host: string, revision: number) => Promise<HostState>;
  /** Finds the facts at boundaries without reading the log. */
  readonly headers?: Headers | undefined;
  readonly maxBytes?: number;
}

/** A host after a revision. */
export interface HostEnd {
  readonly driver: HostState['driver'] | null;
  /** In the order of creation. */
  readonly mdevs: readonly Mdev[];
  readonly position: number;
  /** An agent watches it: each commit says when it can have happened, and by what evidence. */
  readonly isObserved: boolean;
  /** Whether the bus shows a queue. */
  hasQueue(queue: Apqn): boolean;
}

/** A trace that reaches at least to a revision, and how the host was after that. */
interface Traced {
  readonly trace: Trace;
  readonly end: HostEnd;
}

export class Traces {
  readonly log: EventLog;
  readonly headers: Headers | undefined;
  readonly #stateAt: NonNullable<TracesOptions['stateAt']>;
  readonly #maxBytes: number;
  /** Those asked for last stand last. */
  readonly #traces = new Map<string, Promise<Trace>>();
  readonly #sizes = new Map<string, number>();

  constructor({ log, stateAt, headers, maxBytes = MAX_BYTES }: TracesOptions) {
    this.log = log;
    this.headers = headers;
    this.#stateAt = stateAt ?? ((host, revision) => foldStream(log, host, new HostState(), revision));
    this.#maxBytes = maxBytes;
  }

  /** Throws `CannotFold` for a log that this version cannot read. */
  async upTo(host: string, revision: number): Promise<Traced> {
    const before = this.#traces.get(host) ?? Promise.resolve(new Trace());
    // One after the other: each goes on where the one before ended.
    const extended = before.then((trace) => this.#extend(host, trace, revision));
    this.#traces.delete(host);
    this.#traces.set(host, extended);
    try {
      const trace = await extended;
      this.#sizes.set(host, trace.byteLength);
      this.#forget(host);
      // In one turn with the look at its revision: the next question may take the trace's state further.
      if (trace.state.revision === revision) return { trace, end: endOf(trace.state) };
      const state = revision < 0 ? new HostState() : await this.#stateAt(host, revision);
      return { trace, end: endOf(state) };
    } catch (error) {
      this.#traces.delete(host);
      throw error;
    }
  }

  async #extend(host: string, trace: Trace, revision: number): Promise<Trace> {
    const { revision: known } = trace.state;
    if (revision <= known) return trace;
    for await (const page of readFacts(this.log, { stream: streamOf(host), from: known + 1, to: revision })) {
      for (const fact of packedFacts(page)) trace.apply(fact);
      await setImmediate(); // others have questions meanwhile
    }
    return trace;
  }

  #forget(besides: string): void {
    let total = 0;
    for (const size of this.#sizes.values()) total += size;
    for (const host of this.#traces.keys()) {
      if (total <= this.#maxBytes) return;
      if (host === besides) continue;
      total -= this.#sizes.get(host) ?? 0;
      this.#sizes.delete(host);
      this.#traces.delete(host);
    }
  }
}

const endOf = (state: HostState): HostEnd => ({
  driver: state.isRegistered ? state.driver : null,
  mdevs: [...state.mdevs.values()],
  position: state.position,
  isObserved: state.agentEpoch > 0,
  hasQueue: queuesOn(state),
});

/** A copy of which queues there are: the state may be taken further. */
function queuesOn(state: HostState): (queue: Apqn) => boolean {
  const rows = new Map([...state.cards.keys()].map((adapter) => [adapter, queuesOf(state, adapter)]));
  return (queue) => {
    const row = rows.get(apidOf(queue));
    return row !== undefined && has(row, apqiOf(queue));
  };
}

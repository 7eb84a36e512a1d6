/** What an observer needs and gives: the interfaces between it, the spool, and who finds out the actor. */
import { type Evidence, type Fact, type FactOf, UNATTRIBUTED } from '@apledger/events';
import type { HostState } from '@apledger/host';

/** The span of time in which something happened. Instants as in facts, ISO 8601 in UTC. */
export interface Interval {
  /** The host was last seen without it; null = it was never seen before. */
  readonly notBefore: string | null;
  /** The host was first seen with it. */
  readonly notAfter: string;
}

/** What a change touched, for whom to ask about it. */
export interface Subject {
  /** Files that were written or would have been, below the root of sysfs: `bus/ap/apmask`. */
  readonly files: readonly string[];
  /** UUIDs. */
  readonly mdevs: readonly string[];
}

/** What tells who caused something. */
export interface Testimony {
  readonly certainty: FactOf<'HostObserved'>['data']['certainty'];
  readonly evidence: readonly Evidence[];
  /** Whom the evidence names, if exactly one; else `unattributed`. */
  readonly actor: string;
}

/** Nothing tells who did it. */
export const NOBODY: Testimony = { certainty: 'none', evidence: [], actor: UNATTRIBUTED };

/** Asks all sources of evidence who did something. */
export interface Witness {
  evidenceFor(interval: Interval, about: Subject): Promise<Testimony>;
}

/** A commit before the spool has numbered it. */
export interface DraftCommit extends Interval, Testimony {
  /** Boot id of the kernel that was observed. */
  readonly boot: string;
  /** The time of the watch event, where one lies in the interval; else `notAfter`. */
  readonly occurredAt: string;
  /** False: the host did not stand still for long enough to be read whole. */
  readonly settled: boolean;
  /** The agent did not run in between. */
  readonly wasAway: boolean;
  /** Without the HostObserved that goes before them; see `factsOf`. */
  readonly facts: readonly Fact[];
}

/** The host as an observer knows it; what it needs to go on after a restart. */
export interface Known {
  /** The host after all commits so far. */
  readonly state: HostState;
  /** When the host was last seen so; null = never. */
  readonly seenAt: string | null;
  /** Boot id of the kernel that was seen; null = none was. */
  readonly boot: string | null;
}

/** Takes what was observed; the spool. */
export interface Sink {
  /**
   * Resolves when the commits are safe, all or none, in this order. `known` is the host after them: who keeps it keeps it together with
   * them. From time to time there are no commits: the host was seen, and nothing was new.
   */
  record(commits: readonly DraftCommit[], known: Known): Promise<void>;
}

/** What can be asked to look at the host at once: tests and the writer do. */
export interface Looker {
  /** Resolves when everything that is seen from now on, and what was seen before, is recorded. */
  look(): Promise<void>;
}

/**
 * The facts of the commit that is made of a draft. `sequence` counts the commits of the epoch from 1. HostObserved is the first, but for
 * the commit that makes the host: a stream begins with HostRegistered.
 */
export function factsOf(draft: DraftCommit, epoch: number, sequence: number): readonly Fact[] {
  const { boot, notBefore, notAfter, settled, wasAway, certainty, evidence, facts } = draft;
  const observed: FactOf<'HostObserved'> = {
    type: 'HostObserved',
    data: {
      epoch,
      sequence,
      boot,
      notBefore,
      notAfter,
      settled,
      wasAway,
      certainty,
      evidence: [...evidence],
    },
  };
  const [first, ...rest] = facts;
  return first?.type === 'HostRegistered' ? [first, observed, ...rest] : [observed, ...facts];
}

/** What an observer needs and gives: the interfaces between it, the spool, and who finds out the actor. */
import type { Evidence, Fact, FactOf } from '@apledger/events';

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
  /** Without the HostObserved that goes before them; see `observedFact`. */
  readonly facts: readonly Fact[];
}

/** Takes what was observed; the spool. */
export interface Sink {
  /** Resolves when the commits are safe, all or none; in this order. */
  record(commits: readonly DraftCommit[]): Promise<void>;
}

/** What can be asked to look at the host at once: tests and the writer do. */
export interface Looker {
  /** Resolves when everything that is seen from now on, and what was seen before, is recorded. */
  look(): Promise<void>;
}

/** The first fact of the commit that is made of a draft. `sequence` counts the commits of the epoch from 1. */
export function observedFact(draft: DraftCommit, epoch: number, sequence: number): FactOf<'HostObserved'> {
  const { boot, notBefore, notAfter, settled, wasAway, certainty, evidence } = draft;
  return {
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
}

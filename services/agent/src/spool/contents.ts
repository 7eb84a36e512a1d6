/** What the spool holds, in memory: changed by each record, and written down whole as a `Start`. Pure. */
import type { Commit } from '@apledger/agent-protocol';
import type { Fact } from '@apledger/events';
import { evolve, HostState, STATE_VERSION } from '@apledger/host';
import type { Known } from '@apledger/observe';
import type { Begun, Dropped, KeptKnown, SpoolRecord, Start, Step } from './records.ts';

/** A commit, and how much of a message it takes. */
interface Unsent {
  readonly commit: Commit;
  readonly bytes: number;
}

export class Contents {
  epoch: number;
  last: number;
  acknowledged: number;
  known: Known;
  /** By ascending sequence. */
  unsent: Unsent[];
  readonly begun: Map<string, Begun>;
  dropped: Dropped | null;
  lost: string | null;
  trustedAfter: number | null;
  /** Of the commits that the ledger has not got. */
  unsentBytes: number;

  private constructor(start: Start, known: Known) {
    this.epoch = start.epoch;
    this.last = start.last;
    this.acknowledged = start.acknowledged;
    this.known = known;
    this.unsent = start.unsent.map(sized);
    this.begun = new Map(start.begun.map((begun) => [begun.request, begun]));
    this.dropped = start.dropped;
    this.lost = start.lost;
    this.trustedAfter = start.trustedAfter;
    this.unsentBytes = this.unsent.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** An agent that begins on what the ledger knows, as of a revision. */
  static anew(epoch: number, last: number, known: Known, revision: number): Contents {
    const empty = { unsent: [], begun: [], dropped: null, lost: null, trustedAfter: revision };
    return new Contents(
      { type: 'start', version: 1, epoch, last, acknowledged: last, known: keptOf(known), ...empty },
      known,
    );
  }

  /** Undefined where the first record is no start, or its state was kept by another version of this program. */
  static ofRecords([start, ...steps]: readonly SpoolRecord[]): Contents | undefined {
    if (start?.type !== 'start') return undefined;
    const known = knownOf(start.known);
    if (known === undefined) return undefined;
    const contents = new Contents(start, known);
    for (const step of steps) if (step.type !== 'start') contents.take(step);
    return contents;
  }

  take(step: Step): void {
    switch (step.type) {
      case 'commits':
        for (const commit of step.commits) this.#add(commit);
        this.known = { state: this.known.state, seenAt: step.seenAt, boot: step.boot };
        return;
      case 'acknowledged':
        this.acknowledged = Math.max(this.acknowledged, step.sequence);
        this.unsent = this.unsent.filter(({ commit }) => commit.sequence > step.sequence);
        this.unsentBytes = this.unsent.reduce((sum, { bytes }) => sum + bytes, 0);
        return;
      case 'begun':
        this.begun.set(step.begun.request, step.begun);
        return;
      case 'dropped':
        this.dropped = step.dropped;
        return;
      case 'trusted':
        this.trustedAfter = step.after;
        return;
      default:
        step satisfies never;
    }
  }

  /** Throws ImpossibleFact where the commits cannot follow; nothing changes. */
  check(commits: readonly Commit[]): void {
    const { state } = this.known;
    state.begin();
    try {
      for (const { facts } of commits) for (const fact of facts) evolve(state, fact);
    } finally {
      state.rollback();
    }
  }

  /**
   * What must outlast a new beginning. An outcome in the commit that the ledger has refused (`isRefused`) is no outcome: its command was
   * begun, and is settled anew.
   */
  keepOutcomes(before: Contents, open: ReadonlySet<string>, isRefused: boolean): void {
    for (const begun of before.begun.values()) this.begun.set(begun.request, begun);
    this.dropped = before.dropped;
    this.trustedAfter = before.trustedAfter;
    const refused = this.acknowledged + 1;
    for (const { commit } of before.unsent)
      for (const fact of commit.facts) {
        if (fact.type !== 'CommandSettled' || !open.has(fact.data.request)) continue;
        const { request } = fact.data;
        if (isRefused && commit.sequence === refused)
          this.begun.set(request, { request, begunAt: commit.occurredAt });
        else this.#add({ ...commit, ...onlyOutcome(commit, fact, this.last + 1) });
      }
  }

  /** Everything in one record. */
  get start(): Start {
    const { epoch, last, acknowledged, known, unsent, begun, dropped, lost, trustedAfter } = this;
    const commits = unsent.map(({ commit }) => commit);
    return {
      type: 'start',
      version: 1,
      epoch,
      last,
      acknowledged,
      known: keptOf(known),
      unsent: commits,
      begun: [...begun.values()],
      dropped,
      lost,
      trustedAfter,
    };
  }

  #add(commit: Commit): void {
    const { state } = this.known;
    for (const fact of commit.facts) {
      evolve(state, fact);
      if (fact.type === 'CommandSettled') this.begun.delete(fact.data.request);
      if (fact.type === 'ObservationsDropped') this.dropped = null;
      if (fact.type === 'ObservationIncomplete' && fact.data.reason === this.lost) this.lost = null;
    }
    const unsent = sized(commit);
    this.unsent.push(unsent);
    this.unsentBytes += unsent.bytes;
    this.last = commit.sequence;
  }
}

/** The settlement, as a commit of that sequence. */
function onlyOutcome({ facts }: Commit, settled: Fact, sequence: number): Pick<Commit, 'sequence' | 'facts'> {
  const observed = facts.flatMap((fact): Fact[] =>
    fact.type === 'HostObserved' ? [{ ...fact, data: { ...fact.data, sequence } }] : [],
  );
  return { sequence, facts: [...observed, settled] };
}

const sized = (commit: Commit): Unsent => ({ commit, bytes: Buffer.byteLength(JSON.stringify(commit)) });

const keptOf = ({ state, seenAt, boot }: Known): KeptKnown => ({
  state: Buffer.from(state.toBytes()).toString('base64'),
  stateVersion: STATE_VERSION,
  seenAt,
  boot,
});

function knownOf({ state: bytes, stateVersion, seenAt, boot }: KeptKnown): Known | undefined {
  const state = stateVersion === STATE_VERSION ? HostState.ofBytes(Buffer.from(bytes, 'base64')) : undefined;
  return state && { state, seenAt, boot };
}

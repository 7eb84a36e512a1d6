/**
 * Does what arrives continue the chain of its host? Each fact's hash covers the hash of the fact before it, so a subscriber that gets all
 * facts of a host can tell a message that somebody else has made up, unless that continues the chain rightly: who can compute that has
 * the whole envelope of the fact before, and is for the broker's permissions to keep out.
 *
 * Without the fact before (the first one that arrives, one behind a gap) nothing can be said of a single message. The first is taken, and
 * counts as confirmed when the next one fits it. One behind a gap is held until the next of its host says which of the two chains goes
 * on: so neither a made-up fact nor a real gap can hide what is real.
 */
import { canonicalEnvelope, chainHash, NO_HEAD } from '@apledger/event-log';
import type { RecordedEnvelope } from '../cloud-event.ts';

/** What becomes of an arrival: what is to be handed out, in order, and what does not fit. */
export interface Verdict<T> {
  readonly facts: readonly T[];
  readonly misfits: readonly Misfit<T>[];
}

interface Misfit<T> {
  readonly arrival: T;
  readonly reason: string;
}

interface Arrival {
  readonly recorded: RecordedEnvelope;
}

interface Chain<T> {
  head: RecordedEnvelope;
  /** A second fact has followed. */
  isConfirmed: boolean;
  /** An arrival that may be the beginning of the real chain behind a gap. */
  held: T | undefined;
}

/** The chains of the hosts that are followed whole. */
export class Chains<T extends Arrival> {
  readonly #chains = new Map<string, Chain<T>>();

  /** Whether an arrival waits for the next one of its host. */
  get isHolding(): boolean {
    return [...this.#chains.values()].some(({ held }) => held !== undefined);
  }

  take(arrival: T): Verdict<T> {
    const { recorded } = arrival;
    const chain = this.#chains.get(recorded.stream);
    if (chain === undefined) return this.#begin(arrival);
    const { head, held } = chain;
    if (follows(head, recorded)) {
      Object.assign(chain, { head: recorded, isConfirmed: true, held: undefined });
      return { facts: [arrival], misfits: held === undefined ? [] : [foreign(held, head)] };
    }
    if (isRepeated(chain, recorded)) return NOTHING;
    if (chain.isConfirmed && recorded.revision <= head.revision)
      return { facts: [], misfits: [foreign(arrival, head)] };
    if (held === undefined || !follows(held.recorded, recorded)) {
      chain.held = arrival;
      return { facts: [], misfits: held === undefined ? [] : [foreign(held, head)] };
    }
    // The held one goes on: the chain that was known has a gap before it, or was none.
    Object.assign(chain, { head: recorded, isConfirmed: true, held: undefined });
    return { facts: [held, arrival], misfits: [{ arrival: held, reason: gap(head, held.recorded) }] };
  }

  #begin(arrival: T): Verdict<T> {
    const { recorded } = arrival;
    const isFirst = recorded.revision === 0;
    if (isFirst && chainHash(NO_HEAD.hash, canonicalEnvelope(recorded)) !== recorded.hash)
      return { facts: [], misfits: [{ arrival, reason: 'its hash is not that of its content' }] };
    this.#chains.set(recorded.stream, { head: recorded, isConfirmed: isFirst, held: undefined });
    return { facts: [arrival], misfits: [] };
  }
}

const NOTHING = { facts: [], misfits: [] };

const follows = (head: RecordedEnvelope, next: RecordedEnvelope): boolean =>
  next.revision === head.revision + 1 &&
  next.position > head.position &&
  chainHash(head.hash, canonicalEnvelope(next)) === next.hash;

/** Delivered again: an older place, or the very one that was the last. */
const isRepeated = (
  { head, isConfirmed, held }: Chain<Arrival>,
  { position, hash }: RecordedEnvelope,
): boolean =>
  (isConfirmed && position < head.position) ||
  (position === head.position && hash === head.hash) ||
  (held !== undefined && position === held.recorded.position && hash === held.recorded.hash);

const foreign = <T extends Arrival>(arrival: T, head: RecordedEnvelope): Misfit<T> => ({
  arrival,
  reason: `it does not continue the chain of ${head.stream}, which is at revision ${head.revision}: revision ${arrival.recorded.revision} with the hash ${arrival.recorded.hash.slice(0, 12)}…`,
});

const gap = (head: RecordedEnvelope, next: RecordedEnvelope): string =>
  `facts are missing before it: revision ${next.revision} of ${next.stream} follows ${head.revision}`;

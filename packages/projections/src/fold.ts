/** One fact onto a host's state, with its place in the log. */
import type { RecordedFact } from '@apledger/event-log';
import { CorruptPayload, type Fact } from '@apledger/events';
import { evolve, evolvePacked, type HostState, ImpossibleFact } from '@apledger/host';

/** A fact as a packed page gives it. */
export interface FoldableFact {
  readonly revision: number;
  readonly position: number;
  /** Milliseconds since 1970 UTC. */
  readonly occurredAt: number;
  /** True for the last fact of its commit, undefined where the log does not say. */
  readonly isLast?: boolean | undefined;
  /** The payload is `bytes[offset .. offset + length)`. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly length: number;
}

/** The facts of a stream cannot be folded any further; `position` says where. */
export class CannotFold extends Error {
  override readonly name = 'CannotFold';
  readonly position: number;
  constructor(position: number, reason: string, cause?: unknown) {
    super(`the fact at position ${position} cannot be folded: ${reason}`, { cause });
    this.position = position;
  }
}

/**
 * Applies one fact, which must be the one after `state.revision`. Throws `CannotFold` when it is not or cannot be understood; the state
 * is useless then.
 */
export function applyFact(state: HostState, fact: FoldableFact): void {
  if (fact.revision !== state.revision + 1)
    throw new CannotFold(fact.position, `revision ${fact.revision} follows ${state.revision}`);
  try {
    evolvePacked(state, fact.bytes, fact.offset, fact.length);
  } catch (error) {
    if (!(error instanceof CorruptPayload || error instanceof ImpossibleFact)) throw error;
    throw new CannotFold(fact.position, error.message, error);
  }
  state.place(fact.revision, fact.position, fact.occurredAt);
}

/** Applies a fact that was read as JSON, brought up to date; that it is the next one is the caller's to know. */
export function applyRecorded(
  state: HostState,
  fact: Fact,
  { revision, position, occurredAt }: Pick<RecordedFact, 'revision' | 'position' | 'occurredAt'>,
): void {
  try {
    evolve(state, fact);
  } catch (error) {
    if (error instanceof ImpossibleFact) throw new CannotFold(position, error.message, error);
    throw error;
  }
  state.place(revision, position, Date.parse(occurredAt));
}

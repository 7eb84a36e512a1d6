/** The leaves that follow from the facts' content, whatever hashes the log has stored. */
import { canonicalEnvelope, chainHash, NO_HEAD, type RecordedFact } from '@apledger/event-log';
import { leafHash } from './hashing.ts';

/** A fact whose stored hash is not that of its content. */
interface BrokenSeal {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
}

interface Sealed {
  readonly revision: number;
  readonly stored: string;
  readonly computed: string;
}

/** Recomputes leaves in the log's order. */
export class Leaves {
  readonly #last = new Map<string, Sealed>();
  readonly broken: BrokenSeal[] = [];

  /** The stored hash of the fact before the first one of a stream, where the walk begins in the middle. */
  begin(stream: string, revision: number, hash: string): void {
    this.#last.set(stream, { revision, stored: hash, computed: hash });
  }

  knows(stream: string): boolean {
    return this.#last.has(stream);
  }

  /** Hash of the leaf of the fact. One that was changed is noticed once: the facts behind it may still follow its old hash. */
  next(fact: RecordedFact): Buffer {
    const { stream, revision, position } = fact;
    const before = this.#last.get(stream) ?? { revision: -1, stored: NO_HEAD.hash, computed: NO_HEAD.hash };
    const canonical = canonicalEnvelope(fact);
    let computed = chainHash(before.stored, canonical);
    if (computed !== fact.hash && before.computed !== before.stored) {
      const other = chainHash(before.computed, canonical);
      if (other === fact.hash) computed = other;
    }
    if (computed !== fact.hash || revision !== before.revision + 1)
      this.broken.push({ stream, revision, position });
    this.#last.set(stream, { revision, stored: fact.hash, computed });
    return leafHash({ stream, revision, hash: computed });
  }
}

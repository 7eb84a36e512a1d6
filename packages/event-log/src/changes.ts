/** Waking those who wait for new facts, and the one catch-up subscription that all polling adapters share. */

import type { Delivery, RecordedFact } from './port.ts';

/** Counts changes of a log; a waiter who noted the count before reading cannot miss one that came while it read. */
export class Changes {
  #count = 0;
  readonly #waiters = new Set<() => void>();

  get count(): number {
    return this.#count;
  }

  get waiting(): boolean {
    return this.#waiters.size > 0;
  }

  /** Says that the log may have grown. */
  announce(): void {
    this.#count += 1;
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves once the count differs from `seen`, or on abort. */
  wait(seen: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}

/** What a subscription needs from its log. */
interface Followed {
  readonly changes: Changes;
  readAll(range: { readonly after: number; readonly upTo?: number }): AsyncIterable<RecordedFact>;
  lastPosition(): Promise<number>;
}

/**
 * From history into the live tail; ends without an error on abort. History is what the log held when the
 * subscription began: with writers that never rest, waiting for an empty moment could mean waiting for ever.
 */
export async function* follow(
  log: Followed,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<Delivery, void, undefined> {
  let position = after;
  let upTo: number | undefined;
  let seen = log.changes.count;
  try {
    upTo = await log.lastPosition();
    while (!signal.aborted) {
      const before = position;
      for await (const fact of log.readAll(
        upTo === undefined ? { after: position } : { after: position, upTo },
      )) {
        if (signal.aborted) return;
        position = fact.position;
        yield { fact };
      }
      if (signal.aborted) return;
      if (upTo !== undefined) yield { caughtUp: position };
      else if (position === before) await log.changes.wait(seen, signal);
      upTo = undefined;
      seen = log.changes.count;
    }
  } catch (error) {
    if (!signal.aborted) throw error; // a log that was closed ends its subscriptions, they don't fail
  }
}

/** Writes of other processes to the same file, noticed for as long as somebody wants to know: SQLite counts them, and tells nobody. */
import type { Changes } from '../changes.ts';
import type { Reader } from './reader.ts';

/** How often a subscription asks whether another process has written. */
const POLL_INTERVAL_MS = 25;

export class ForeignWrites {
  readonly #reader: Reader;
  readonly #changes: Changes;
  readonly #closed: AbortSignal;
  #watching = 0;
  #poll: NodeJS.Timeout | undefined;
  #version = -1;

  /** Announces them to `changes`, until `closed`. */
  constructor(reader: Reader, changes: Changes, closed: AbortSignal) {
    this.#reader = reader;
    this.#changes = changes;
    this.#closed = closed;
  }

  /** Looks from now on, until as many have called `unwatch` as have called this. */
  watch(): void {
    this.#watching += 1;
    if (this.#poll !== undefined) return;
    this.#version = this.#reader.dataVersion();
    this.#poll = setInterval(() => this.#look(), POLL_INTERVAL_MS);
  }

  unwatch(): void {
    this.#watching -= 1;
    if (this.#watching > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  #look(): void {
    if (!this.#changes.waiting || this.#closed.aborted) return;
    try {
      const version = this.#reader.dataVersion();
      if (version === this.#version) return;
      this.#version = version;
    } catch {
      // The subscription reads the same file next, and reports what is wrong with it.
    }
    this.#changes.announce();
  }
}

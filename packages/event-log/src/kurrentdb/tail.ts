/**
 * The live end of the log, once for all subscriptions of a process: one subscription of the server hands what it gets
 * to everybody, so ten thousand of them cost one call.
 *
 * The newest facts are kept, bounded in number and size. Who has come up to them takes them from there; who is behind,
 * or is too slow, reads history until it has.
 */

import type { RecordedFact } from '../port.ts';
import type { AllStream } from './all.ts';
import type { Connection } from './connection.ts';
import { factOf } from './events.ts';

const KEPT = 4096;
const KEPT_BYTES = 16 * 1024 * 1024;
/** Subscriptions that read history at the same time. */
const READING_HISTORY = 32;

interface Kept {
  readonly fact: RecordedFact;
  readonly bytes: number;
}

/** From the first subscription until the last one has ended. */
interface Live {
  /** All facts behind this position are kept. */
  floor: number;
  readonly kept: Kept[];
  bytes: number;
  followers: number;
  failed: boolean;
  error: unknown;
  readonly ended: AbortController;
}

export class Tail {
  readonly #connection: Connection;
  readonly #all: AllStream;
  readonly #waiting = new Set<() => void>();
  readonly #history = new Turns(READING_HISTORY);
  #live: Live | undefined;

  constructor(connection: Connection, all: AllStream) {
    this.#connection = connection;
    this.#all = all;
  }

  /** Every fact behind a position, until the signal; `end` is where the log ended a moment ago. */
  async *follow(
    after: number,
    end: number,
    signal: AbortSignal,
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const live = this.#join(end);
    let cursor = after;
    try {
      while (!signal.aborted) {
        if (cursor < live.floor && !live.failed) {
          const { floor } = live;
          for await (const fact of this.#past(cursor, floor, signal)) {
            yield fact;
            if (signal.aborted) return;
          }
          cursor = floor;
          continue;
        }
        const next = firstBehind(live.kept, cursor);
        if (next !== undefined) {
          cursor = next.position;
          yield next;
        } else if (live.failed) throw live.error;
        else await this.#change(signal);
      }
    } finally {
      this.#leave(live);
    }
  }

  #join(end: number): Live {
    if (this.#live !== undefined && !this.#live.failed) {
      this.#live.followers += 1;
      return this.#live;
    }
    const ended = new AbortController();
    const live: Live = {
      floor: end,
      kept: [],
      bytes: 0,
      followers: 1,
      failed: false,
      error: undefined,
      ended,
    };
    this.#live = live;
    void this.#run(live);
    return live;
  }

  #leave(live: Live): void {
    live.followers -= 1;
    if (live.followers > 0) return;
    live.ended.abort();
    if (this.#live === live) this.#live = undefined;
  }

  async #run(live: Live): Promise<void> {
    const { prefix, place, closed } = this.#connection;
    const signal = AbortSignal.any([live.ended.signal, closed]);
    try {
      for await (const event of this.#all.live(live.floor, signal)) {
        live.kept.push({ fact: factOf(event, prefix, place), bytes: event.bytes.length });
        live.bytes += event.bytes.length;
        this.#trim(live);
        this.#wake();
      }
    } catch (error) {
      live.failed = true;
      live.error = error;
      this.#wake();
    }
  }

  #trim(live: Live): void {
    if (live.kept.length <= KEPT && live.bytes <= KEPT_BYTES) return;
    let count = Math.max(0, live.kept.length - KEPT / 2);
    let bytes = live.kept.slice(count).reduce((sum, one) => sum + one.bytes, 0);
    for (; bytes > KEPT_BYTES / 2 && count < live.kept.length - 1; count++)
      bytes -= live.kept[count]?.bytes ?? 0;
    const last = live.kept.splice(0, count).at(-1);
    live.floor = last?.fact.position ?? live.floor;
    live.bytes = bytes;
  }

  async *#past(
    after: number,
    upTo: number,
    signal: AbortSignal,
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const { prefix, place } = this.#connection;
    const done = await this.#history.take();
    try {
      if (signal.aborted) return;
      for await (const event of this.#all.history(after, upTo)) yield factOf(event, prefix, place);
    } finally {
      done();
    }
  }

  /** Resolves with the next fact, and with the signal. */
  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** The first kept fact behind a position: a search by halves. */
function firstBehind(kept: readonly Kept[], position: number): RecordedFact | undefined {
  let low = 0;
  let high = kept.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((kept[middle]?.fact.position ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return kept[low]?.fact;
}

/** So many at a time, first come first served. */
class Turns {
  #left: number;
  readonly #queue: (() => void)[] = [];

  constructor(count: number) {
    this.#left = count;
  }

  /** Resolves when it is one's turn, with what ends it. */
  async take(): Promise<() => void> {
    if (this.#left > 0) this.#left -= 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    return () => {
      const next = this.#queue.shift();
      if (next === undefined) this.#left += 1;
      else next();
    };
  }
}

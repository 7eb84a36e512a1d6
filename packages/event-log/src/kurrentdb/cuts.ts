/**
 * Streams that somebody cuts while this process appends to them: the server takes appends to a deleted stream without a
 * word and lets it go on at its old revision. The metadata of our streams tell, and a subscription hears them.
 */

import type { Connection } from './connection.ts';
import { eventOf } from './events.ts';
import { Fault } from './faults.ts';
import type { Streams } from './streams.ts';

export class Cuts {
  readonly #connection: Connection;
  readonly #streams: Streams;
  /** Streams that were found whole since the subscription began and whose metadata have not changed since. */
  readonly #whole = new Set<string>();
  /** Resolves once the server has confirmed the subscription; another one after each break. */
  #listening: PromiseWithResolvers<void> | undefined;

  constructor(connection: Connection, streams: Streams) {
    this.#connection = connection;
    this.#streams = streams;
  }

  /** Throws LogError when the stream was cut, as far as the server has told. A look at a set for most calls. */
  async check(stream: string): Promise<void> {
    if (this.#whole.has(stream)) return;
    await this.#isListening();
    this.#whole.add(stream); // before the question: what is told meanwhile counts
    try {
      await this.#streams.checkUncut(stream);
    } catch (error) {
      this.#whole.delete(stream);
      throw error;
    }
  }

  async #isListening(): Promise<void> {
    if (this.#listening === undefined) void this.#listen();
    for (let listening = this.#listening; ; listening = this.#listening) {
      await listening?.promise;
      if (listening === this.#listening) return;
    }
  }

  async #listen(): Promise<void> {
    const patience = this.#connection.patience();
    for (;;) {
      const listening = Promise.withResolvers<void>();
      listening.promise.catch(() => {}); // also when nobody appends meanwhile
      this.#listening = listening;
      try {
        await this.#hear(() => {
          listening.resolve();
          patience.progress();
        });
      } catch (error) {
        this.#whole.clear(); // what is told until it listens again is not heard
        try {
          await patience.afterFailure(error);
          listening.resolve(); // who waits asks again
        } catch (end) {
          this.#listening = undefined; // the next append begins anew
          listening.reject(end);
          return;
        }
      }
    }
  }

  async #hear(confirm: () => void): Promise<void> {
    const { prefix, requests, closed } = this.#connection;
    const request = requests.subscribe('end', [`$$${prefix}`]);
    for await (const message of this.#connection.read(request, { silentMs: Infinity, signal: closed })) {
      confirm();
      const name = eventOf(message)?.streamId;
      if (name !== undefined) this.#whole.delete(name.slice(2 + prefix.length));
    }
    throw new Fault('unavailable', 'the server ended the subscription');
  }
}

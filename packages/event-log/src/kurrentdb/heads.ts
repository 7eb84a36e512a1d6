/**
 * The heads of all streams. The database keeps no list of streams that can be had without its projections, so the
 * list is folded from the whole log: once for each handle, at the cost of reading the log, then only what is new.
 */

import type { Head } from '../port.ts';
import type { AllStream } from './all.ts';
import type { Connection } from './connection.ts';
import { factOf } from './events.ts';
import { headOf } from './streams.ts';

export class Heads {
  readonly #connection: Connection;
  readonly #all: AllStream;
  readonly #heads = new Map<string, Head>();
  #position = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, all: AllStream) {
    this.#connection = connection;
    this.#all = all;
  }

  /** Heads of all streams as of now, sorted by name. */
  async sorted(): Promise<readonly Head[]> {
    const folded = this.#turn.then(() => this.#fold());
    this.#turn = folded.catch(() => {});
    await folded;
    return [...this.#heads.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  async #fold(): Promise<void> {
    const { prefix, place } = this.#connection;
    for await (const event of this.#all.history(this.#position, Number.MAX_SAFE_INTEGER)) {
      const fact = factOf(event, prefix, place);
      this.#heads.set(fact.stream, headOf(fact));
      this.#position = fact.position;
    }
  }
}

/** Reading one stream: ranges, the last event, a revision, and whether a stream that is not there ever was. */

import { LogError } from '../errors.ts';
import { passes } from '../moment.ts';
import type { Head, Moment, RecordedFact } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Event, factOf } from './events.ts';
import { isFault } from './faults.ts';

/** An event of a stream with the fact that it is. */
export interface Read {
  readonly event: Event;
  readonly fact: RecordedFact;
}

export class Streams {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Name in the database of a stream of the log. */
  nameOf(stream: string): string {
    return this.#connection.prefix + stream;
  }

  /** Events from..to (inclusive), resumed where a broken connection left off. Nothing for a stream that never was. */
  async *range(stream: string, from: number, to: number): AsyncGenerator<Read, void, undefined> {
    const patience = this.#connection.patience();
    let next = from;
    while (next <= to) {
      try {
        for await (const event of this.#once(stream, next, to - next + 1)) {
          const fact = this.#fact(event);
          if (fact.revision !== next) throw this.#gap(stream, next, fact);
          next += 1;
          patience.progress();
          yield { event, fact };
        }
        return;
      } catch (error) {
        if (isFault(error, 'stream-not-found')) return await this.#checkNeverWas(stream);
        await patience.afterFailure(error);
      }
    }
  }

  /** The last event of a stream. */
  async last(stream: string): Promise<Read | undefined> {
    const { BACKWARDS, END } = this.#connection.library;
    const options = { direction: BACKWARDS, fromRevision: END, maxCount: 1, requiresLeader: true } as const;
    return this.#connection.patiently(async () => {
      try {
        let last: Read | undefined;
        for await (const event of this.#events(stream, options)) last = { event, fact: this.#fact(event) };
        return last;
      } catch (error) {
        if (!isFault(error, 'stream-not-found')) throw error;
        await this.#checkNeverWas(stream);
        return undefined;
      }
    });
  }

  async head(stream: string): Promise<Head | undefined> {
    const last = await this.last(stream);
    return last === undefined ? undefined : headOf(last.fact);
  }

  /** The event of a revision. */
  async at(stream: string, revision: number): Promise<Read | undefined> {
    let found: Read | undefined;
    for await (const read of this.range(stream, revision, revision)) found = read;
    return found;
  }

  /** A search by halves, one event read for each step: the last fact at or before the moment, -1 for none. */
  async revisionAt(stream: string, moment: Moment): Promise<number> {
    const passed = passes(moment);
    let low = -1;
    let high = ((await this.head(stream))?.revision ?? -1) + 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const fact = (await this.at(stream, middle))?.fact;
      if (fact === undefined) throw this.#gap(stream, middle);
      const { revision, position } = fact;
      if (passed({ revision, position, occurredAt: Date.parse(fact.occurredAt) })) low = middle;
      else high = middle;
    }
    return low;
  }

  #once(stream: string, from: number, count: number): AsyncGenerator<Event, void, undefined> {
    const maxCount = Math.min(count, Number.MAX_SAFE_INTEGER);
    return this.#events(stream, { fromRevision: BigInt(from), maxCount, requiresLeader: true });
  }

  async *#events(
    stream: string,
    options: Parameters<Connection['client']['readStream']>[1],
  ): AsyncGenerator<Event, void, undefined> {
    const name = this.nameOf(stream);
    const { client } = this.#connection;
    for await (const { event } of this.#connection.events(() => client.readStream(name, options))) {
      if (event !== undefined) yield event;
    }
  }

  #fact(event: Event): RecordedFact {
    return factOf(event, this.#connection.prefix, this.#connection.place);
  }

  /**
   * A stream that was deleted (softly) reads as if it never was, yet goes on at its old revision when it is appended
   * to: the chain would break. Only its metadata still tell.
   */
  async #checkNeverWas(stream: string): Promise<void> {
    const name = this.nameOf(stream);
    const { client, library, place } = this.#connection;
    const options = {
      direction: library.BACKWARDS,
      fromRevision: library.END,
      maxCount: 1,
      requiresLeader: true,
    } as const;
    try {
      const metadata = this.#connection.events(() => client.readStream(library.metastreamOf(name), options));
      for await (const { event } of metadata) {
        if (!JSON.stringify(event?.data ?? null).includes('"$tb"')) return;
        throw new LogError('corrupted', place, `stream ${name} was deleted`, {
          remedy: `set its metadata's $tb to 0 to have it back (until the next scavenge), or restore a copy`,
        });
      }
    } catch (error) {
      if (!isFault(error, 'stream-not-found')) throw error;
    }
  }

  #gap(stream: string, revision: number, found?: RecordedFact): LogError {
    const reason = `revision ${revision} of stream ${this.nameOf(stream)} is missing: was the stream truncated?`;
    const position = found === undefined ? {} : { position: found.position };
    return new LogError('corrupted', this.#connection.place, reason, position);
  }
}

export function headOf({ stream, revision, position, hash, occurredAt }: RecordedFact): Head {
  return { stream, revision, position, hash, occurredAt };
}

/** Reading one stream: ranges, the last event, a revision, and whether anybody has cut it. */

import { LogError } from '../errors.ts';
import { passes } from '../moment.ts';
import type { Head, Moment, RecordedFact } from '../port.ts';
import type { Connection } from './connection.ts';
import { type Event, eventOf, factOf, fields, positionOf } from './events.ts';
import { isFault } from './faults.ts';
import type { Reading } from './protocol.ts';

/** An event of a stream with the fact that it is. */
export interface Read {
  readonly event: Event;
  readonly fact: RecordedFact;
}

type StreamReading = Reading & { readonly from: 'start' | 'end' | number };

const LAST: StreamReading = { from: 'end', backwards: true, count: 1 };
/** What takes events out of a stream. */
const LIMITS = ['$tb', '$maxCount', '$maxAge'] as const;

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
    let next = from;
    for await (const read of this.added(stream, from, to)) {
      next += 1;
      yield read;
    }
    if (next === from) await this.checkUncut(stream); // a stream that was cut reads as one that never was
  }

  /** As `range`, where no event is nothing special: nobody has added any. */
  async *added(
    stream: string,
    from: number,
    to = Number.MAX_SAFE_INTEGER,
  ): AsyncGenerator<Read, void, undefined> {
    const patience = this.#connection.patience();
    let next = from;
    while (next <= to) {
      try {
        for await (const event of this.#events(stream, { from: next, count: to - next + 1 })) {
          const fact = this.#fact(event);
          if (fact.revision !== next) throw this.#gap(stream, next, fact);
          next += 1;
          patience.progress();
          yield { event, fact };
        }
        return;
      } catch (error) {
        if (isFault(error, 'stream-not-found')) return;
        await patience.afterFailure(error);
      }
    }
  }

  /** The facts behind a revision, as soon as they can be read, until the signal. Throws Fault when the call breaks. */
  async *coming(
    stream: string,
    after: number,
    signal: AbortSignal,
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const { requests } = this.#connection;
    const request = requests.subscribeToStream(this.nameOf(stream), after);
    let next = after + 1;
    for await (const message of this.#connection.read(request, { silentMs: Infinity, signal })) {
      const event = eventOf(message);
      if (event === undefined) continue;
      const fact = this.#fact(event);
      if (fact.revision !== next) throw this.#gap(stream, next, fact);
      next += 1;
      yield fact;
    }
  }

  async head(stream: string): Promise<Head | undefined> {
    const event = await this.#readOne(stream, LAST);
    if (event !== undefined) return headOf(this.#fact(event));
    await this.checkUncut(stream);
    return undefined;
  }

  /** Position of the event of a revision, whatever it is; undefined when it cannot be read any more. */
  async positionAt(stream: string, revision: number): Promise<number | undefined> {
    const event = await this.#readOne(stream, { from: revision, count: 1 });
    return event?.revision === revision ? positionOf(event, this.#connection.place) : undefined;
  }

  /**
   * A search by halves, one event read for each step: the last fact at or before the moment, -1 for none. Right for times
   * where they do not run backwards.
   */
  async revisionAt(stream: string, moment: Moment): Promise<number> {
    const passed = passes(moment);
    let low = -1;
    let high = ((await this.head(stream))?.revision ?? -1) + 1;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const event = await this.#readOne(stream, { from: middle, count: 1 });
      if (event === undefined) throw this.#gap(stream, middle);
      const { revision, position, occurredAt } = this.#fact(event);
      if (passed({ revision, position, occurredAt: Date.parse(occurredAt) })) low = middle;
      else high = middle;
    }
    return low;
  }

  /**
   * Throws LogError for a stream that was cut (deleted, truncated, or aged): appended to, it would go on at its old
   * revision, and its chain would break. Also for one that is to be cut some day: `other-configuration`. `position` is
   * told with it: where it was learnt.
   */
  async checkUncut(stream: string, position?: number): Promise<void> {
    const name = this.nameOf(stream);
    const metadata = await this.#readOne(`$$${name}`, LAST, '');
    const limits = metadata === undefined ? {} : fields(metadata.bytes);
    const set = LIMITS.filter((limit) => limit in limits && !(limit === '$tb' && limits[limit] === 0));
    if (set.length === 0) return;
    const { place } = this.#connection;
    const at = position === undefined ? {} : { position };
    const first = await this.#readOne(stream, { from: 0, count: 1 });
    if (first?.revision === 0) {
      throw new LogError('other-configuration', place, `stream ${name} is to be cut by ${set.join(', ')}`, {
        remedy: `write its metadata without ${LIMITS.join(', ')}`,
        ...at,
      });
    }
    throw new LogError('corrupted', place, `stream ${name} was deleted or cut by ${set.join(', ')}`, {
      remedy:
        `write its metadata without ${LIMITS.join(', ')}, and after a deletion once more: with the first write the ` +
        "server sets $tb to the stream's length. What was scavenged comes back with a copy only",
      ...at,
    });
  }

  /** One event, or none. */
  #readOne(stream: string, reading: StreamReading, prefix?: string): Promise<Event | undefined> {
    return this.#connection.patiently(async () => {
      try {
        let found: Event | undefined;
        for await (const event of this.#events(stream, reading, prefix)) found = event;
        return found;
      } catch (error) {
        if (isFault(error, 'stream-not-found')) return undefined;
        throw error;
      }
    });
  }

  async *#events(
    stream: string,
    reading: StreamReading,
    prefix = this.#connection.prefix,
  ): AsyncGenerator<Event, void, undefined> {
    const request = this.#connection.requests.readStream(prefix + stream, reading);
    for await (const message of this.#connection.read(request)) {
      const event = eventOf(message);
      if (event !== undefined) yield event;
    }
  }

  #fact(event: Event): RecordedFact {
    return factOf(event, this.#connection.prefix, this.#connection.place);
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

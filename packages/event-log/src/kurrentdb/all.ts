/**
 * Reading the whole log: $all of the database, filtered by the server to the streams with our prefix and to their
 * metadata, which tell when somebody cuts one.
 *
 * History is read by a subscription, up to the position where our log ended when the reading began: on the way over the
 * events of others it tells how far it is. Where our events begin and end is known (kurrentdb/ends.ts), so a reading
 * neither begins nor ends among those of others, and a question for the end looks only at what was added since the
 * last one.
 *
 * A position is the number of a byte in the database's log. The server starts only from a number at which an event
 * begins, so a reading `after` something asks first whether it is one (ordinary: a checkpoint is), then whether the
 * next number is (`position - 1` of a fact); for any other number, history is read from its beginning and skipped.
 *
 * A subscription that breaks goes on at the last checkpoint behind its last event; not at the newest, since servers
 * have sent checkpoints at events that they had not given yet (EventStore#4023), but at the last one that something
 * followed.
 */

import { LogError } from '../errors.ts';
import type { Connection, Patience } from './connection.ts';
import { Density, Gap, Places } from './density.ts';
import { Ends, placeAt } from './ends.ts';
import { type Event, eventOf, positionOf } from './events.ts';
import { Fault, NotThereYet } from './faults.ts';
import type { Place, ReadResponse } from './protocol.ts';
import type { Streams } from './streams.ts';

const REMEMBERED_STARTS = 1024;

/** How far a reading has come. */
interface Cursor {
  /** Position of the last event taken, or what the reading was asked to begin after. */
  after: number;
  /** Where the server can go on: the last event taken, or a checkpoint behind it. */
  seen: Place | undefined;
  readonly end: number;
  readonly density: Density;
  /** Whether `after` is the position of an event of ours, or the start. */
  isBehindOurs: boolean;
  /** Whether all of ours up to where it began was known, so that it tells what our last event is. */
  readonly isContiguous: boolean;
}

export class AllStream {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #places: Places;
  readonly #ends: Ends;
  /** Positions at which an event begins, as we have seen. */
  readonly #starts = new Set<number>();

  constructor(connection: Connection, streams: Streams) {
    this.#connection = connection;
    this.#streams = streams;
    this.#places = new Places(streams, connection.prefix);
    this.#ends = new Ends(connection);
  }

  /** Takes what an earlier process knew, if it is about this database. */
  open(): Promise<void> {
    return this.#ends.open();
  }

  /** Keeps what is known for the next process. */
  close(): void {
    this.#ends.close();
  }

  /** Tells of an event of ours. */
  note(position: number): void {
    if (this.#starts.size >= REMEMBERED_STARTS) this.#starts.clear();
    this.#starts.add(position);
  }

  /** Position of the log's last fact, 0 when there is none. */
  lastPosition(): Promise<number> {
    return this.#ends.lastPosition();
  }

  /** Events of ours after a position, up to where the log ends now, or up to `upTo` if that is before. */
  async *history(after: number, upTo: number): AsyncGenerator<Event, void, undefined> {
    const end = Math.min(upTo, upTo <= this.#ends.last ? upTo : await this.lastPosition());
    if (end <= after) return;
    yield* this.#resumed(this.#cursor(after, end), this.#connection.patience());
    if (upTo <= end) return;
    // What was cut may be gone without a gap: the metadata behind the last fact tell, as those before it did.
    for (const [stream, position] of this.#ends.touched) {
      await this.#streams.checkUncut(stream, position);
      this.#ends.touched.delete(stream);
    }
  }

  /** Events of ours after a position, without end: reconnects for as long as it takes, until the signal. */
  async *live(after: number, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
    const cursor = this.#cursor(after, Number.POSITIVE_INFINITY);
    yield* this.#resumed(cursor, this.#connection.patience(signal), signal);
  }

  #cursor(after: number, end: number): Cursor {
    const density = new Density(this.#places, after);
    const isContiguous = after <= this.#ends.last;
    return { after, seen: undefined, end, density, isBehindOurs: after <= 0, isContiguous };
  }

  async *#resumed(
    cursor: Cursor,
    patience: Patience,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void, undefined> {
    let gapAt: number | undefined;
    while (!signal?.aborted) {
      try {
        const from = cursor.seen ?? (await this.#startAfter(cursor.after));
        for await (const event of this.#subscription(from, cursor, signal)) {
          patience.progress();
          yield event;
        }
        if (cursor.after >= cursor.end || this.#ends.behind(cursor.after) === undefined) return;
      } catch (error) {
        if (signal?.aborted) return;
        if (!(error instanceof Gap)) await patience.afterFailure(error);
        else if (gapAt === error.position) throw this.#lost(error);
        else {
          gapAt = error.position;
          cursor.seen = undefined; // again from the last event that was taken
        }
      } finally {
        cursor.density.end();
        if (cursor.seen !== undefined) this.note(cursor.after);
      }
    }
  }

  /** One subscription; moves the cursor before each event that it yields, so that nothing is read twice. */
  async *#subscription(
    from: Place | 'start',
    cursor: Cursor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Event, void, undefined> {
    const { prefix, place, requests } = this.#connection;
    const request = requests.subscribe(from, [prefix, `$$${prefix}`]);
    const isLive = cursor.end === Number.POSITIVE_INFINITY;
    const options = {
      ...(isLive ? { silentMs: cursor.end } : {}),
      ...(signal === undefined ? {} : { signal }),
    };
    /** Trusted as soon as something follows it. */
    let checkpoint: Place | undefined;
    for await (const message of this.#connection.read(request, options)) {
      const event = eventOf(message);
      if (event === undefined) {
        const reached = checkpointOf(message);
        if (message.hasCaughtUp() || (reached?.commit ?? 0) > cursor.end) {
          if (!isLive) throw new NotThereYet(cursor.end);
        }
        if (reached === undefined) continue;
        if (checkpoint !== undefined) {
          cursor.seen = checkpoint;
          if (cursor.isContiguous) this.#ends.passed(checkpoint, cursor.after);
        }
        checkpoint = reached;
        continue;
      }
      checkpoint = undefined;
      if (event.streamId.startsWith('$$')) {
        await this.#streams.checkUncut(event.streamId.slice(2 + prefix.length), event.place.commit);
        continue;
      }
      const position = positionOf(event, place);
      if (event.type === '$streamDeleted' && position > cursor.after) throw this.#tombstone(event);
      if (position <= cursor.after) continue;
      if (position > cursor.end) return;
      await cursor.density.take(event, position);
      if (cursor.isBehindOurs) this.#ends.skip(cursor.after, cursor.seen);
      cursor.isBehindOurs = true;
      cursor.after = position;
      cursor.seen = event.place;
      if (cursor.isContiguous) this.#ends.passed(event.place, position);
      yield event;
      if (position === cursor.end) return;
      const next = this.#ends.behind(position);
      if (next === undefined || next.commit >= cursor.end) continue;
      cursor.seen = next;
      return;
    }
    if (!signal?.aborted) throw new Fault('unavailable', 'the server ended the subscription');
  }

  /** Where a subscription begins whose first event is the first one after a position. */
  async #startAfter(after: number): Promise<Place | 'start'> {
    const from = this.#ends.from(after);
    if (from !== undefined) return from;
    if (after <= 0) return 'start';
    if (this.#starts.has(after) || (await this.#beginsAt(after))) return placeAt(after);
    if (after > this.#ends.last && after > (await this.lastPosition())) return placeAt(after); // nothing lies there yet
    return (await this.#eventBefore(after + 1))?.place ?? 'start';
  }

  async #beginsAt(position: number): Promise<boolean> {
    const [found] = await this.#ends.some({ from: position, count: 1 });
    return found?.place.commit === position;
  }

  /** The event before the one that begins at a position; undefined when none begins there, and at the start of all. */
  async #eventBefore(position: number): Promise<Event | undefined> {
    const [found] = await this.#ends.some({ from: position, backwards: true, count: 1 });
    return found;
  }

  #tombstone({ streamId, place: { commit } }: Event): LogError {
    return new LogError('corrupted', this.#connection.place, `stream ${streamId} was tombstoned`, {
      remedy: 'a tombstone cannot be undone: restore the log from a backup',
      position: commit,
    });
  }

  #lost({ message, position }: Gap): LogError {
    return new LogError('corrupted', this.#connection.place, message, {
      remedy: 'restore a copy: the server does not give that event, though it is asked for it again',
      position,
    });
  }
}

function checkpointOf(message: ReadResponse): Place | undefined {
  const reached = message.getCheckpoint();
  if (reached === undefined) return undefined;
  return { commit: Number(reached.getCommitPosition()), prepare: Number(reached.getPreparePosition()) };
}

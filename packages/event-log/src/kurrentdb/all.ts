/**
 * Reading the whole log: $all of the database, filtered by the server to the streams with our prefix.
 *
 * The client filters only subscriptions, so history too is read by one, up to the position where our log ended when
 * the reading began. That end is found by reading $all backwards to our last event: over as many events of others as
 * lie behind it, and never again over those that were looked at before.
 *
 * A position is the number of a byte in the database's log. The server starts only from a number at which an event
 * begins, so a reading `after` something asks first whether it is one (ordinary: a checkpoint is), then whether the
 * next number is (`position - 1` of a fact); for any other number, history is read from its beginning and skipped.
 */

import type { AllStreamRecordedEvent, Position, ReadAllOptions, ReadPosition } from '@eventstore/db-client';
import type { Connection, Patience } from './connection.ts';
import { type Event, positionOf, startAt } from './events.ts';
import { isFault, NotThereYet } from './faults.ts';

/** Events of $all that the server looks at before it tells how far it has come. */
const SEARCH_WINDOW = 1000;
/** Events read backwards at first, and at most, in search of our last one. */
const FIRST_LOOK = 4;
const LONGEST_LOOK = 4096;
const REMEMBERED_STARTS = 1024;

/** How far a reading has come. */
interface Cursor {
  /** Position of the last event taken, or what the reading was asked to begin after. */
  after: number;
  /** Where the server can go on: the last event taken, or a checkpoint behind it. */
  seen: Position | undefined;
  readonly end: number;
}

export class AllStream {
  readonly #connection: Connection;
  /** Our last event that is known, and the position up to which all of $all was looked at for it. */
  #last = 0;
  #looked = -1n;
  /** Positions at which an event begins, as we have seen. */
  readonly #starts = new Set<number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Tells of an event of ours. */
  note(position: number): void {
    if (this.#starts.size >= REMEMBERED_STARTS) this.#starts.clear();
    this.#starts.add(position);
  }

  /** Position of the log's last fact, 0 when there is none. */
  async lastPosition(): Promise<number> {
    return this.#connection.patiently(() => this.#findLast());
  }

  /** Events of ours after a position, up to where the log ends now, or up to `upTo` if that is before. */
  async *history(after: number, upTo: number): AsyncGenerator<Event, void, undefined> {
    const end = Math.min(upTo, upTo <= this.#last ? upTo : await this.lastPosition());
    if (end <= after) return;
    yield* this.#resumed({ after, seen: undefined, end }, this.#connection.patience());
  }

  /** Events of ours after a position, without end: reconnects for as long as it takes, until the signal. */
  async *live(after: number, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
    const cursor = { after, seen: undefined, end: Number.POSITIVE_INFINITY };
    yield* this.#resumed(cursor, this.#connection.patience(signal), signal);
  }

  async *#resumed(
    cursor: Cursor,
    patience: Patience,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void, undefined> {
    while (!signal?.aborted) {
      try {
        const from = cursor.seen ?? (await this.#startAfter(cursor.after));
        for await (const event of this.#subscription(from, cursor, signal)) {
          patience.progress();
          yield event;
        }
        return;
      } catch (error) {
        if (signal?.aborted) return;
        await patience.afterFailure(error);
      } finally {
        if (cursor.seen !== undefined) this.note(cursor.after);
      }
    }
  }

  /** One subscription; moves the cursor before each event that it yields, so that nothing is read twice. */
  async *#subscription(
    from: Position | 'start',
    cursor: Cursor,
    signal?: AbortSignal,
  ): AsyncGenerator<Event, void, undefined> {
    const { client, library, place, prefix } = this.#connection;
    let taken = 0;
    let waiting = false;
    let checkpoint: { readonly behind: number; readonly position: Position } | undefined;
    /** Events before the server's "caught up", which comes while they may still wait in the stream's buffer. */
    let caughtUp = Number.POSITIVE_INFINITY;
    const subscription = client.subscribeToAll({
      fromPosition: from,
      filter: library.streamNameFilter({
        prefixes: [prefix],
        maxSearchWindow: SEARCH_WINDOW,
        checkpointReached: (_, position) => {
          checkpoint = { behind: taken + subscription.readableLength, position };
        },
      }),
    });
    const release = this.#connection.release(subscription, () => subscription.unsubscribe());
    const close = (): void => release();
    signal?.addEventListener('abort', close);
    subscription.on('caughtUp', () => {
      if (cursor.end === Number.POSITIVE_INFINITY) return;
      caughtUp = taken + subscription.readableLength;
      if (waiting && caughtUp === taken) close();
    });
    const iterator = subscription[Symbol.asyncIterator]();
    try {
      while (cursor.after < cursor.end) {
        if (caughtUp === taken) throw new NotThereYet(cursor.end);
        waiting = true;
        const step = await iterator.next();
        waiting = false;
        if (step.done) return;
        taken += 1;
        const { event } = step.value;
        const position = event === undefined ? 0 : positionOf(event, place);
        if (event === undefined || position <= cursor.after) continue;
        if (position > cursor.end) return;
        cursor.after = position;
        cursor.seen = startAt(position);
        yield event;
      }
    } catch (error) {
      if (checkpoint !== undefined && checkpoint.behind === taken) cursor.seen = checkpoint.position;
      throw caughtUp === taken ? new NotThereYet(cursor.end) : error;
    } finally {
      signal?.removeEventListener('abort', close);
      close();
    }
  }

  /** Where a subscription begins whose first event is the first one after a position. */
  async #startAfter(after: number): Promise<Position | 'start'> {
    if (after <= 0) return 'start';
    if (this.#starts.has(after) || (await this.#beginsAt(after))) return startAt(after);
    if (after > this.#last && after > (await this.lastPosition())) return startAt(after); // nothing lies there yet
    return this.#eventBefore(after + 1);
  }

  async #beginsAt(position: number): Promise<boolean> {
    const found = await this.#one({
      direction: this.#connection.library.FORWARDS,
      fromPosition: startAt(position),
    });
    return found?.commit === BigInt(position);
  }

  /** The event before the one that begins at a position; the start of all when none begins there. */
  async #eventBefore(position: number): Promise<Position | 'start'> {
    return (
      (await this.#one({ direction: this.#connection.library.BACKWARDS, fromPosition: startAt(position) })) ??
      'start'
    );
  }

  async #one(options: ReadAllOptions): Promise<Position | undefined> {
    try {
      let found: Position | undefined;
      for await (const { position } of this.#read({ ...options, maxCount: 1 })) found = position;
      return found;
    } catch (error) {
      if (!isFault(error, 'unknown')) throw error;
      return undefined; // the server: "Trying to read from an invalid position."
    }
  }

  async #findLast(): Promise<number> {
    const { BACKWARDS, END } = this.#connection.library;
    let from: ReadPosition = END;
    let top: bigint | undefined;
    let found: number | undefined;
    for (let maxCount = FIRST_LOOK; found === undefined; maxCount = Math.min(maxCount * 16, LONGEST_LOOK)) {
      let count = 0;
      for await (const event of this.#read({ direction: BACKWARDS, fromPosition: from, maxCount })) {
        count += 1;
        from = event.position;
        top ??= event.position.commit;
        found ??= this.#ours(event);
        if (found !== undefined && maxCount > FIRST_LOOK) break; // a few more cost less than a cancelled call
      }
      if (count < maxCount) found ??= 0; // the whole of $all was looked at
    }
    if (top !== undefined && top > this.#looked) this.#looked = top;
    this.#last = Math.max(this.#last, found);
    if (found > 0) this.note(found);
    return this.#last;
  }

  /** Position of our last event, as told by an event read backwards; undefined when it tells nothing. */
  #ours(event: AllStreamRecordedEvent): number | undefined {
    if (event.position.commit <= this.#looked) return this.#last;
    if (!event.streamId.startsWith(this.#connection.prefix)) return undefined;
    return positionOf(event, this.#connection.place);
  }

  async *#read(options: ReadAllOptions): AsyncGenerator<AllStreamRecordedEvent, void, undefined> {
    const { client } = this.#connection;
    for await (const { event } of this.#connection.events(() => client.readAll(options))) {
      if (event !== undefined) yield event;
    }
  }
}

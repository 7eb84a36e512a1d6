/**
 * The log in KurrentDB (EventStoreDB): for many machines, over the official client's stubs, which are loaded only when
 * a log is opened.
 *
 * One stream of the database for each stream of the log, one event for each fact (kurrentdb/events.ts), one append
 * for each commit: the database keeps it atomic and checks the revision. What costs more than in an embedded log:
 * the first append to a stream and the first `readCommand` read the stream (kurrentdb/writer.ts), the first `heads`
 * reads the log (kurrentdb/heads.ts), `revisionAt` searches by halves with one read a step, and packed pages are made
 * from JSON events.
 *
 * Every call goes to the leader (kurrentdb/cluster.ts). The user of the connection must be allowed to read $all, which
 * only administrators may by default.
 */

import { CommandPlaces } from './command-places.ts';
import { AllStream } from './kurrentdb/all.ts';
import { Connection, type KurrentOptions } from './kurrentdb/connection.ts';
import { Cuts } from './kurrentdb/cuts.ts';
import { entryOf, factOf } from './kurrentdb/events.ts';
import { Heads } from './kurrentdb/heads.ts';
import { Streams } from './kurrentdb/streams.ts';
import { Tail } from './kurrentdb/tail.ts';
import { Writer } from './kurrentdb/writer.ts';
import { type Search, standingAtTime } from './moment.ts';
import { type PackedEntry, pagesOf } from './packed.ts';
import type { Appended, Commit, Delivery, EventLog, Head, Moment, PackedPage, RecordedFact } from './port.ts';

export type { KurrentOptions, Retry } from './kurrentdb/connection.ts';

/**
 * Opens the log in a KurrentDB cluster. Throws LogError `io` when the connection string is wrong, `unreachable` when no
 * server answers within `patienceMs`, `denied` when it refuses the user.
 */
export async function openKurrentLog(options: KurrentOptions): Promise<EventLog> {
  const connection = await Connection.open(options);
  try {
    const streams = new Streams(connection);
    const all = new AllStream(connection, streams);
    await all.open();
    return new KurrentLog(connection, streams, all);
  } catch (error) {
    connection.close();
    throw error;
  }
}

class KurrentLog implements EventLog {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #all: AllStream;
  readonly #tail: Tail;
  readonly #heads: Heads;
  readonly #writer: Writer;
  readonly #places = new CommandPlaces(this);
  /** Set as soon as closing begins: appends handed over before are still carried out. */
  #closing: Promise<void> | undefined;

  constructor(connection: Connection, streams: Streams, all: AllStream) {
    this.#connection = connection;
    this.#streams = streams;
    this.#all = all;
    this.#tail = new Tail(connection, all);
    this.#heads = new Heads(connection, all);
    const cuts = new Cuts(connection, streams);
    this.#writer = new Writer(connection, streams, cuts, (position) => all.note(position));
  }

  async append(commit: Commit): Promise<Appended> {
    this.#checkOpen();
    return this.#writer.append(commit);
  }

  async checkWritable(): Promise<void> {
    await this.lastPosition(); // answered by the leader, which takes appends as well
  }

  async readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    this.#checkOpen();
    return this.#writer.readCommand(stream, commandId);
  }

  async commandElsewhere(stream: string, commandId: string): Promise<string | undefined> {
    this.#checkOpen();
    return this.#writer.commandElsewhere(stream, commandId) ?? this.#places.elsewhere(stream, commandId);
  }

  async *readStream(
    stream: string,
    range: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    this.#checkOpen();
    for await (const { fact } of this.#streams.range(stream, first(range.from), last(range.to))) yield fact;
  }

  async *readAll(
    range: { readonly after?: number; readonly upTo?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    this.#checkOpen();
    const { prefix, place } = this.#connection;
    for await (const event of this.#all.history(first(range.after), last(range.upTo))) {
      yield factOf(event, prefix, place);
    }
  }

  readPacked(
    range:
      | { readonly after?: number; readonly upTo?: number }
      | { readonly stream: string; readonly from?: number; readonly to?: number } = {},
  ): AsyncIterable<PackedPage> {
    const names: string[] = [];
    return pagesOf(this.#entries(range, names), (number) => names[number] ?? '');
  }

  async revisionAt(stream: string, moment: Moment): Promise<number> {
    this.#checkOpen();
    const search: Search = (name, asked) => this.#streams.revisionAt(name, asked);
    if (!('time' in moment)) return search(stream, moment);
    const now = this.#connection.now().getTime();
    return (await standingAtTime(this, stream, moment.time, now, search)).revision;
  }

  async heads(): Promise<readonly Head[]> {
    this.#checkOpen();
    return this.#heads.sorted();
  }

  async head(stream: string): Promise<Head | undefined> {
    this.#checkOpen();
    return this.#streams.head(stream);
  }

  async lastPosition(): Promise<number> {
    this.#checkOpen();
    return this.#all.lastPosition();
  }

  /**
   * A share in one subscription of the server (kurrentdb/tail.ts), which reconnects by itself, for as long as it takes,
   * and goes on after the last fact that it delivered. History ends where the log ended when the subscription began.
   */
  async *subscribe(options: {
    readonly after: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Delivery, void, undefined> {
    this.#checkOpen();
    const { closed } = this.#connection;
    const signal = AbortSignal.any([options.signal, closed]);
    try {
      if (signal.aborted) return;
      const historyEnds = await this.#all.lastPosition();
      if (signal.aborted) return;
      let caughtUp = historyEnds <= options.after;
      if (caughtUp) yield { caughtUp: options.after };
      for await (const fact of this.#tail.follow(options.after, historyEnds, signal)) {
        if (signal.aborted) return;
        yield { fact };
        if (caughtUp || fact.position < historyEnds) continue;
        caughtUp = true;
        yield { caughtUp: fact.position };
      }
    } catch (error) {
      if (!signal.aborted) throw error; // a log that was closed ends its subscriptions, they don't fail
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#writer.idle().then(() => {
      this.#all.close();
      this.#connection.close();
    });
    return this.#closing;
  }

  async *#entries(
    range: Parameters<EventLog['readPacked']>[0] & {},
    names: string[],
  ): AsyncGenerator<PackedEntry, void, undefined> {
    this.#checkOpen();
    const { prefix, place } = this.#connection;
    if ('stream' in range) {
      names.push(range.stream);
      for await (const { event, fact } of this.#streams.range(
        range.stream,
        first(range.from),
        last(range.to),
      )) {
        yield entryOf(event, fact, 0, place);
      }
      return;
    }
    const numbers = new Map<string, number>();
    for await (const event of this.#all.history(first(range.after), last(range.upTo))) {
      const fact = factOf(event, prefix, place);
      const number = numbers.get(fact.stream) ?? names.push(fact.stream) - 1;
      numbers.set(fact.stream, number);
      yield entryOf(event, fact, number, place);
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw this.#connection.closedError();
  }
}

const first = (bound = 0): number => Math.max(bound, 0);
const last = (bound = Number.MAX_SAFE_INTEGER): number => bound;

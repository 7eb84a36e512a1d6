/**
 * The connection: the official client, loaded when a log is opened and not before, with what it lacks: patience
 * (the same call again, with growing pauses, while a node restarts or a leader is elected), a deadline for reads (the
 * client gives them none), and an end (the client's `dispose` leaves the channel open).
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { LogError } from '../errors.ts';
import { asLogError, isTransient, SilentServer } from './faults.ts';

/** A call that failed and is about to be made again. */
export interface Retry {
  readonly error: unknown;
  /** Failures in a row, from 1. */
  readonly attempt: number;
  readonly waitMs: number;
}

export interface KurrentOptions {
  /** `kurrentdb://user:password@host:2113?tls=true` or any other spelling that the clients know (esdb, +discover). */
  readonly connectionString: string;
  /** Begins the name of every stream of this log; `apledger-` by default. No log's prefix may begin another's. */
  readonly prefix?: string;
  /** How long a call, or the next event of a read, may take; 10 s by default. */
  readonly deadlineMs?: number;
  /** How long a failing call is made again before it is an error; 15 s by default. Subscriptions never give up. */
  readonly patienceMs?: number;
  /** Told of each retry, for the log of a service. */
  readonly onRetry?: (retry: Retry) => void;
}

export type Library = typeof import('@eventstore/db-client');

/** What of the client is not public, yet needed; held by test/kurrentdb/faults.test.ts for the pinned version. */
interface Internals {
  supports: (method: { readonly path: string }, feature?: string) => Promise<boolean>;
  getChannel(): Promise<{ close(): void }>;
}

/** A read or a subscription of the client. */
interface Stream<T> extends AsyncIterable<T> {
  destroy(error?: Error): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;
const SCHEME = /^(?:esdb|kurrentdb|kurrent|kdb)(\+discover)?:\/\//;

export class Connection {
  readonly library: Library;
  readonly client: EventStoreDBClient;
  readonly prefix: string;
  /** The server's address without credentials, for messages. */
  readonly place: string;
  readonly #closed = new AbortController();
  readonly #options: KurrentOptions;

  private constructor(library: Library, client: EventStoreDBClient, options: KurrentOptions) {
    this.library = library;
    this.client = client;
    this.prefix = options.prefix ?? 'apledger-';
    this.place = withoutCredentials(options.connectionString);
    this.#options = options;
  }

  /** Loads the client and makes sure that the server answers and lets us in. Throws LogError. */
  static async open(options: KurrentOptions): Promise<Connection> {
    const place = withoutCredentials(options.connectionString);
    const library = await import('@eventstore/db-client');
    const connection = new Connection(library, connect(library, options, place), options);
    try {
      await connection.patiently(async () => {
        for await (const _ of connection.events(() =>
          connection.client.readAll({ direction: library.BACKWARDS, fromPosition: library.END, maxCount: 1 }),
        ))
          break;
      });
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Makes a call, again and again while its failure may pass, until patience ends in a LogError. */
  async patiently<T>(call: () => Promise<T>): Promise<T> {
    const patience = this.patience();
    for (;;) {
      this.checkOpen();
      try {
        return await call();
      } catch (error) {
        await patience.afterFailure(error);
      }
    }
  }

  /** Patience for a reading that resumes by itself; `for ever` for a subscription. */
  patience(signal?: AbortSignal): Patience {
    const patienceMs = signal === undefined ? (this.#options.patienceMs ?? DEFAULT_PATIENCE_MS) : Infinity;
    return new Patience(this, patienceMs, this.#options.onRetry, signal);
  }

  /** The events of one read, each within the deadline; the call ends with the loop over them. */
  async *events<T>(begin: () => Stream<T> & { cancel(): Promise<void> }): AsyncGenerator<T, void, undefined> {
    this.checkOpen();
    const stream = begin();
    const close = this.release(stream, () => stream.cancel());
    const iterator = stream[Symbol.asyncIterator]();
    let waiting = true;
    let done = false;
    const silent = setTimeout(() => {
      if (waiting) stream.destroy(new SilentServer(`no answer from ${this.place} in time`));
    }, this.#options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    try {
      for (;;) {
        waiting = true;
        silent.refresh();
        const step = await iterator.next();
        waiting = false;
        done = step.done === true;
        if (step.done) return;
        yield step.value;
      }
    } finally {
      clearTimeout(silent);
      close(done);
    }
  }

  /**
   * Ends a stream of the client with this connection; gives what ends it earlier. A call that is done already must not
   * be cancelled as well: servers close connections on which too many calls are.
   */
  release<T>(stream: Stream<T>, cancel: () => Promise<void>): (done?: boolean) => void {
    // Errors reach us through the iterator; one that comes after its end must not bring the process down.
    stream.on('error', () => {});
    const release = (done = false): void => {
      this.#closed.signal.removeEventListener('abort', end);
      if (!done) cancel().catch(() => {}); // it never began
      stream.destroy();
    };
    const end = (): void => release();
    this.#closed.signal.addEventListener('abort', end);
    return release;
  }

  checkOpen(): void {
    if (this.#closed.signal.aborted) throw this.closedError();
  }

  closedError(): LogError {
    return new LogError('closed', this.place, 'the log was closed');
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(); // cancels every read and subscription; `dispose` of the client may wait for ever for them
    const channel = internals(this.client).getChannel();
    await channel.then(
      (open) => open.close(),
      () => {}, // it never came to a channel
    );
  }
}

/** Counts failures in a row and waits between them; throws a LogError when there is nothing to hope for. */
export class Patience {
  readonly #connection: Connection;
  readonly #patienceMs: number;
  readonly #onRetry: KurrentOptions['onRetry'];
  readonly #signal: AbortSignal;
  #attempt = 0;
  #since = 0;

  constructor(
    connection: Connection,
    patienceMs: number,
    onRetry: KurrentOptions['onRetry'],
    signal?: AbortSignal,
  ) {
    this.#connection = connection;
    this.#patienceMs = patienceMs;
    this.#onRetry = onRetry;
    this.#signal = signal === undefined ? connection.closed : AbortSignal.any([signal, connection.closed]);
  }

  /** Something came: what failed before is forgiven. */
  progress(): void {
    this.#attempt = 0;
  }

  async afterFailure(error: unknown): Promise<void> {
    this.#connection.checkOpen();
    if (!isTransient(error)) throw asLogError(error, this.#connection.place);
    this.#attempt += 1;
    if (this.#attempt === 1) this.#since = performance.now();
    else if (performance.now() - this.#since >= this.#patienceMs)
      throw asLogError(error, this.#connection.place);
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (this.#attempt - 1), LONGEST_PAUSE_MS);
    const waitMs = longest * (0.5 + Math.random() / 2); // so that many clients of one server don't return at once
    this.#onRetry?.({ error, attempt: this.#attempt, waitMs });
    await pause(waitMs, undefined, { signal: this.#signal }).catch(() => {}); // whoever aborted looks at it next
  }
}

function connect(library: Library, options: KurrentOptions, place: string): EventStoreDBClient {
  const { connectionString, deadlineMs = DEFAULT_DEADLINE_MS } = options;
  try {
    if (!SCHEME.test(connectionString)) throw new Error('it begins with kurrentdb:// or esdb://');
    const spelled = connectionString.replace(SCHEME, (_, discover?: string) => `esdb${discover ?? ''}://`);
    const deadline = /[?&]defaultDeadline=/i.test(spelled)
      ? ''
      : `${spelled.includes('?') ? '&' : '?'}defaultDeadline=${deadlineMs}`;
    const client = library.EventStoreDBClient.connectionString(`${spelled}${deadline}`);
    appendOneByOne(client);
    return client;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LogError('io', place, `cannot be connected to: ${reason}`, {
      remedy: 'correct the connection string',
      cause: error,
    });
  }
}

/**
 * Turns the client's batch appends off. They share one call without a deadline; when it fails, the client fails the
 * appends of every other connection of the process with it, and throws from a listener when their answers come
 * (dist/streams/appendToStream/batchAppend.js, `promiseBank`). A call for each append has none of that.
 */
function appendOneByOne(client: EventStoreDBClient): void {
  const inside = internals(client);
  const supports = inside.supports;
  inside.supports = async (method, feature) =>
    !method.path.endsWith('/BatchAppend') && supports(method, feature);
}

function internals(client: EventStoreDBClient): Internals {
  return client as unknown as Internals;
}

function withoutCredentials(connectionString: string): string {
  return connectionString.replace(/\/\/[^/?]*@/, '//').replace(/\?.*$/, '');
}

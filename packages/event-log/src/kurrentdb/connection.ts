/**
 * The connection: calls to whichever node leads, made again with growing pauses while a node restarts or a leader is
 * elected; a deadline for each of them; and an end.
 *
 * The official client gives the stubs; its own connection is not used (docs/decisions/0013-kurrentdb-connection.md).
 */

import { setTimeout as pause } from 'node:timers/promises';
import { LogError } from '../errors.ts';
import { type Address, addressOf } from './address.ts';
import { Batches, type End } from './batches.ts';
import { Cluster } from './cluster.ts';
import { diagnosed } from './diagnosis.ts';
import type { NewEvent } from './events.ts';
import { asLogError, Fault, faultOf, isTransient } from './faults.ts';
import { loadProtocol, type Protocol, type ReadRequest, type ReadResponse, Requests } from './protocol.ts';

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
  /** How long an append, or the next event of a read, may take; 10 s by default. */
  readonly deadlineMs?: number;
  /** How long a failing call is made again before it is an error; 15 s by default. Subscriptions never give up. */
  readonly patienceMs?: number;
  /** Told of each retry, for the log of a service. */
  readonly onRetry?: (retry: Retry) => void;
  /**
   * A directory of this machine that remembers where in the database this log begins and ends, so that a new process
   * needs not search for it among the events of others. It may be deleted at any time.
   */
  readonly directory?: string;
  /**
   * Told every two seconds while the server searches for the end of this log among the events of others: how many bytes of
   * the database's log it looks through, and how long it has taken so far. The server itself says nothing meanwhile.
   */
  readonly onSearch?: (bytes: number, elapsedMs: number) => void;
  /** The clock of this process. */
  readonly now?: () => Date;
}

const DEFAULT_DEADLINE_MS = 10_000;
const DEFAULT_PATIENCE_MS = 15_000;
/** Of the last try. */
const SHORTEST_DEADLINE_MS = 100;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 2_000;

export class Connection {
  readonly prefix: string;
  /** The server's address without credentials, for messages. */
  readonly place: string;
  readonly requests: Requests;
  readonly options: KurrentOptions;
  readonly now: () => Date;
  readonly #protocol: Protocol;
  readonly #address: Address;
  readonly #cluster: Cluster;
  readonly #batches: Batches;
  readonly #closed = new AbortController();
  readonly #deadlineMs: number;

  private constructor(protocol: Protocol, address: Address, options: KurrentOptions) {
    this.prefix = options.prefix ?? 'apledger-';
    this.place = address.place;
    this.options = options;
    this.now = options.now ?? (() => new Date());
    this.requests = new Requests(protocol);
    this.#protocol = protocol;
    this.#address = address;
    this.#deadlineMs = options.deadlineMs ?? address.deadlineMs ?? DEFAULT_DEADLINE_MS;
    this.#cluster = new Cluster(protocol, address);
    this.#batches = new Batches(protocol, this.requests, this.#cluster, () => this.#metadata());
  }

  /** Loads the stubs and makes sure that the server answers and lets us in. Throws LogError. */
  static async open(options: KurrentOptions): Promise<Connection> {
    const address = addressOf(options.connectionString);
    const connection = new Connection(await loadProtocol(), address, options);
    const first = connection.requests.readAll({ from: 'end', backwards: true, count: 1 });
    try {
      await connection.patiently(async () => {
        try {
          for await (const _ of connection.read(first));
        } catch (error) {
          throw (isTransient(error) ? await diagnosed(address) : undefined) ?? error;
        }
      });
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Makes a call, again and again while its failure may pass, until patience ends in a LogError. */
  async patiently<T>(call: (deadlineMs: number) => Promise<T>): Promise<T> {
    const patience = this.patience();
    for (;;) {
      this.checkOpen();
      try {
        return await call(Math.min(this.#deadlineMs, Math.max(patience.leftMs, SHORTEST_DEADLINE_MS)));
      } catch (error) {
        await patience.afterFailure(error);
      }
    }
  }

  /** Patience for a reading that resumes by itself; without an end for a subscription, until its signal. */
  patience(signal?: AbortSignal): Patience {
    const patienceMs = signal === undefined ? (this.options.patienceMs ?? DEFAULT_PATIENCE_MS) : Infinity;
    return new Patience(this, patienceMs, signal);
  }

  /** Appends behind a revision (-1: a new stream), once. Throws Fault. */
  append(stream: string, revision: number, events: readonly NewEvent[], deadlineMs: number): Promise<End> {
    this.checkOpen();
    return this.#batches.append(stream, revision, events, deadlineMs);
  }

  /**
   * The messages of one read, each within the deadline or what else may pass between two of them (`silentMs`, Infinity
   * for a live subscription). The call ends with the loop over them, or with the signal. Throws Fault.
   */
  async *read(
    request: ReadRequest,
    {
      silentMs = this.#deadlineMs,
      signal,
    }: { readonly silentMs?: number; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ReadResponse, void, undefined> {
    this.checkOpen();
    const isBounded = Number.isFinite(silentMs);
    const node = await this.#cluster.node();
    if (signal?.aborted) return;
    const begun = node.begin((fault) => call.destroy(fault));
    const call = begun.client.read(request, this.#metadata());
    call.on('error', () => {}); // it reaches us through the iterator; one after its end concerns nobody
    const abort = (): void => void call.destroy();
    signal?.addEventListener('abort', abort, { once: true });
    let isWaiting = false;
    let isDone = false;
    const silent = setTimeout(
      () => {
        if (isWaiting) call.destroy(new Fault('timeout', `no answer from ${this.place} in time`));
      },
      isBounded ? silentMs : 0,
    );
    const iterator = call[Symbol.asyncIterator]();
    try {
      for (;;) {
        isWaiting = isBounded;
        begun.waits(isBounded);
        if (isBounded) silent.refresh();
        const step = await iterator.next();
        isWaiting = false;
        begun.waits(false);
        node.heardAt = performance.now();
        isDone = step.done === true;
        if (step.done) return;
        if (step.value.hasStreamNotFound()) {
          isDone = true;
          throw new Fault('stream-not-found', 'there is no such stream');
        }
        yield step.value;
      }
    } catch (error) {
      if (signal?.aborted) return;
      const fault = faultOf(error);
      this.#cluster.failed(node, fault);
      throw fault;
    } finally {
      clearTimeout(silent);
      signal?.removeEventListener('abort', abort);
      // A call that is done must not be cancelled as well: servers close connections on which too many calls are.
      if (!isDone) call.cancel();
      call.destroy();
      begun.done();
    }
  }

  checkOpen(): void {
    if (this.#closed.signal.aborted) throw this.closedError();
  }

  closedError(): LogError {
    return new LogError('closed', this.place, 'the log was closed');
  }

  close(): void {
    this.#closed.abort();
    this.#cluster.close();
  }

  #metadata(): InstanceType<Protocol['grpc']['Metadata']> {
    const { user, tls, connectionName = 'apledger' } = this.#address;
    const metadata = new this.#protocol.grpc.Metadata();
    metadata.set('connection-name', connectionName);
    metadata.set('requires-leader', 'true');
    if (user !== undefined && tls) {
      const login = Buffer.from(`${user.name}:${user.password}`).toString('base64');
      metadata.set('authorization', `Basic ${login}`);
    }
    return metadata;
  }
}

/** Counts failures in a row and waits between them; throws a LogError when there is nothing to hope for. */
export class Patience {
  readonly #connection: Connection;
  readonly #patienceMs: number;
  readonly #signal: AbortSignal;
  #attempt = 0;
  #since = performance.now();

  constructor(connection: Connection, patienceMs: number, signal?: AbortSignal) {
    this.#connection = connection;
    this.#patienceMs = patienceMs;
    this.#signal = signal === undefined ? connection.closed : AbortSignal.any([signal, connection.closed]);
  }

  /** How long it lasts from now on. */
  get leftMs(): number {
    return Math.max(0, this.#patienceMs - (performance.now() - this.#since));
  }

  /** Something came: what failed before is forgiven. */
  progress(): void {
    this.#attempt = 0;
    this.#since = performance.now();
  }

  async afterFailure(error: unknown): Promise<void> {
    this.#connection.checkOpen();
    const { leftMs } = this;
    // One more try at least: a slow first one may have learnt who leads.
    const isOver = leftMs === 0 && this.#attempt > 0;
    if (isOver || !isTransient(error)) throw asLogError(error, this.#connection.place);
    this.#attempt += 1;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (this.#attempt - 1), LONGEST_PAUSE_MS);
    // Not all at once: many clients of one server lost it at the same moment.
    const waitMs = Math.min(longest * (0.5 + Math.random() / 2), leftMs);
    this.#connection.options.onRetry?.({ error, attempt: this.#attempt, waitMs });
    await pause(waitMs, undefined, { signal: this.#signal }).catch(() => {}); // the one who aborted looks at it next
  }
}

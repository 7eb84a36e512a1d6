/**
 * The connection to the servers, and questions to their JetStream API.
 *
 * Servers restart, lose their leader and come back: a question is asked again until it is answered or the patience
 * is over. What a server refuses for good is a LogError at once.
 */

import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connect,
  createInbox,
  credsAuthenticator,
  errors,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
  RequestError,
} from '@nats-io/transport-node';
import { LogError } from '../errors.ts';
import { type ApiError, asLogError, denial, isPassing, refusal } from './faults.ts';

/** How to reach the servers, and as whom. */
export interface ServerOptions {
  /** `nats://host:port`, `tls://host:port` or `host:port`; any one that answers will do. */
  readonly servers: string | readonly string[];
  /** With a user, answers come on `_INBOX.<user>.>`: a server can then keep users from reading those of others. */
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** File with a JWT and its seed, as `nsc` writes it. */
  readonly credentialsFile?: string;
  /** Files in PEM: whom to trust, and who this client is. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** How long an append or a reading waits for the servers, elections of a leader included; 20,000 by default. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;
/** A question without an answer is asked again: it, or its answer, may have been lost with a server. */
const ATTEMPT_MS = 3000;
const CONNECT_MS = 5000;
const PAUSE_MS = 50;
const RECONNECT_MS = 100;

/** `lost`: the connection broke. `back`: it stands again, maybe to another server. `denied`: see faults.ts. */
interface BrokerEvents {
  lost: [];
  back: [];
  denied: [PermissionViolationError];
}

/** How long to ask for an answer; the broker's timeout by default. */
export interface Waiting {
  readonly patienceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A JetStream API reply that says no, where the caller wants to tell which. */
export class Refused extends Error {
  readonly error: ApiError;

  constructor(error: ApiError) {
    super(error.description);
    this.error = error;
  }
}

export class Broker {
  readonly nc: NatsConnection;
  /** The servers as they were given, without credentials: for messages. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly #inboxPrefix: string;
  readonly events = new EventEmitter<BrokerEvents>();
  #connected = true;
  #ended: Error | undefined;

  private constructor(nc: NatsConnection, path: string, options: ServerOptions) {
    this.nc = nc;
    this.path = path;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#inboxPrefix = inboxOf(options.user);
    this.events.setMaxListeners(0);
    void this.#watch();
    void nc.closed().then((error) => {
      this.#ended = error instanceof Error ? error : new Error('the connection was closed');
      this.#connected = false;
      this.events.emit('lost');
    });
  }

  /** Throws LogError `unreachable` or `denied`. */
  static async connect(options: ServerOptions, name: string): Promise<Broker> {
    const servers = [options.servers].flat();
    const path = `${servers.map((server) => server.replace(/\/\/[^@/]*@/, '//')).join(',')} (${name})`;
    try {
      const nc = await connect({ ...clientOptions(options), name: `apledger ${name}` });
      return new Broker(nc, path, options);
    } catch (error) {
      throw asLogError(error, path);
    }
  }

  /** A subject for answers to this connection. */
  inbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Throws LogError when the connection has ended for good. */
  check(): void {
    if (this.#ended !== undefined) throw asLogError(this.#ended, this.path);
  }

  /**
   * Asks the JetStream API (`STREAM.INFO.<name>`). Throws Refused when it says no for good, LogError `unreachable`
   * or `denied`.
   */
  async ask(api: string, question: object, waiting: Waiting = {}): Promise<unknown> {
    const { patienceMs = this.timeoutMs, signal } = waiting;
    const deadline = performance.now() + patienceMs;
    const payload = JSON.stringify(question);
    for (;;) {
      this.check();
      signal?.throwIfAborted();
      let reason = '';
      try {
        const answer = await this.#attempt(api, payload, deadline, signal);
        const reply: unknown = JSON.parse(answer.string());
        const error = errorOf(reply);
        if (error === undefined) return reply;
        if (!isPassing(error)) throw new Refused(error);
        reason = error.description;
      } catch (error) {
        if (error instanceof Refused || signal?.aborted === true) throw error;
        if (!mayPass(error)) throw asLogError(error, this.path);
        reason = silence(error);
      }
      if (performance.now() >= deadline) {
        throw this.silent(`no answer within ${patienceMs} ms: ${reason}`);
      }
      await delay(PAUSE_MS);
    }
  }

  /** One question, once there is a connection; fails as soon as that is lost, since no answer can come then. */
  async #attempt(api: string, payload: string, deadline: number, signal?: AbortSignal): Promise<Msg> {
    const over = new AbortController();
    const isOver = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    const left = Math.max(Math.min(deadline - performance.now(), ATTEMPT_MS), 1);
    const late = setTimeout(() => over.abort(new Silence('there is no connection')), left);
    try {
      if (!this.#connected) await this.#until('back', isOver);
      clearTimeout(late);
      const request = this.nc.request(`$JS.API.${api}`, payload, { timeout: ATTEMPT_MS });
      const lost = this.#until('lost', isOver).then(() => {
        throw new Silence('the connection was lost');
      });
      for (const each of [request, lost]) each.catch(() => undefined); // whoever comes second is not heard
      return await Promise.race([request, lost]);
    } finally {
      clearTimeout(late);
      over.abort();
    }
  }

  /** Resolves at the event; rejects with the signal's reason. */
  async #until(event: 'lost' | 'back', signal: AbortSignal): Promise<void> {
    try {
      await once(this.events, event, { signal });
    } catch {
      throw signal.reason;
    }
  }

  /** As ask, with what the API refuses as LogError. */
  async demand(api: string, question: object, waiting?: Waiting): Promise<unknown> {
    try {
      return await this.ask(api, question, waiting);
    } catch (error) {
      throw error instanceof Refused ? refusal(error.error, this.path) : error;
    }
  }

  async close(): Promise<void> {
    await this.nc.close();
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect') {
        this.#connected = false;
        this.events.emit('lost');
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        this.events.emit('back');
      } else if (status.type === 'error' && status.error instanceof PermissionViolationError) {
        this.events.emit('denied', status.error);
      }
    }
  }

  /** The LogError for what was not answered in time. */
  silent(reason: string): LogError {
    const { path } = this;
    if (!this.#connected) return new LogError('unreachable', path, reason);
    const remedy =
      "look at the servers' log: JetStream stops when a disk is full, or two servers of three are away";
    return new LogError('unreachable', path, `connected, but ${reason}`, { remedy });
  }

  /** The LogError for a subject that this user may not use. */
  denial(error: PermissionViolationError): LogError {
    return denial(error, this.path);
  }
}

function clientOptions(options: ServerOptions): NodeConnectionOptions {
  const { user, password, token, credentialsFile, tls, timeoutMs = CONNECT_MS } = options;
  return {
    servers: [options.servers].flat(),
    timeout: Math.min(CONNECT_MS, timeoutMs),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    inboxPrefix: inboxOf(user),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(readFileSync(credentialsFile)) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function inboxOf(user = ''): string {
  return /^[A-Za-z0-9_-]+$/.test(user) ? `_INBOX.${user}` : '_INBOX';
}

function errorOf(reply: unknown): ApiError | undefined {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return undefined;
  const { code, err_code, description } = reply.error as Partial<ApiError>;
  return { code: code ?? 0, err_code: err_code ?? 0, description: description ?? 'an error without words' };
}

/** There is nobody to answer now. */
class Silence extends Error {}

/** Nobody answered: in time, or at all. */
function mayPass(error: unknown): boolean {
  if (error instanceof errors.TimeoutError || error instanceof Silence) return true;
  return error instanceof RequestError && error.isNoResponders();
}

function silence(error: unknown): string {
  if (error instanceof Silence) return error.message;
  if (error instanceof errors.TimeoutError) return 'the server does not answer';
  return 'no JetStream: it has no leader now, or is not enabled for this account';
}

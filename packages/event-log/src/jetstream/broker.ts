/**
 * The connection of a log, and questions to the JetStream API over it.
 *
 * Servers restart, lose their leader and come back: a question is asked again until it is answered or the patience
 * is over. What a server refuses for good is a LogError at once.
 */

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Link, placeOf, type ServerOptions } from '@apledger/nats';
import { JetStreamApiError, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { LogError } from '../errors.ts';
import { asLogError, isPassing } from './faults.ts';

const DEFAULT_TIMEOUT_MS = 20_000;
/** A question without an answer is asked again: it, or its answer, may have been lost with a server. */
const ATTEMPT_MS = 3000;
const PAUSE_MS = 50;

/** How long to ask for an answer; the broker's timeout by default. */
export interface Waiting {
  readonly patienceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export class Broker {
  readonly link: Link;
  /** The servers as they were given, without credentials, and the stream: for messages. */
  readonly path: string;
  readonly timeoutMs: number;
  readonly #manager: JetStreamManager;

  private constructor(link: Link, path: string, timeoutMs: number, manager: JetStreamManager) {
    this.link = link;
    this.path = path;
    this.timeoutMs = timeoutMs;
    this.#manager = manager;
  }

  /** Throws LogError `unreachable` or `denied`. */
  static async connect(
    options: ServerOptions,
    name: string,
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<Broker> {
    const pathOf = (place: string): string => `${place} (${name})`;
    try {
      const link = await Link.open(options, name, timeoutMs);
      const manager = await jetstreamManager(link.nc, { checkAPI: false, timeout: ATTEMPT_MS });
      return new Broker(link, pathOf(link.place), timeoutMs, manager);
    } catch (error) {
      throw asLogError(error, pathOf(placeOf(options)));
    }
  }

  /** Throws LogError when the connection has ended for good. */
  check(): void {
    try {
      this.link.check();
    } catch (error) {
      throw asLogError(error, this.path);
    }
  }

  /**
   * Asks the JetStream API until it answers. Throws LogError: what it refuses for good, `denied`, or `unreachable`
   * when the patience is over.
   */
  async ask<T>(question: (manager: JetStreamManager) => Promise<T>, waiting: Waiting = {}): Promise<T> {
    const { patienceMs = this.timeoutMs, signal } = waiting;
    const deadline = performance.now() + patienceMs;
    for (;;) {
      this.check();
      signal?.throwIfAborted();
      try {
        return await this.#attempt(question, deadline, signal);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        const reason = passingReason(error);
        if (reason === undefined) throw asLogError(error, this.path);
        if (performance.now() >= deadline) throw this.silent(`no answer within ${patienceMs} ms: ${reason}`);
      }
      await delay(PAUSE_MS);
    }
  }

  /** One question, once there is a connection; fails as soon as that is lost, since no answer can come then. */
  async #attempt<T>(
    question: (manager: JetStreamManager) => Promise<T>,
    deadline: number,
    signal?: AbortSignal,
  ): Promise<T> {
    const over = new AbortController();
    const isOver = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    const left = Math.max(Math.min(deadline - performance.now(), ATTEMPT_MS), 1);
    const late = setTimeout(() => over.abort(new Silence('there is no connection')), left);
    try {
      await this.link.standing(isOver);
      clearTimeout(late);
      const answer = question(this.#manager);
      const lost = once(this.link.events, 'lost', { signal: isOver }).then(() => {
        throw new Silence('the connection was lost');
      });
      for (const each of [answer, lost]) each.catch(() => undefined); // the second of the two is not heard
      return await Promise.race([answer, lost]);
    } finally {
      clearTimeout(late);
      over.abort();
    }
  }

  async close(): Promise<void> {
    await this.link.nc.close();
  }

  /** The LogError for what was not answered in time. */
  silent(reason: string): LogError {
    const { path } = this;
    if (this.link.broken !== undefined) return new LogError('unreachable', path, reason);
    const remedy =
      "look at the servers' log: JetStream stops when a disk is full, or two servers of three are away";
    return new LogError('unreachable', path, `connected, but ${reason}`, { remedy });
  }
}

/** There is nobody to answer now. */
class Silence extends Error {}

/** What a person would say of an error that may pass without anybody doing anything; undefined for any other. */
function passingReason(error: unknown): string | undefined {
  if (error instanceof Silence) return error.message;
  if (error instanceof errors.TimeoutError) return 'the server does not answer';
  if (error instanceof JetStreamApiError) return isPassing(error.apiError()) ? error.message : undefined;
  // The client does not export its class for a question that nobody takes.
  if (error instanceof Error && error.name === 'JetStreamNotEnabled')
    return 'no JetStream: it has no leader now, or is not enabled for this account';
  return undefined;
}

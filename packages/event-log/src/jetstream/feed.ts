/**
 * Messages of a subject in order, without gap or duplicate, across lost connections, servers and leaders: through the
 * client's ordered consumer, which makes itself anew behind the last message whenever a delivery is missing.
 *
 * Messages come in runs, since a turn of the event loop for each would cost more than the message. How much may be on
 * its way is bounded, so a slow reader slows the server down.
 */

import { setImmediate as turn } from 'node:timers/promises';
import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type OrderedConsumerOptions,
} from '@nats-io/jetstream';
import { LogError } from '../errors.ts';
import type { Broker, Waiting } from './broker.ts';
import { asLogError } from './faults.ts';
import type { Stored } from './record.ts';

export interface FeedOptions {
  /** JetStream stream. */
  readonly archive: string;
  /** Subject, wildcards allowed. */
  readonly subject: string;
  /** First sequence wanted. */
  readonly from: number;
  /** Last sequence wanted, which need not exist; without it the feed goes on for ever. */
  readonly upTo?: number;
  /** Messages that may be on their way. */
  readonly window: number;
  readonly signal?: AbortSignal;
}

/** Messages that wait here for the reader, besides the window. */
const MAX_RUN = 1024;
/** The server says so often that it is alive; the client takes two that are missed for a lost consumer. */
const HEARTBEAT_MS = 1000;
/** How long one request for messages stands, and how long the client waits before it asks again for a lost consumer. */
const PULL_MS = 2 * HEARTBEAT_MS;
/** After so much silence a feed asks whether there is more. */
const SILENCE_MS = 4500;
/** A server forgets a consumer that nobody pulled from for so long. */
const FORGET_MS = 30_000;
/** For a live feed nobody waits: it goes on when the servers come back, whenever that is. */
const FOR_EVER_MS = Number.POSITIVE_INFINITY;

/**
 * Yields runs of messages, each at least one. Ends after `upTo`, or without an error on abort. A bounded feed throws
 * LogError when the servers stay away; an unbounded one waits for them.
 */
export async function* feed(
  broker: Broker,
  options: FeedOptions,
): AsyncGenerator<readonly Stored[], void, undefined> {
  const { archive, subject, upTo, signal } = options;
  const patienceMs = upTo === undefined ? FOR_EVER_MS : broker.timeoutMs;
  let next = options.from;
  let heardAt = performance.now();
  while (signal?.aborted !== true) {
    const config = { filter_subjects: subject, opt_start_seq: next, inactive_threshold: FORGET_MS };
    const consumer = await open(broker, archive, config, { patienceMs, signal });
    for await (const run of runsOf(broker, consumer, { ...options, from: next })) {
      next = nextAfter(run, next);
      yield run;
      heardAt = performance.now();
    }
    if (upTo === undefined) broker.check();
    else if (next > upTo || !(await exists(broker, options, next))) return;
    else checkPatience(broker, heardAt);
  }
}

/**
 * The last message of each subject, and those that come while they are read: up to the stream's end as it is then.
 * Some may come twice.
 */
export async function* lastOfEach(
  broker: Broker,
  options: Omit<FeedOptions, 'from' | 'upTo'> & { readonly end: () => Promise<number> },
): AsyncGenerator<readonly Stored[], void, undefined> {
  const { archive, subject, end } = options;
  const config = {
    filter_subjects: subject,
    deliver_policy: DeliverPolicy.LastPerSubject,
    inactive_threshold: FORGET_MS,
  };
  for (const since = performance.now(); ; checkPatience(broker, since)) {
    const consumer = await open(broker, archive, config);
    const bounded = { ...options, from: 1, upTo: await end() };
    let next = 1;
    for await (const run of runsOf(broker, consumer, bounded)) {
      next = nextAfter(run, next);
      yield run;
    }
    if (next > bounded.upTo || !(await exists(broker, bounded, next))) return;
  }
}

/** The sequence behind a run. */
const nextAfter = (run: readonly Stored[], next: number): number => (run.at(-1)?.sequence ?? next - 1) + 1;

/** Throws LogError `unreachable` when nothing came for too long. */
function checkPatience(broker: Broker, heardAt: number): void {
  if (performance.now() - heardAt >= broker.timeoutMs)
    throw broker.silent(`no message within ${broker.timeoutMs} ms`);
}

function open(
  broker: Broker,
  archive: string,
  config: Partial<OrderedConsumerOptions>,
  waiting: Waiting = {},
): Promise<Consumer> {
  return broker.ask((manager) => manager.jetstream().consumers.get(archive, config), waiting);
}

/** Ends after `upTo`, on abort, and when the consumer brings nothing more, though there may be more. */
async function* runsOf(
  broker: Broker,
  consumer: Consumer,
  options: FeedOptions,
): AsyncGenerator<readonly Stored[], void, undefined> {
  const { upTo, window, signal } = options;
  const messages = await consumer.consume({
    max_messages: window,
    expires: PULL_MS,
    idle_heartbeat: HEARTBEAT_MS,
  });
  const inbox = new Inbox(messages, options.from);
  const stop = (): void => inbox.stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    while (upTo === undefined || inbox.next <= upTo || inbox.isFilled) {
      const run = await inbox.take();
      if (signal?.aborted === true) return;
      if (run === 'ended') {
        const error = lost(broker, inbox.error);
        if (upTo === undefined && error.code === 'unreachable') return; // the next one is made behind what came
        throw error;
      }
      const isWithin = upTo === undefined || inbox.next - 1 <= upTo;
      const wanted = isWithin ? run : run.filter(({ sequence }) => sequence <= upTo);
      if (wanted.length > 0) yield wanted;
      // A message that was deleted from the stream never comes, nor does any where the consumer's server lags for ever.
      const isSilent = run.length === 0 && !inbox.isFilled;
      if (isSilent && (upTo !== undefined || (await isStuck(broker, options, inbox)))) return;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    inbox.stop();
    // Nobody waits for the answer: the server forgets the consumer by itself as well.
    if (broker.link.broken === undefined) consumer.delete().catch(() => undefined);
  }
}

function lost(broker: Broker, reason: unknown): LogError {
  const error = asLogError(reason, broker.path);
  return error instanceof LogError && error.code === 'denied' ? error : broker.silent('the consumer is lost');
}

/** Whether there is a message that a consumer without end should have brought. */
async function isStuck(broker: Broker, options: FeedOptions, inbox: Inbox): Promise<boolean> {
  try {
    const isThere = await exists(broker, options, inbox.next, { patienceMs: 0, signal: options.signal });
    return isThere && !inbox.isFilled;
  } catch (error) {
    if (options.signal?.aborted === true) return true;
    if (error instanceof LogError && error.code === 'unreachable') return false; // it waits for the servers
    throw error;
  }
}

async function exists(
  broker: Broker,
  options: FeedOptions,
  next: number,
  waiting: Waiting = {},
): Promise<boolean> {
  const { archive, subject, upTo = Number.POSITIVE_INFINITY } = options;
  // The server has had both fields together since 2.9; the client's types know them from its direct API only.
  const query = { seq: next, next_by_subj: subject };
  const message = await broker.ask((manager) => manager.streams.getMessage(archive, query), waiting);
  return message !== null && message.seq <= upTo;
}

/** Gathers what the consumer delivers into runs. */
class Inbox {
  readonly #messages: ConsumerMessages;
  /** Sequence behind the last message taken in. */
  next: number;
  error: unknown;
  #run: Stored[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #taken: (() => void) | undefined;

  constructor(messages: ConsumerMessages, from: number) {
    this.#messages = messages;
    this.next = from;
    void this.#gather();
  }

  get isFilled(): boolean {
    return this.#run.length > 0;
  }

  /** What has come; nothing when nothing came for a while; `ended` when nothing more will come. */
  async take(): Promise<readonly Stored[] | 'ended'> {
    if (this.#run.length === 0 && !this.#hasEnded) {
      await this.#something();
      await turn(); // the rest of what came with it
    }
    if (this.#run.length === 0 && this.#hasEnded) return 'ended';
    const run = this.#run;
    this.#run = [];
    this.#taken?.();
    return run;
  }

  stop(): void {
    this.#messages.stop();
    this.#taken?.();
    this.#wake?.();
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(late);
        this.#wake = undefined;
        resolve();
      };
      const late = setTimeout(wake, SILENCE_MS);
      this.#wake = wake;
    });
  }

  async #gather(): Promise<void> {
    try {
      for await (const { seq, subject, data } of this.#messages) {
        // A 2.9 that recovered from a full disk delivers from the stream's start whatever was asked for.
        if (seq < this.next) continue;
        this.next = seq + 1;
        this.#run.push({ sequence: seq, subject, data });
        this.#wake?.();
        if (this.#run.length >= MAX_RUN) await this.#room();
      }
    } catch (error) {
      this.error = error;
    }
    this.#hasEnded = true;
    this.#wake?.();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#taken = () => {
        this.#taken = undefined;
        resolve();
      };
    });
  }
}

/**
 * Consumers that share the work: a persistent subscription of the server, which remembers how far a group has come
 * and hands each fact to one of its consumers, at least once.
 *
 *     for await (const work of consumeKurrent({ connectionString, group: 'mailer', signal })) {
 *       try { await mail(work.fact); await work.ack(); }
 *       catch (error) { await work.retry(String(error)); }
 *     }
 *
 * Facts of one stream go to one consumer as long as the group stays the same (strategy "Pinned"); with retries, and
 * when consumers come and go, their order is not kept. Who needs order takes `subscribe` of the log instead.
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { AllStreamRecordedEvent, PersistentSubscriptionToAll } from '@eventstore/db-client';
import type { RecordedFact } from '../port.ts';
import { Connection, type KurrentOptions } from './connection.ts';
import { factOf } from './events.ts';
import { isFault } from './faults.ts';

export interface ConsumerOptions extends KurrentOptions {
  /** Consumers with the same group share the facts. The group is made when there is none; it outlives its consumers. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Where a group begins that is new: with the log's first fact (the default) or with the next one. */
  readonly from?: 'start' | 'end';
  /** Facts handed to this consumer that it has not answered yet, at most; 10 by default. */
  readonly inHand?: number;
  /** For a group that is new: a fact not answered within is handed out again; 30 s by default. */
  readonly answerWithinMs?: number;
  /** For a group that is new: a fact is parked once it was handed out again so often; 10 by default. */
  readonly maxRetries?: number;
}

/** A fact in the hands of a consumer. An answer that is lost with its connection is no error: the fact comes again. */
export interface Work {
  readonly fact: RecordedFact;
  /** From 1; more when it was handed out before. */
  readonly attempt: number;
  ack(): Promise<void>;
  /** Hand it out again, to whomever. */
  retry(reason: string): Promise<void>;
  /** Set it aside with the reason; `replayParked` hands it out again. */
  park(reason: string): Promise<void>;
}

/** How long a consumer that was told to stop stays connected for its last answers to arrive. */
const LINGER_MS = 50;
const GROUP_DEFAULTS = { answerWithinMs: 30_000, maxRetries: 10, inHand: 10 };

/**
 * Hands out the facts of a group until the signal; reconnects for as long as it takes. An event that is no fact of
 * this log is parked with the reason. Throws LogError when the group is deleted meanwhile, or access is denied.
 */
export async function* consumeKurrent(options: ConsumerOptions): AsyncGenerator<Work, void, undefined> {
  const { signal } = options;
  const connection = await Connection.open(options);
  try {
    await createGroup(connection, options);
    const patience = connection.patience(signal);
    while (!signal.aborted) {
      try {
        for await (const work of handOut(connection, options)) {
          patience.progress();
          yield work;
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        await patience.afterFailure(error);
      }
    }
  } finally {
    await connection.close();
  }
}

/** Hands the parked facts of a group out again, at most `limit` of them. Throws LogError when there is no such group. */
export async function replayParked(
  options: KurrentOptions & { readonly group: string; readonly limit?: number },
): Promise<void> {
  const connection = await Connection.open(options);
  try {
    const stopAt = options.limit === undefined ? {} : { stopAt: options.limit };
    await connection.patiently(() => connection.client.replayParkedMessagesToAll(options.group, stopAt));
  } finally {
    await connection.close();
  }
}

async function createGroup(connection: Connection, options: ConsumerOptions): Promise<void> {
  const { client, library, prefix } = connection;
  const settings = library.persistentSubscriptionToAllSettingsFromDefaults({
    startFrom: options.from === 'end' ? library.END : library.START,
    messageTimeout: options.answerWithinMs ?? GROUP_DEFAULTS.answerWithinMs,
    maxRetryCount: options.maxRetries ?? GROUP_DEFAULTS.maxRetries,
    consumerStrategyName: library.PINNED,
  });
  const filter = library.streamNameFilter({ prefixes: [prefix] });
  await connection.patiently(async () => {
    try {
      await client.createPersistentSubscriptionToAll(options.group, settings, { filter });
    } catch (error) {
      if (!isFault(error, 'persistent-subscription-exists')) throw error;
    }
  });
}

async function* handOut(
  connection: Connection,
  options: ConsumerOptions,
): AsyncGenerator<Work, void, undefined> {
  const { group, signal, inHand = GROUP_DEFAULTS.inHand } = options;
  const { client, prefix, place } = connection;
  const subscription = client.subscribeToPersistentSubscriptionToAll(group, { bufferSize: inHand });
  const release = connection.release(subscription, () => subscription.unsubscribe());
  // A write to a call that is over waits for ever: whoever answers then is told at once.
  const over = new Promise<void>((resolve) => subscription.once('error', () => resolve()));
  const stop = (): void => void subscription.destroy(); // no more work; answers can still be given
  signal.addEventListener('abort', stop);
  try {
    for await (const resolved of subscription) {
      const { event } = resolved;
      if (event === undefined) continue;
      const answers = answersTo(subscription, resolved, over);
      const fact = readable(event, prefix, place);
      if (fact instanceof Error) await answers.park(fact.message);
      else yield { fact, attempt: resolved.retryCount + 1, ...answers };
      if (signal.aborted) return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    // The protocol acknowledges no answer, and what is not sent yet is lost with the call.
    if (signal.aborted) await pause(LINGER_MS);
    release();
  }
}

function answersTo(
  subscription: PersistentSubscriptionToAll,
  resolved: Parameters<PersistentSubscriptionToAll['ack']>[0],
  over: Promise<void>,
): Pick<Work, 'ack' | 'retry' | 'park'> {
  const answer = (given: Promise<void>): Promise<void> => Promise.race([given.catch(() => {}), over]);
  return {
    ack: () => answer(subscription.ack(resolved)),
    retry: (reason) => answer(subscription.nack('retry', reason, resolved)),
    park: (reason) => answer(subscription.nack('park', reason, resolved)),
  };
}

function readable(event: AllStreamRecordedEvent, prefix: string, place: string): RecordedFact | Error {
  try {
    return factOf(event, prefix, place);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Asks the log every second whether it answers, so that everybody else knows without asking.
 *
 * A question that has no answer yet is waited for: adapters ask again by themselves, and are answered as soon as the log is
 * back.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type EventLog, LogError } from '@apledger/event-log';
import type { LogHealth } from './health.ts';

const PROBE_MS = 1000;
/** So many ticks without an answer are silence. A process that was busy itself for as long counts one. */
const SILENT_TICKS = 4;
const TICK_MS = 500;

export interface ProbeOptions {
  readonly log: EventLog;
  readonly health: LogHealth;
  /** Gets where the log ended at a moment, in ms since 1970. */
  readonly onPosition: (position: number, askedAt: number) => void;
  readonly now: () => Date;
}

/** Asks until the signal. */
export async function probe(options: ProbeOptions, signal: AbortSignal): Promise<void> {
  let isAskingToWrite = false;
  while (!signal.aborted) {
    await askReading(options, signal);
    // Not waited for: it can take as long as a lock is waited for.
    if (!isAskingToWrite) {
      isAskingToWrite = true;
      void askWriting(options, signal).finally(() => {
        isAskingToWrite = false;
      });
    }
    await delay(PROBE_MS, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function askReading(
  { log, health, onPosition, now }: ProbeOptions,
  signal: AbortSignal,
): Promise<void> {
  const askedAt = now().getTime();
  let ticks = 0;
  const silence = setInterval(() => {
    ticks += 1;
    if (ticks === SILENT_TICKS) health.failedToRead(silent());
  }, TICK_MS).unref();
  try {
    const position = await log.lastPosition();
    onPosition(position, askedAt);
    health.canRead();
  } catch (error) {
    if (!signal.aborted) health.failedToRead(error instanceof Error ? error : new Error(String(error)));
  } finally {
    clearInterval(silence);
  }
}

async function askWriting({ log, health }: ProbeOptions, signal: AbortSignal): Promise<void> {
  if (health.isAway) return;
  try {
    await log.checkWritable();
    health.canWrite();
  } catch (error) {
    if (!signal.aborted) health.failedToWrite(error);
  }
}

const silent = (): LogError =>
  new LogError('unreachable', 'the log', `no answer for ${(SILENT_TICKS * TICK_MS) / 1000} s`, {
    remedy: 'see that it runs and can be reached',
  });

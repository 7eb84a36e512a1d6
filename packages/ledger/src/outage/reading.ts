/** How a question is answered: from the log, from memory while it is away, or not at all when only the newest will do. */
import { Problem } from '@apledger/api';
import { LogError } from '@apledger/event-log';
import { asProblem } from '../problem.ts';
import { isPassing, type LogHealth } from './health.ts';
import type { Current } from './watch.ts';

/** What the asker wants. */
export interface Reading {
  /**
   * Only the newest will do, and so many milliseconds are waited for it. Default: what is known, at once, while the log is
   * away.
   */
  readonly waitMs?: number | undefined;
  /** Gets up to where an answer from memory is complete. */
  readonly onMemory?: ((current: Current) => void) | undefined;
}

interface Sources<T> {
  readonly health: LogHealth;
  readonly current: () => Current;
  readonly fromLog: () => Promise<T>;
  readonly fromMemory: () => Promise<T>;
}

/** Throws Problem `log-unreachable` for what only the log knows while it is away. */
export async function read<T>(sources: Sources<T>, { waitMs, onMemory }: Reading): Promise<T> {
  if (waitMs !== undefined) return newest(sources, waitMs);
  const { health, current, fromLog, fromMemory } = sources;
  const remembered = async (): Promise<T> => {
    onMemory?.(current());
    try {
      return await fromMemory();
    } catch (error) {
      throw error instanceof LogError ? notInMemory(health, error) : error;
    }
  };
  if (health.isAway) return remembered();
  const asked = fromLog().catch((error: unknown) => {
    if (!isPassing(error)) throw error;
    health.failedToRead(error); // this question is the first to find out
    return remembered();
  });
  return health.unless('away', asked, remembered);
}

async function newest<T>({ health, fromLog }: Sources<T>, waitMs: number): Promise<T> {
  const late = AbortSignal.timeout(waitMs);
  const over = new Promise<never>((_, reject) => {
    const abort = (): void => reject(tooLate(waitMs, health));
    if (late.aborted) abort();
    else late.addEventListener('abort', abort);
  });
  const asked = async (): Promise<T> => {
    for (;;) {
      await health.present(late);
      try {
        return await fromLog();
      } catch (error) {
        if (!isPassing(error)) throw error;
        health.failedToRead(error);
      }
    }
  };
  return Promise.race([asked(), over]);
}

function tooLate(waitMs: number, health: LogHealth): Problem {
  const { reading } = health;
  const why = reading === undefined ? '' : `: ${asProblem(reading.error).message}`;
  return new Problem(503, 'log-unreachable', `The log did not answer within ${waitMs / 1000} s${why}`);
}

function notInMemory({ reading }: LogHealth, cause: LogError): Problem {
  const reason = reading?.error instanceof LogError ? reading.error.reason : reading?.error.message;
  const away =
    reading === undefined ? 'was away' : `has been away since ${reading.since.toISOString()} (${reason})`;
  const text = `The log ${away}, and this answer needs facts that are not in memory; ask again when it is back.`;
  return new Problem(503, 'log-unreachable', text, {}, cause);
}

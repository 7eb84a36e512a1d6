/**
 * Whether the log can be read and written, as far as this process knows without asking now.
 *
 * A log is *away* when a question to it had no answer for two seconds, or failed in a way that may pass. Then questions are
 * answered from memory, and commands wait: for ten seconds from when it went, not from when each of them came.
 */
import { LogError, type LogErrorCode } from '@apledger/event-log';

/** Commands wait for so long for a log that is away, all of them together. */
const COMMAND_PATIENCE_MS = 10_000;

/** Faults that may pass without anybody changing the log: to ask again later makes sense. */
const PASSING: ReadonlySet<LogErrorCode> = new Set(['unreachable', 'io', 'locked', 'disk-full']);
/** Faults of an append that the next one would meet as well. */
const UNWRITABLE: ReadonlySet<LogErrorCode> = new Set([...PASSING, 'read-only']);

/** Whether to ask again later makes sense. */
export const isPassing = (error: unknown): error is LogError =>
  error instanceof LogError && PASSING.has(error.code);

/** That the log cannot be read, or not be written. */
export interface Outage {
  /** When this process noticed. */
  readonly since: Date;
  readonly error: Error;
  /** It may pass by itself, as when a server restarts. */
  readonly isPassing: boolean;
}

/** `away`: it cannot be read. `overdue`: for longer than commands wait. `back`: it can be read again. */
type HealthEvent = 'away' | 'overdue' | 'back';

export class LogHealth {
  #reading: Outage | undefined;
  #writing: Outage | undefined;
  #isOverdue = false;
  #overdue: NodeJS.Timeout | undefined;
  readonly #listeners: Readonly<Record<HealthEvent, Set<() => void>>> = {
    away: new Set(),
    overdue: new Set(),
    back: new Set(),
  };

  /** Why the log cannot be read; undefined when it can. */
  get reading(): Outage | undefined {
    return this.#reading;
  }

  /** Why the log cannot be written though it can be read; undefined when it can, as far as is known. */
  get writing(): Outage | undefined {
    return this.#writing;
  }

  /** The log cannot be read now, and that may pass. */
  get isAway(): boolean {
    return this.#reading?.isPassing === true;
  }

  /** It has been away for longer than commands wait. */
  get isOverdue(): boolean {
    return this.#isOverdue;
  }

  canRead(): void {
    if (this.#reading === undefined) return;
    const wasAway = this.isAway;
    this.#reading = undefined;
    this.#isOverdue = false;
    clearTimeout(this.#overdue);
    if (!wasAway) return;
    this.#writing = undefined; // that it could not be written was the same fault, or the next append tells
    this.#tell('back');
  }

  failedToRead(error: Error): void {
    if (this.#reading !== undefined) return;
    this.#reading = { since: new Date(), error, isPassing: isPassing(error) };
    if (!this.isAway) return;
    this.#overdue = setTimeout(() => {
      this.#isOverdue = true;
      this.#tell('overdue');
    }, COMMAND_PATIENCE_MS).unref();
    this.#tell('away');
  }

  canWrite(): void {
    this.#writing = undefined;
  }

  failedToWrite(error: unknown): void {
    if (!(error instanceof LogError) || !UNWRITABLE.has(error.code)) return;
    this.#writing ??= { since: new Date(), error, isPassing: isPassing(error) };
  }

  /** Calls the listener each time; the function that is returned ends that. */
  on(event: HealthEvent, listener: () => void): () => void {
    this.#listeners[event].add(listener);
    return () => void this.#listeners[event].delete(listener);
  }

  /** Resolves when the log is not away; rejects with the signal's reason. */
  present(signal: AbortSignal): Promise<void> {
    if (!this.isAway) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        stop();
        signal.removeEventListener('abort', abort);
      };
      const stop = this.on('back', () => {
        end();
        resolve();
      });
      const abort = (): void => {
        end();
        reject(signal.reason);
      };
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort);
    });
  }

  /** The outcome of the work; when the event comes before, that of `otherwise`. */
  unless<T>(event: HealthEvent, work: Promise<T>, otherwise: () => T | PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = this.on(event, () => {
        stop();
        // Whatever it throws is the outcome as well.
        resolve(Promise.resolve().then(otherwise));
      });
      work.then(resolve, reject).finally(stop);
    });
  }

  close(): void {
    clearTimeout(this.#overdue);
    for (const each of Object.values(this.#listeners)) each.clear();
  }

  #tell(event: HealthEvent): void {
    for (const listener of [...this.#listeners[event]]) listener();
  }
}

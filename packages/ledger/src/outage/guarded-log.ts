/**
 * The log as commands use it: while it is away they wait together, and fail together when it stays away. What fails before
 * it is handed to the log is certainly not recorded.
 */
import {
  type Appended,
  type Commit,
  type Delivery,
  type EventLog,
  type Head,
  LogError,
  type Moment,
  type PackedPage,
  type RecordedFact,
} from '@apledger/event-log';
import type { LogHealth, Outage } from './health.ts';

export class GuardedLog implements EventLog {
  readonly #log: EventLog;
  readonly #health: LogHealth;

  constructor(log: EventLog, health: LogHealth) {
    this.#log = log;
    this.#health = health;
  }

  /** Throws LogError when the log is known to be unwritable, without asking it. */
  async append(commit: Commit): Promise<Appended> {
    const { reading, writing, isOverdue } = this.#health;
    const outage = isOverdue ? reading : writing;
    if (outage !== undefined) throw notTaken(outage);
    try {
      const appended = await this.#log.append(commit);
      this.#health.canWrite();
      return appended;
    } catch (error) {
      this.#health.failedToWrite(error);
      throw error;
    }
  }

  checkWritable(): Promise<void> {
    return this.#within(() => this.#log.checkWritable());
  }

  readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    return this.#within(() => this.#log.readCommand(stream, commandId));
  }

  commandElsewhere(stream: string, commandId: string): Promise<string | undefined> {
    return this.#within(() => this.#log.commandElsewhere(stream, commandId));
  }

  readStream(...range: Parameters<EventLog['readStream']>): AsyncIterable<RecordedFact> {
    return this.#each(this.#log.readStream(...range));
  }

  readAll(...range: Parameters<EventLog['readAll']>): AsyncIterable<RecordedFact> {
    return this.#each(this.#log.readAll(...range));
  }

  readPacked(...range: Parameters<EventLog['readPacked']>): AsyncIterable<PackedPage> {
    return this.#each(this.#log.readPacked(...range));
  }

  revisionAt(stream: string, moment: Moment): Promise<number> {
    return this.#within(() => this.#log.revisionAt(stream, moment));
  }

  heads(): Promise<readonly Head[]> {
    return this.#within(() => this.#log.heads());
  }

  head(stream: string): Promise<Head | undefined> {
    return this.#within(() => this.#log.head(stream));
  }

  lastPosition(): Promise<number> {
    return this.#within(() => this.#log.lastPosition());
  }

  subscribe(options: Parameters<EventLog['subscribe']>[0]): AsyncIterable<Delivery> {
    return this.#log.subscribe(options);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** The answer, or LogError as soon as the log was away for longer than commands wait. */
  #within<T>(ask: () => Promise<T>): Promise<T> {
    const health = this.#health;
    const overdue = (): never => {
      throw health.reading === undefined ? new Error('the log is back') : notTaken(health.reading);
    };
    if (health.isOverdue) return Promise.resolve().then(overdue);
    return health.unless('overdue', ask(), overdue);
  }

  async *#each<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const iterator = items[Symbol.asyncIterator]();
    let isDone = false;
    try {
      for (;;) {
        const step = await this.#within(() => iterator.next());
        isDone = step.done === true;
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      // Not waited for: it may be in the middle of a question that nobody answers.
      if (!isDone) void iterator.return?.().catch(() => undefined);
    }
  }
}

function notTaken({ since, error }: Outage): LogError {
  const [code, path, reason] =
    error instanceof LogError
      ? ([error.code, error.path, error.reason] as const)
      : (['unreachable', 'the log', error.message] as const);
  return new LogError(
    code,
    path,
    `no command is taken since ${since.toISOString()}: ${reason}; this one was not recorded now`,
    { remedy: 'give it again, with the same command id, when the log can be written', cause: error },
  );
}

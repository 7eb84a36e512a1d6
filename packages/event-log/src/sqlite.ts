/**
 * The embedded log: one SQLite file (WAL) in a directory, for any number of processes of one machine.
 *
 * Writers of one process share transactions (sqlite/writer.ts); writers of several processes meet at SQLite's lock
 * and conflict only by expected revision. Readers never block writers. With `synchronous: 'FULL'` an append that was
 * acknowledged survives a loss of power; with 'NORMAL' it survives the process, and the last ones may be lost with
 * the machine, never the log's consistency.
 */

import { setImmediate } from 'node:timers/promises';
import { Changes, follow } from './changes.ts';
import { LogError } from './errors.ts';
import { type Search, standingAtTime } from './moment.ts';
import type { Appended, Commit, Delivery, EventLog, Head, Moment, PackedPage, RecordedFact } from './port.ts';
import type { Report } from './private-files.ts';
import { patiently } from './sqlite/faults.ts';
import { ForeignWrites } from './sqlite/foreign-writes.ts';
import { Frames } from './sqlite/frames.ts';
import { checkEntries, makeIndexesAgain } from './sqlite/indexes.ts';
import { type FactPage, Reader } from './sqlite/reader.ts';
import { openStore, type Store } from './sqlite/store.ts';
import { Writer } from './sqlite/writer.ts';

const DEFAULT_BUSY_TIMEOUT_MS = 5000;
/** Facts up to which opening a log for writing waits until its indexes were counted: some ten milliseconds. */
const CHECKED_AT_ONCE = 100_000;

export interface SqliteLogOptions {
  /** Holds `log.sqlite` and SQLite's files beside it; created when missing, unless readOnly. */
  readonly directory: string;
  /** What an acknowledged append survives: a loss of power (FULL, the default) or of the process (NORMAL). */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** Never writes; also opens a log on a medium that cannot be written, as long as no writer lives. */
  readonly readOnly?: boolean;
  /** How long to wait for a lock of another process before LogError `locked`; 5000 by default. */
  readonly busyTimeoutMs?: number;
  /** The clock of this process. */
  readonly now?: () => Date;
  /** Gets a line for people: modes that were changed, indexes that were made again. */
  readonly report?: Report | undefined;
}

/**
 * Opens the log in a directory. Throws LogError: `missing`, `not-a-directory`, `not-a-log`, `newer-version`,
 * `corrupted`, `read-only`, `disk-full`, `locked` or `io`.
 */
export async function openSqliteLog(options: SqliteLogOptions): Promise<EventLog> {
  const busyTimeoutMs = options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS;
  const readOnly = options.readOnly ?? false;
  const synchronous = options.synchronous ?? 'FULL';
  const report = options.report ?? (() => {});
  const store = await openStore({
    directory: options.directory,
    synchronous,
    readOnly,
    busyTimeoutMs,
    report,
  });
  const log = new SqliteLog(store, {
    ...{ readOnly, busyTimeoutMs, report },
    now: options.now ?? (() => new Date()),
  });
  if (!readOnly) await log.checkIndexes();
  return log;
}

class SqliteLog implements EventLog {
  readonly recordsInOrder = true;
  readonly changes = new Changes();
  readonly #store: Store;
  readonly #readOnly: boolean;
  readonly #busyTimeoutMs: number;
  readonly #now: () => Date;
  readonly #report: Report;
  readonly #reader: Reader;
  readonly #frames: Frames;
  readonly #writer: Writer;
  readonly #closed = new AbortController();
  readonly #foreignWrites: ForeignWrites;
  /** The indexes were made again, and that did not help. */
  #isMended = false;
  #closing: Promise<void> | undefined;

  constructor(
    store: Store,
    {
      readOnly,
      busyTimeoutMs,
      report,
      now,
    }: Required<Pick<SqliteLogOptions, 'readOnly' | 'busyTimeoutMs' | 'now'>> & {
      readonly report: Report;
    },
  ) {
    this.#store = store;
    this.#now = now;
    this.#report = report;
    this.#readOnly = readOnly;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#reader = new Reader(store);
    this.#foreignWrites = new ForeignWrites(this.#reader, this.changes, this.#closed.signal);
    this.#frames = new Frames(this.#reader);
    this.#writer = new Writer(store, this.#reader, this.#frames, {
      busyTimeoutMs,
      now,
      written: () => this.changes.announce(),
    });
  }

  /** Makes indexes again that lack an entry; of a large log, in the background. */
  async checkIndexes(): Promise<void> {
    const checked = this.#checkIndexes();
    if ((await this.lastPosition()) <= CHECKED_AT_ONCE) await checked;
  }

  /** What cannot be mended is for who reads the damaged place. */
  async #checkIndexes(): Promise<void> {
    try {
      const check = checkEntries(this.#reader);
      while ((await this.#readIndexed(() => check.next())).done !== true) await setImmediate();
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      if (!this.#closed.signal.aborted) this.#report(error.message);
    }
  }

  async append(commit: Commit): Promise<Appended> {
    this.#checkWriter();
    return this.#writer.append(commit);
  }

  async checkWritable(): Promise<void> {
    this.#checkWriter();
    return this.#writer.checkWritable();
  }

  readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    return this.#readIndexed(() => this.#reader.commandFacts(stream, commandId));
  }

  commandElsewhere(stream: string, commandId: string): Promise<string | undefined> {
    return this.#readIndexed(() => this.#reader.commandElsewhere(stream, commandId));
  }

  readStream(
    stream: string,
    range: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const to = range.to ?? Number.MAX_SAFE_INTEGER;
    return this.#facts(
      Math.max(range.from ?? 0, 0),
      to,
      (from) => this.#reader.streamFacts(stream, from, to),
      (fact) => fact.revision,
    );
  }

  readAll(
    range: { readonly after?: number; readonly upTo?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const upTo = range.upTo ?? Number.MAX_SAFE_INTEGER;
    return this.#facts(
      Math.max(range.after ?? 0, 0) + 1,
      upTo,
      (from) => this.#reader.factsAfter(from - 1, upTo),
      (fact) => fact.position,
    );
  }

  async *readPacked(
    range:
      | { readonly after?: number; readonly upTo?: number }
      | { readonly stream: string; readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<PackedPage, void, undefined> {
    if ('stream' in range) {
      const to = range.to ?? Number.MAX_SAFE_INTEGER;
      let from = Math.max(range.from ?? 0, 0);
      while (from <= to) {
        const start = from;
        const next = await this.#read(() => this.#frames.ofStream(range.stream, start, to));
        if (next === undefined) return;
        yield next.page;
        from = next.revision + 1;
      }
      return;
    }
    const upTo = range.upTo ?? Number.MAX_SAFE_INTEGER;
    let after = Math.max(range.after ?? 0, 0);
    while (after < upTo) {
      const start = after;
      const page = await this.#read(() => this.#frames.after(start, upTo));
      if (page === undefined) return;
      yield page;
      after = page.lastPosition;
    }
  }

  async revisionAt(stream: string, moment: Moment): Promise<number> {
    const search: Search = (name, asked) => this.#read(() => this.#reader.revisionAt(name, asked));
    if (!('time' in moment)) return search(stream, moment);
    return (await standingAtTime(this, stream, moment.time, this.#now().getTime(), search)).revision;
  }

  async heads(): Promise<readonly Head[]> {
    const heads = await this.#read(() => this.#reader.heads());
    return heads.map(({ number: _, ...head }) => head);
  }

  async head(stream: string): Promise<Head | undefined> {
    const found = await this.#readIndexed(() => this.#reader.head(stream));
    if (found === undefined) return undefined;
    const { number: _, ...head } = found;
    return head;
  }

  lastPosition(): Promise<number> {
    return this.#read(() => this.#reader.lastPosition());
  }

  async *subscribe(options: {
    readonly after: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Delivery, void, undefined> {
    this.#checkOpen();
    this.#foreignWrites.watch();
    try {
      yield* follow(this, options.after, AbortSignal.any([options.signal, this.#closed.signal]));
    } finally {
      this.#foreignWrites.unwatch();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    await this.#writer.idle();
    this.#store.db.close();
  }

  /** Facts page by page; `mark` is what the pages are ordered by, position or revision. */
  async *#facts(
    from: number,
    to: number,
    page: (from: number) => FactPage,
    mark: (fact: RecordedFact) => number,
  ): AsyncGenerator<RecordedFact, void, undefined> {
    let next = from;
    while (next <= to) {
      const start = next;
      const { facts, fault } = await this.#read(() => page(start));
      for (const fact of facts) {
        yield fact;
        next = mark(fact) + 1;
      }
      if (fault !== undefined) throw fault;
      if (facts.length === 0) return;
    }
  }

  /** One synchronous step of reading; waits when another process is just recovering the log. */
  #read<T>(work: () => T): Promise<T> {
    return patiently(this.#store.path, this.#busyTimeoutMs, () => {
      this.#checkOpen();
      this.#store.checkUnchanged();
      return work();
    });
  }

  /** The same, of what a command is decided on: a damaged index is made again first, where this log may be written. */
  async #readIndexed<T>(work: () => T): Promise<T> {
    try {
      return await this.#read(work);
    } catch (error) {
      const isMendable = !this.#readOnly && !this.#isMended && error instanceof LogError;
      if (!isMendable || error.code !== 'corrupted') throw error;
      await this.#mendIndexes(error);
      const answer = await this.#read(work);
      this.#isMended = false;
      return answer;
    }
  }

  /** Throws the damage that was found when the table itself cannot be read. */
  async #mendIndexes(found: LogError): Promise<void> {
    const { db, path } = this.#store;
    this.#isMended = true;
    try {
      await this.#writer.outsideTransaction();
      await patiently(path, this.#busyTimeoutMs, () => makeIndexesAgain(db));
    } catch (error) {
      throw error instanceof LogError && error.code !== 'corrupted' ? error : found;
    }
    this.#report(`${path}: ${found.reason}; both indexes were made again from the facts`);
  }

  #checkWriter(): void {
    this.#checkOpen();
    if (this.#readOnly)
      throw new LogError('read-only', this.#store.path, 'the log was opened for reading only');
  }

  #checkOpen(): void {
    if (this.#closed.signal.aborted) throw new LogError('closed', this.#store.path, 'the log was closed');
  }
}

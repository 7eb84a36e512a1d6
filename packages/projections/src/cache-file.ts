/**
 * A cache in one SQLite file: never trusted, never fatal.
 *
 * A file that is damaged, or that another program made, is renamed to `<path>.damaged` and a new one is laid out; at opening and at any
 * later touch. One such file is kept, the latest. Anyone who shares the file with other processes may find that one of them was first: a file
 * that is another one by now is just opened again. What SQLite cannot notice, as a changed byte in the middle of a value, is for checksums
 * of the values: who finds one wrong calls `setAside`.
 */
import { lstatSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { keepPrivate, LogError, openForReading, SIDE_FILES } from '@apledger/event-log';
import { errorCode, errorText } from '@apledger/text';

const BUSY_TIMEOUT_MS = 10_000;
/** What stays of the WAL after a checkpoint that long readers had held up. */
const WAL_BYTES = 16 * 1024 * 1024;
/** SQLITE_ERROR, as for a table whose name was changed; CORRUPT; FORMAT; NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([1, 11, 24, 26]);
const IDENTITY = `SELECT application_id AS id, user_version AS version,
  (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id, pragma_user_version`;

export interface CacheOptions {
  readonly path: string;
  /** Four bytes that tell files of this kind from any other SQLite file. */
  readonly applicationId: number;
  /** Of the tables, and of what the values mean: a file of the same kind and of another layout is emptied without a word. */
  readonly layout: number;
  /** SQL that makes the tables. */
  readonly tables: string;
  /** Leave the file as it is, for one that cannot be written. One of another layout, or a damaged one, cannot be used then. */
  readonly readOnly?: boolean;
  /** Gets a line for people when a file was set aside, or its mode was changed. */
  readonly report?: ((message: string) => void) | undefined;
}

/** The cache cannot be read or written at all, and that is no damage: no right, no room, a lock. Answers must come without it. */
export class CacheUnusable extends Error {
  override readonly name = 'CacheUnusable';
  constructor(path: string, cause: unknown) {
    super(`${path}: this cache cannot be used: ${errorText(cause)}`, { cause });
  }
}

/** The database of a cache, until the file is set aside. */
export interface CacheDatabase {
  /** The statement, prepared once. */
  prepare(sql: string): StatementSync;
  exec(sql: string): void;
  /** Runs `work` in a transaction that writes. */
  inTransaction<T>(work: () => T): T;
}

/** Opens the file, or makes it. Throws CacheUnusable. */
export function openCacheFile(options: CacheOptions): CacheFile {
  return new CacheFile(options);
}

export class CacheFile {
  readonly #options: CacheOptions;
  #open: Connection;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#open = this.#connect();
  }

  /** Runs one step of reading or writing. Where the file turns out to be damaged, runs it again on a new one. Throws CacheUnusable. */
  run<T>(work: (db: CacheDatabase) => T): T {
    try {
      return work(this.#open);
    } catch (error) {
      const reason = damageOf(error);
      if (reason === undefined) throw this.#unusable(error);
      this.setAside(reason);
    }
    try {
      return work(this.#open);
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  /** Renames the file and begins a new one. Throws CacheUnusable. */
  setAside(reason: string): void {
    if (this.#options.readOnly) throw new CacheUnusable(this.#options.path, reason);
    this.#open.close();
    try {
      this.#rename(this.#open.inode, reason);
    } catch (error) {
      throw this.#unusable(error);
    } finally {
      this.#open = this.#connect();
    }
  }

  close(): void {
    this.#open.close();
  }

  #connect(): Connection {
    try {
      return new Connection(this.#options);
    } catch (error) {
      const reason = damageOf(error);
      if (reason === undefined || this.#options.readOnly) throw this.#unusable(error);
      try {
        this.#rename(inodeOf(this.#options.path), reason);
        return new Connection(this.#options);
      } catch (again) {
        throw this.#unusable(again);
      }
    }
  }

  /** The side files go first: beside a new database they would be taken for its own. */
  #rename(inode: bigint, reason: string): void {
    const { path, report } = this.#options;
    if (inodeOf(path) !== inode) return; // another process has set it aside
    const aside = `${path}.damaged`;
    for (const suffix of [...SIDE_FILES, '']) {
      rmSync(aside + suffix, { recursive: true, force: true });
      if (lstatSync(path + suffix, { throwIfNoEntry: false })) renameSync(path + suffix, aside + suffix);
    }
    report?.(`${path} was ${reason}: it is set aside as ${aside}, and made again from the log`);
  }

  #unusable(error: unknown): unknown {
    return isOfSystem(error) ? new CacheUnusable(this.#options.path, error) : error;
  }
}

class Connection implements CacheDatabase {
  readonly inode: bigint;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor({ path, applicationId, layout, tables, readOnly = false, report }: CacheOptions) {
    if (readOnly) {
      this.inode = inodeOf(path);
      this.#db = openForReading(path, (db) => {
        const found = db.prepare(IDENTITY).get() ?? {};
        if (found.id !== applicationId || found.version !== layout)
          throw new CacheUnusable(path, 'made by another program or version');
      }).db;
      return;
    }
    keepPrivate(path, report);
    this.inode = inodeOf(path);
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      this.#db.exec(
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = ${WAL_BYTES}`,
      );
      this.inTransaction(() => {
        const found = this.#db.prepare(IDENTITY).get() ?? {};
        if (found.id === applicationId && found.version === layout) return;
        if (found.id !== applicationId && (found.id !== 0 || found.tables !== 0)) throw new Foreign();
        this.#layOut(`${tables}; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${layout}`);
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  inTransaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #layOut(tables: string): void {
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for (const { name } of this.#db.prepare(sql).all())
      this.#db.exec(`DROP TABLE "${String(name).replaceAll('"', '""')}"`);
    this.#db.exec(tables);
  }
}

/** Another program made the file, or an apledger whose caches had no mark. */
class Foreign extends Error {}

const inodeOf = (path: string): bigint => statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? -1n;

/** Why the file is of no use; undefined for what a new file would not mend. */
function damageOf(error: unknown): string | undefined {
  if (error instanceof Foreign) return 'made by another program or version';
  if (!(error instanceof Error)) return undefined;
  // An integer that JavaScript cannot hold was never written here.
  if (errorCode(error) === 'ERR_OUT_OF_RANGE') return `damaged (${error.message})`;
  if (!('errcode' in error) || !DAMAGED.has(Number(error.errcode) & 0xff)) return undefined;
  return `damaged (${error.message})`;
}

/** An error of SQLite or of the file system, or what follows from one: a database that could not be opened again. */
const isOfSystem = (error: unknown): boolean =>
  error instanceof Error &&
  (error instanceof LogError ||
    'errcode' in error ||
    'syscall' in error ||
    errorCode(error) === 'ERR_INVALID_STATE');

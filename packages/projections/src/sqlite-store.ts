/**
 * A read model's store in one SQLite file. It is a cache: synchronous NORMAL, so that a power failure may lose the latest batches but
 * never half of one, and a file that is damaged or of another layout is thrown away.
 */
import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type Batch,
  type Checkpoint,
  type ReadModelStore,
  type StoredState,
  sameCheckpoint,
} from './store.ts';

/** Of the tables below, and of what the states' bytes mean: raise it when either changes. */
const LAYOUT = 1;
const BUSY_TIMEOUT_MS = 10_000;
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED = new Set([11, 26]);

const TABLES = `
  CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE state (host TEXT PRIMARY KEY, revision INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE snapshot (
    host TEXT NOT NULL, revision INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (host, revision)
  ) STRICT;`;

/**
 * Opens the file, or makes it. A file of another layout is emptied, a damaged one replaced; throws what SQLite throws when the file
 * cannot be read or written at all.
 */
export function openSqliteStore(path: string): ReadModelStore {
  try {
    return new SqliteStore(path);
  } catch (error) {
    if (!(error instanceof Error && 'errcode' in error && DAMAGED.has(Number(error.errcode) & 0xff)))
      throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return new SqliteStore(path);
  }
}

class SqliteStore implements ReadModelStore {
  readonly #db: DatabaseSync;
  readonly #checkpoint: StatementSync;
  readonly #state: StatementSync;
  readonly #snapshot: StatementSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      this.#inTransaction(() => {
        if (this.#db.prepare('PRAGMA user_version').get()?.user_version !== LAYOUT) this.#layOut();
      });
      this.#checkpoint = this.#db.prepare('SELECT position, hash FROM checkpoint');
      this.#state = this.#db.prepare('SELECT host, revision, bytes FROM state WHERE host = ?');
      this.#snapshot = this.#db.prepare(`SELECT host, revision, bytes FROM snapshot
        WHERE host = ? AND revision <= ? ORDER BY revision DESC LIMIT 1`);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  checkpoint(): Checkpoint | undefined {
    const row = this.#checkpoint.get();
    return row === undefined ? undefined : { position: Number(row.position), hash: String(row.hash) };
  }

  state(host: string): StoredState | undefined {
    return stored(this.#state.get(host));
  }

  snapshotAt(host: string, revision: number): StoredState | undefined {
    return stored(this.#snapshot.get(host, revision));
  }

  save(batch: Batch): boolean {
    return this.#inTransaction(() => {
      if (!sameCheckpoint(this.checkpoint(), batch.from)) return false;
      const state = this.#db.prepare('REPLACE INTO state (host, revision, bytes) VALUES (?, ?, ?)');
      for (const { host, revision, bytes } of batch.states) state.run(host, revision, bytes);
      const snapshot = this.#db.prepare('INSERT INTO snapshot (host, revision, bytes) VALUES (?, ?, ?)');
      for (const { host, revision, bytes } of batch.snapshots) snapshot.run(host, revision, bytes);
      const { position, hash } = batch.to;
      this.#db.prepare('REPLACE INTO checkpoint (only, position, hash) VALUES (1, ?, ?)').run(position, hash);
      return true;
    });
  }

  clear(): void {
    this.#inTransaction(() => {
      this.#db.exec('DELETE FROM checkpoint; DELETE FROM state; DELETE FROM snapshot');
    });
  }

  close(): void {
    this.#db.close();
  }

  #layOut(): void {
    for (const table of ['checkpoint', 'state', 'snapshot']) this.#db.exec(`DROP TABLE IF EXISTS ${table}`);
    this.#db.exec(`${TABLES} PRAGMA user_version = ${LAYOUT}`);
  }

  #inTransaction<T>(work: () => T): T {
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
}

function stored(row: Record<string, unknown> | undefined): StoredState | undefined {
  if (row === undefined || !(row.bytes instanceof Uint8Array)) return undefined;
  return { host: String(row.host), revision: Number(row.revision), bytes: row.bytes };
}

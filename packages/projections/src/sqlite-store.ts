/**
 * A read model's store in one SQLite file. It is a cache (cache-file.ts): synchronous NORMAL, so that a power failure may lose the latest
 * batches but never half of one. What cannot be read counts as absent, and is said once.
 */
import { STATE_VERSION } from '@apledger/host';
import { type CacheDatabase, type CacheFile, CacheUnusable, openCacheFile } from './cache-file.ts';
import { CHECKPOINT_TABLE, checkpointIn, keepCheckpoint } from './kept-checkpoint.ts';
import {
  type Batch,
  type Checkpoint,
  type Kept,
  type ReadModelStore,
  type StoredState,
  sameCheckpoint,
} from './store.ts';

/** 'aprm': a read model of apledger. */
const APPLICATION_ID = 0x6170726d;
/** Of the tables below: raise it when they change. What the states' bytes mean is STATE_VERSION. */
const TABLES_VERSION = 2;
const LAYOUT = TABLES_VERSION * 10_000 + STATE_VERSION;

const TABLES = `
  ${CHECKPOINT_TABLE};
  CREATE TABLE state (host TEXT PRIMARY KEY, revision INTEGER NOT NULL, hash TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE snapshot (
    host TEXT NOT NULL, revision INTEGER NOT NULL, hash TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (host, revision)
  ) STRICT`;
const SNAPSHOT = `SELECT host, revision, hash, bytes FROM snapshot
  WHERE host = ? AND revision <= ? ORDER BY revision DESC LIMIT 1`;
const CLEAR = 'DELETE FROM checkpoint; DELETE FROM state; DELETE FROM snapshot';

/**
 * Opens the file, or makes it. A file of another layout is emptied; a damaged or foreign one is renamed, and `report` gets a line about it.
 * Throws CacheUnusable when the file cannot be read or written at all.
 */
export function openSqliteStore(path: string, report: (message: string) => void = () => {}): ReadModelStore {
  const file = openCacheFile({ path, applicationId: APPLICATION_ID, layout: LAYOUT, tables: TABLES, report });
  return new SqliteStore(file, report);
}

/** The same of a file that cannot be written. Throws CacheUnusable also for one of another layout, and for a damaged one. */
export function openUnwritableStore(path: string): ReadModelStore {
  const what = { path, applicationId: APPLICATION_ID, layout: LAYOUT, tables: TABLES };
  return new SqliteStore(openCacheFile({ ...what, readOnly: true }), () => {});
}

class SqliteStore implements ReadModelStore {
  readonly outlivesProcess = true;
  readonly #file: CacheFile;
  readonly #report: (message: string) => void;
  #hasComplained = false;

  constructor(file: CacheFile, report: (message: string) => void) {
    this.#file = file;
    this.#report = report;
  }

  checkpoint(): Checkpoint | undefined {
    return this.#read(checkpointIn);
  }

  state(host: string): StoredState | undefined {
    const sql = 'SELECT host, revision, hash, bytes FROM state WHERE host = ?';
    return this.#read((db) => stored(db.prepare(sql).get(host)));
  }

  snapshotAt(host: string, revision: number): StoredState | undefined {
    return this.#read((db) => stored(db.prepare(SNAPSHOT).get(host, revision)));
  }

  kept(): Kept {
    const rows = (table: 'state' | 'snapshot') =>
      this.#read((db) => db.prepare(`SELECT host, revision FROM ${table} ORDER BY host, revision`).all()) ??
      [];
    const place = (row: Record<string, unknown>) => ({
      host: String(row.host),
      revision: Number(row.revision),
    });
    return { states: rows('state').map(place), snapshots: rows('snapshot').map(place) };
  }

  save(batch: Batch): boolean {
    return this.#file.run((db) =>
      db.inTransaction(() => {
        if (!sameCheckpoint(checkpointIn(db), batch.from)) return false;
        for (const table of ['state', 'snapshot'] as const) {
          const insert = db.prepare(
            `REPLACE INTO ${table} (host, revision, hash, bytes) VALUES (?, ?, ?, ?)`,
          );
          for (const { host, revision, hash, bytes } of table === 'state' ? batch.states : batch.snapshots)
            insert.run(host, revision, hash, bytes);
        }
        keepCheckpoint(db, batch.to);
        return true;
      }),
    );
  }

  clear(): void {
    this.#file.run((db) => db.inTransaction(() => db.exec(CLEAR)));
  }

  distrust(reason: string): void {
    this.#file.setAside(reason);
  }

  close(): void {
    this.#file.close();
  }

  #read<T>(work: (db: CacheDatabase) => T | undefined): T | undefined {
    try {
      return this.#file.run(work);
    } catch (error) {
      if (!(error instanceof CacheUnusable)) throw error;
      if (!this.#hasComplained) this.#report(error.message);
      this.#hasComplained = true;
      return undefined;
    }
  }
}

function stored(row: Record<string, unknown> | undefined): StoredState | undefined {
  if (row === undefined || !(row.bytes instanceof Uint8Array)) return undefined;
  return { host: String(row.host), revision: Number(row.revision), hash: String(row.hash), bytes: row.bytes };
}

/** How far a cache has come, in its file: the same table in every cache that is folded from a log. */
import type { CacheDatabase } from './cache-file.ts';
import type { Checkpoint } from './store.ts';

/** SQL that makes the table. Part of the files' layout: it stays as it is. */
export const CHECKPOINT_TABLE =
  'CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL, hash TEXT NOT NULL) STRICT';

/** The checkpoint that is kept; undefined when there is none yet. */
export function checkpointIn(db: CacheDatabase): Checkpoint | undefined {
  const row = db.prepare('SELECT position, hash FROM checkpoint').get();
  return row === undefined ? undefined : { position: Number(row.position), hash: String(row.hash) };
}

/** Keeps it instead of the one before. */
export function keepCheckpoint(db: CacheDatabase, { position, hash }: Checkpoint): void {
  db.prepare('REPLACE INTO checkpoint (only, position, hash) VALUES (1, ?, ?)').run(position, hash);
}

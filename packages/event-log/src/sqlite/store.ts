/**
 * The file: opening it, its schema, and the guard for a log on a medium that cannot be written.
 *
 * One row holds a commit, keyed by the position of its *last* fact, so that "after position p" and "from revision r"
 * find a commit that straddles the bound without a second look-up. `pages` repeats the packed frames of a thousand
 * facts or so in one row, written once so many have gathered: a replay then reads a tenth of the file, and an append
 * has one b-tree less to touch than with a narrow table of its own. It is a cache: what it lacks is read from `commits`.
 */

import { accessSync, closeSync, constants, existsSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { errorCode } from '@apledger/text';
import { LogError } from '../errors.ts';
import { keepPrivate, makePrivateDirectory, type Report } from '../private-files.ts';
import { asLogError, mayRead, notForThisUser, patiently, resultCode } from './faults.ts';

/** 'aplg': tells an apledger log from any other SQLite file. */
const APPLICATION_ID = 0x61706c67;
export const SCHEMA_VERSION = 1;

/** How long SQLite itself waits for a lock, blocking the process; longer waits are made without blocking. */
const BLOCKING_WAIT_MS = 50;
/** Pages in memory, in KiB: random command ids touch the whole of their index. */
const CACHE_KIB = 32 * 1024;
const READING_CACHE_KIB = 4 * 1024;
/** Pages of the WAL after which it is copied into the file, which costs two more syncs: 16 MiB. */
const CHECKPOINT_PAGES = 4096;
/** To this the WAL's file is cut back after a checkpoint that long readers had held up. */
const WAL_BYTES = 16 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE streams (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE commits (
    position INTEGER PRIMARY KEY,  -- of the commit's last fact; positions have no gaps, the first is 1
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,     -- of the commit's last fact
    count INTEGER NOT NULL,        -- of facts
    command BLOB NOT NULL,         -- UUID, 16 bytes
    hashes BLOB NOT NULL,          -- 32 bytes a fact
    packed BLOB NOT NULL,          -- a frame a fact, see packed.ts
    body TEXT NOT NULL             -- JSON array of the facts' canonical envelopes (RFC 8785)
  ) STRICT;
  CREATE UNIQUE INDEX commits_by_revision ON commits (stream, revision);
  CREATE UNIQUE INDEX commits_by_command ON commits (command, stream);
  CREATE TABLE pages (
    position INTEGER PRIMARY KEY,  -- of the page's last fact
    count INTEGER NOT NULL,        -- of facts
    bytes BLOB NOT NULL            -- the frames of its commits
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

const IDENTITY = `SELECT application_id AS id, user_version AS version,
  (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id, pragma_user_version`;

export interface StoreOptions {
  readonly directory: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
  readonly report: Report;
}

export interface Store {
  readonly db: DatabaseSync;
  /** Path of the file, for messages. */
  readonly path: string;
  /** Throws LogError when a file that was opened as unchanging has changed. */
  readonly checkUnchanged: () => void;
}

/**
 * Opens the log's file, creating it when missing (unless readOnly). Throws LogError, leaving foreign files alone.
 * SQLite refuses at once, however long it may wait, when two processes turn a new file to WAL together: we ask again.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { directory, readOnly } = options;
  const path = join(directory, 'log.sqlite');
  return patiently(path, options.busyTimeoutMs, () => {
    const found = statSync(directory, { throwIfNoEntry: false });
    if (found !== undefined && !found.isDirectory()) {
      throw new LogError('not-a-directory', directory, 'the log lives in a directory, and this is none');
    }
    // Not existsSync: where this user may not look, it says that there is none.
    if (readOnly && statSync(path, { throwIfNoEntry: false }) === undefined)
      throw new LogError('missing', path, 'there is no log here');
    if (!readOnly) {
      makeWritable(directory);
      keepPrivate(path, options.report);
    }
    const store = readOnly ? openForReading(path) : openForWriting(path, options);
    store.db.exec(`PRAGMA cache_size = -${readOnly ? READING_CACHE_KIB : CACHE_KIB}`);
    return store;
  });
}

function openForWriting(path: string, options: StoreOptions): Store {
  const db = new DatabaseSync(path, { timeout: BLOCKING_WAIT_MS });
  try {
    if (!checkIdentity(db, path)) create(db, path);
    db.exec(
      `PRAGMA synchronous = ${options.synchronous}; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = ${WAL_BYTES}`,
    );
    syncDirectory(dirname(path));
    return { db, path, checkUnchanged: () => {} };
  } catch (error) {
    db.close();
    throw error;
  }
}

function create(db: DatabaseSync, path: string): void {
  db.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
  if (!checkIdentity(db, path)) db.exec(SCHEMA); // another process may have been first
  db.exec('COMMIT');
}

/**
 * Opens a database to read it, also where this process may not write. `look` reads something of it, for the fault of a file is met at
 * the first touch, and throws when it is of no use. Throws what SQLite throws, and LogError.
 */
export function openForReading(path: string, look: Look = requireLog): Store {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BLOCKING_WAIT_MS });
  try {
    look(db, path);
    return { db, path, checkUnchanged: () => {} };
  } catch (error) {
    db.close();
    const code = resultCode(error);
    // SQLITE_CANTOPEN, SQLITE_READONLY: a reader of a WAL database has to write its index, and may not here.
    if (code === undefined || ![14, 8].includes(code & 0xff)) throw error;
    return openUnchanging(path, error, look);
  }
}

type Look = (db: DatabaseSync, path: string) => void;

function requireLog(db: DatabaseSync, path: string): void {
  if (!checkIdentity(db, path)) throw new LogError('not-a-log', path, 'this database holds no log');
}

/** A log on a medium that cannot be written: readable when no writer lives, and for as long as nothing changes. */
function openUnchanging(path: string, cause: unknown, look: Look): Store {
  if (!mayRead(path)) throw notForThisUser(path, cause);
  const wal = `${path}-wal`;
  const remedy = 'let this user write to the directory, or read a copy of the log';
  if (existsSync(wal)) {
    const reason = 'a reader has to write to the directory while a write-ahead log is there, and may not';
    throw new LogError('read-only', path, reason, { remedy, cause });
  }
  const before = statSync(path);
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  const db = new DatabaseSync(url, { readOnly: true });
  const checkUnchanged = (): void => {
    const now = statSync(path, { throwIfNoEntry: false });
    const same = now?.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino;
    if (same && !existsSync(wal)) return;
    const reason = 'the log was opened where it cannot be written, and is being written by another process';
    throw new LogError('read-only', path, reason, { remedy: `open it again; or ${remedy}` });
  };
  try {
    look(db, path);
    return { db, path, checkUnchanged };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** True for a log of this version, false for an empty database; throws for anything else. */
function checkIdentity(db: DatabaseSync, path: string): boolean {
  // One statement, so one moment: between two of them another process may create the log.
  const { id, version, tables } = db.prepare(IDENTITY).get() ?? {};
  if (id === APPLICATION_ID && version === SCHEMA_VERSION) return true;
  if (id === APPLICATION_ID && typeof version === 'number' && version > SCHEMA_VERSION) {
    const reason = `the log has format ${version}, this apledger knows formats up to ${SCHEMA_VERSION}`;
    throw new LogError('newer-version', path, reason);
  }
  if (id !== 0 || version !== 0 || tables !== 0) {
    throw new LogError('not-a-log', path, 'this SQLite database was not written by apledger');
  }
  return false;
}

/** Makes the directory with a durable entry: a log must not vanish with a directory that never reached the disk. */
function makeWritable(directory: string): void {
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  accessSync(existing, constants.W_OK); // mkdir and SQLite would not say why they cannot
  if (makePrivateDirectory(directory) === undefined) return;
  for (let made = resolve(directory); made !== existing; made = dirname(made)) syncDirectory(dirname(made));
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } catch (error) {
    // Some file systems cannot sync a directory (EINVAL): then there is nothing to do about it.
    if (errorCode(error) !== 'EINVAL') throw asLogError(error, directory);
  } finally {
    closeSync(handle);
  }
}

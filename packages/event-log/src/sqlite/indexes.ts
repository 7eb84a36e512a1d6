/**
 * The two indexes of `commits`: caches of the table, which SQLite trusts. A look-up that goes wrong in silence would carry a command out
 * twice, or fork a stream. So what an index answers is compared with the table's own row, and a "not there" with the entries on both
 * sides of the gap: a search for a key ends beside the entry whose key was changed. An entry that is not there at all leaves no such
 * trace: entries are counted when a log is opened for writing.
 */
import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { LogError } from '../errors.ts';
import type { Problem } from '../verify/walk.ts';
import { asLogError } from './faults.ts';
import type { Reader } from './reader.ts';
import type { Row } from './rows.ts';
import { openForReading } from './store.ts';

/** An index does not say what the table says. It can be made again from the table. */
export class DamagedIndex extends LogError {
  constructor(path: string, index: string, position: number) {
    super('corrupted', path, `the index ${index} is not that of its table at position ${position}`, {
      position,
      remedy: 'open it for writing, which makes the index again',
    });
  }
}

const WAIT_MS = 5000;

type Key = readonly [column: string, value: SQLInputValue];

/** Position of the row that has the key in an index over these columns; undefined when there is none. Throws DamagedIndex. */
export function lookUp(reader: Reader, index: string, first: Key, second: Key): number | undefined {
  const [[a], [b]] = [first, second];
  const keys = [first[1], second[1]];
  const from = `SELECT position, ${a}, ${b} FROM commits INDEXED BY ${index}`;
  const found = reader.prepare(`${from} WHERE ${a} = ? AND ${b} = ?`).get(...keys);
  if (found !== undefined) return checked(reader, index, found, [first, second]);
  for (const side of [`> (?, ?) ORDER BY ${a}, ${b}`, `< (?, ?) ORDER BY ${a} DESC, ${b} DESC`]) {
    const beside = reader.prepare(`${from} WHERE (${a}, ${b}) ${side} LIMIT 1`).get(...keys);
    if (beside !== undefined) checked(reader, index, beside, entry(beside, a, b));
  }
  return undefined;
}

/** The last revision of a stream, and the same of what follows it in the index; undefined for a stream without any. Throws DamagedIndex. */
export function lastRevision(reader: Reader, stream: number): number | undefined {
  const index = 'commits_by_revision';
  const from = `SELECT position, stream, revision FROM commits INDEXED BY ${index}`;
  const last = reader
    .prepare(`${from} WHERE stream <= ? ORDER BY stream DESC, revision DESC LIMIT 1`)
    .get(stream);
  const next = reader.prepare(`${from} WHERE stream > ? ORDER BY stream, revision LIMIT 1`).get(stream);
  for (const row of [last, next])
    if (row !== undefined) checked(reader, index, row, entry(row, 'stream', 'revision'));
  return last?.stream === stream && typeof last.revision === 'number' ? last.revision : undefined;
}

/** Entries that are counted in one step, a few milliseconds. */
const STEP_ENTRIES = 5000;
const ENDS = `SELECT (SELECT max(position) FROM commits) AS position,
  (SELECT sum(1 + (SELECT max(revision) FROM commits WHERE stream = number)) FROM streams) AS facts`;

/**
 * Throws DamagedIndex when an index lacks an entry: the ends of all streams come to the position of the last fact, and both indexes
 * have as many entries up to there. The same entry missing in both, not the last of its stream, is for `verify`. Work goes on at each
 * `next`, so that others get their turn.
 */
export function* checkEntries(reader: Reader): Generator<undefined, void, undefined> {
  const { position, facts } = reader.prepare(ENDS).get() ?? {};
  const last = Number(position ?? 0);
  if (Number(facts ?? 0) !== last) throw new DamagedIndex(reader.path, 'commits_by_revision', last);
  const commands = yield* countEntries(reader, 'commits_by_command', 'command', 'stream', last);
  const revisions = yield* countEntries(reader, 'commits_by_revision', 'stream', 'revision', last);
  if (commands === revisions) return;
  const lacking = commands < revisions ? 'commits_by_command' : 'commits_by_revision';
  throw new DamagedIndex(reader.path, lacking, last);
}

/** Entries for commits up to a position; SQLite's own count would choose its index itself. */
function* countEntries(
  reader: Reader,
  index: string,
  a: string,
  b: string,
  upTo: number,
): Generator<undefined, number, undefined> {
  const entries = `FROM commits INDEXED BY ${index} WHERE (${a}, ${b})`;
  const end = `SELECT ${a} AS a, ${b} AS b ${entries} > (?, ?) ORDER BY ${a}, ${b} LIMIT 1 OFFSET ${STEP_ENTRIES}`;
  // Before the first entry: a number is less than any text or bytes.
  let after: readonly SQLInputValue[] = [-1, -1];
  for (let count = 0; ; ) {
    const last = reader.prepare(end).get(...after);
    const upper = last === undefined ? [] : [last.a ?? null, last.b ?? null];
    const inStep = last === undefined ? '' : `AND (${a}, ${b}) <= (?, ?)`;
    const sql = `SELECT count(*) AS count ${entries} > (?, ?) ${inStep} AND position <= ?`;
    count += Number(reader.prepare(sql).get(...after, ...upper, upTo)?.count);
    if (last === undefined) return count;
    after = upper;
    yield;
  }
}

/** Makes both indexes again from the table. Waits for no lock. Throws what SQLite throws: a table in which a command stands twice has none. */
export function makeIndexesAgain(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec('REINDEX commits_by_command; REINDEX commits_by_revision; COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** Rows of `PRAGMA integrity_check` that are asked for. */
const MAX_FAULTS = 100;

/**
 * Reads the whole file in a directory and says where tables and indexes do not fit together: what commands are looked up by, and where
 * streams end. Blocks for as long as that takes, half a minute for ten million facts: for a thread of its own. Throws LogError.
 */
export function structureProblems(directory: string): Problem[] {
  const path = join(directory, 'log.sqlite');
  try {
    const { db, checkUnchanged } = openForReading(path, touch);
    try {
      const found = db.prepare(`PRAGMA integrity_check(${MAX_FAULTS})`).all();
      checkUnchanged();
      return found.flatMap(({ integrity_check: fault }) =>
        fault === 'ok' ? [] : [problemOf(db, String(fault))],
      );
    } finally {
      db.close();
    }
  } catch (error) {
    const known = asLogError(error, path);
    if (!(known instanceof LogError) || known.code !== 'corrupted') throw known;
    return [problemOf(undefined, known.reason)];
  }
}

/** Whether the file is a log does not matter: what is said is where it is damaged. */
function touch(db: DatabaseSync): void {
  db.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
  db.prepare('SELECT count(*) FROM sqlite_schema').get();
}

/** SQLite counts the rows of a table; the row's key is the position. */
function problemOf(db: DatabaseSync | undefined, fault: string): Problem {
  const row = /^row (\d+) missing from index commits/.exec(fault)?.[1];
  const sql = 'SELECT position FROM commits NOT INDEXED ORDER BY position LIMIT 1 OFFSET ?';
  const position = row === undefined ? 0 : Number(db?.prepare(sql).get(Number(row) - 1)?.position ?? 0);
  return { stream: '', revision: -1, position, problem: `the file is damaged: ${fault}` };
}

const entry = (row: Row, a: string, b: string): [Key, Key] => [
  [a, row[a] ?? null],
  [b, row[b] ?? null],
];

/** The row's position, when the table has the same there. */
function checked(reader: Reader, index: string, row: Row, keys: readonly Key[]): number {
  const position = Number(row.position);
  const columns = keys.map(([column]) => column).join(', ');
  const own = reader.prepare(`SELECT ${columns} FROM commits NOT INDEXED WHERE position = ?`).get(position);
  for (const [column, value] of keys) {
    const there = own?.[column];
    const isSame =
      there instanceof Uint8Array && value instanceof Uint8Array
        ? Buffer.compare(there, value) === 0
        : there === value;
    if (!isSame) throw new DamagedIndex(reader.path, index, position);
  }
  return position;
}

/**
 * What is kept of a fact index, in one SQLite file. It is a cache: a file that is damaged or of another layout is thrown away, and every
 * piece carries a checksum that is bound to its place.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Checkpoint, sameCheckpoint } from '../store.ts';

/** Of the tables and of what the pieces mean: raise it when either changes. */
const LAYOUT = 1;
const BUSY_TIMEOUT_MS = 10_000;
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
const CHECKSUM_BYTES = 8;
/** Of one piece, unpacked. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Of pieces that were read, in memory. */
const MAX_RECENT_BYTES = 64 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A piece of a column: of the values of one term, or one stream, those in one chunk. */
export interface Piece {
  readonly term: string;
  readonly chunk: number;
  readonly bytes: Uint8Array;
}

/** One step of catching up; all of it is kept, or nothing. */
export interface IndexBatch {
  readonly from: Checkpoint | undefined;
  readonly to: Checkpoint;
  readonly pieces: readonly Piece[];
}

/** A piece is not what was written; the index has to be made again. */
export class DamagedIndex extends Error {
  override readonly name = 'DamagedIndex';
}

export class IndexStore {
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;
  readonly #chunks: StatementSync;
  /** Pieces that were read, unpacked; the oldest first. */
  readonly #recent = new Map<string, Uint8Array>();
  #recentBytes = 0;

  private constructor(path: string) {
    this.#db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384');
      this.#inTransaction(() => {
        if (this.#db.prepare('PRAGMA user_version').get()?.user_version !== LAYOUT) this.#layOut();
      });
      this.#read = this.#db.prepare('SELECT bytes FROM piece WHERE term = ? AND chunk = ?');
      this.#chunks = this.#db.prepare('SELECT chunk FROM piece WHERE term = ? ORDER BY chunk');
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Opens the file, or makes it. Throws what SQLite throws when it cannot be read or written at all. */
  static open(path: string): IndexStore {
    try {
      return new IndexStore(path);
    } catch (error) {
      if (!isDamage(error)) throw error;
      for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
      return new IndexStore(path);
    }
  }

  checkpoint(): Checkpoint | undefined {
    const row = this.#db.prepare('SELECT position, hash FROM checkpoint').get();
    return row === undefined ? undefined : { position: Number(row.position), hash: String(row.hash) };
  }

  /** The chunks in which the term has a piece, ascending. */
  chunksOf(term: string): readonly number[] {
    return guarded(() => this.#chunks.all(term).map(({ chunk }) => Number(chunk)));
  }

  /** Undefined when there is none. Throws DamagedIndex. The bytes are shared: not to be written to. */
  piece(term: string, chunk: number): Uint8Array | undefined {
    const key = `${chunk} ${term}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const bytes = this.#load(term, chunk);
    if (bytes !== undefined) this.#keep(key, bytes);
    return bytes;
  }

  #keep(key: string, bytes: Uint8Array): void {
    this.#recent.set(key, bytes);
    this.#recentBytes += bytes.length;
    for (const [old, dropped] of this.#recent) {
      if (this.#recentBytes <= MAX_RECENT_BYTES) return;
      this.#recent.delete(old);
      this.#recentBytes -= dropped.length;
    }
  }

  #load(term: string, chunk: number): Uint8Array | undefined {
    const bytes = guarded(() => this.#read.get(term, chunk)?.bytes);
    if (bytes === undefined) return undefined;
    if (!(bytes instanceof Uint8Array)) throw new DamagedIndex(`the piece ${term} ${chunk} is no bytes`);
    const packed = bytes.subarray(CHECKSUM_BYTES);
    if (!checksum(term, chunk, packed).equals(bytes.subarray(0, CHECKSUM_BYTES)))
      throw new DamagedIndex(`the piece ${term} ${chunk} is damaged`);
    // A copy with a buffer of its own: Node's buffers can share one.
    return new Uint8Array(zstdDecompressSync(packed, { maxOutputLength: MAX_BYTES }));
  }

  /** Keeps the batch; false, and nothing is kept, when another process was here. */
  save({ from, to, pieces }: IndexBatch): boolean {
    const packed = pieces.map(({ term, chunk, bytes }) => {
      const small = zstdCompressSync(bytes, FAST);
      return { term, chunk, bytes: Buffer.concat([checksum(term, chunk, small), small]) };
    });
    this.#forgetRecent();
    return this.#inTransaction(() => {
      if (!sameCheckpoint(this.checkpoint(), from)) return false;
      const write = this.#db.prepare('REPLACE INTO piece (term, chunk, bytes) VALUES (?, ?, ?)');
      for (const { term, chunk, bytes } of packed) write.run(term, chunk, bytes);
      const { position, hash } = to;
      this.#db.prepare('REPLACE INTO checkpoint (only, position, hash) VALUES (1, ?, ?)').run(position, hash);
      return true;
    });
  }

  clear(): void {
    this.#forgetRecent();
    this.#inTransaction(() => this.#layOut());
  }

  close(): void {
    this.#db.close();
  }

  #forgetRecent(): void {
    this.#recent.clear();
    this.#recentBytes = 0;
  }

  #layOut(): void {
    this.#db.exec(`
      DROP TABLE IF EXISTS checkpoint;
      DROP TABLE IF EXISTS piece;
      CREATE TABLE checkpoint (only INTEGER PRIMARY KEY CHECK (only = 1), position INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
      CREATE TABLE piece (term TEXT NOT NULL, chunk INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (term, chunk)) STRICT;
      PRAGMA user_version = ${LAYOUT};`);
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

const checksum = (term: string, chunk: number, packed: Uint8Array): Buffer =>
  createHash('sha256').update(`${LAYOUT}\n${chunk}\n${term}\n`).update(packed).digest().subarray(0, CHECKSUM_BYTES);

const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && DAMAGED.has(Number(error.errcode) & 0xff);

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw isDamage(error) ? new DamagedIndex(String(error)) : error;
  }
}

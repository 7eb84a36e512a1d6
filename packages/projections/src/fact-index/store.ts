/**
 * What is kept of a fact index, in one SQLite file. It is a cache (cache-file.ts), and every piece carries a checksum that is bound to its
 * place.
 */
import { createHash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { type CacheDatabase, type CacheFile, openCacheFile } from '../cache-file.ts';
import { CHECKPOINT_TABLE, checkpointIn, keepCheckpoint } from '../kept-checkpoint.ts';
import { type Checkpoint, sameCheckpoint } from '../store.ts';

/** 'apfi': an index over the facts of apledger. */
const APPLICATION_ID = 0x61706669;
/** Of the tables and of what the pieces mean: raise it when either changes. */
const LAYOUT = 1;
const TABLES = `
  ${CHECKPOINT_TABLE};
  CREATE TABLE piece (term TEXT NOT NULL, chunk INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (term, chunk)) STRICT`;
const FILE = { applicationId: APPLICATION_ID, layout: LAYOUT, tables: TABLES };
const CHECKSUM_BYTES = 8;
/** Of one piece, unpacked. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Of pieces that were read, in memory. */
const MAX_RECENT_BYTES = 32 * 1024 * 1024;
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A piece of a column: of the values of one term, or one stream, those in one chunk. */
export interface Piece {
  readonly term: string;
  readonly chunk: number;
  readonly bytes: Uint8Array;
}

/** One step of catching up; all of it is kept, or nothing. */
interface IndexBatch {
  readonly from: Checkpoint | undefined;
  readonly to: Checkpoint;
  readonly pieces: readonly Piece[];
}

/** A piece is not what was written; the index has to be made again. */
export class DamagedIndex extends Error {
  override readonly name = 'DamagedIndex';
}

export class IndexStore {
  readonly #file: CacheFile;
  /** Pieces that were read last, unpacked. */
  readonly #recent = new LRUCache<string, Uint8Array>({
    maxSize: MAX_RECENT_BYTES,
    sizeCalculation: ({ length }) => length + 1, // an empty piece counts too
  });
  /** Position that the file must reach: one that was set aside meanwhile, and began anew, does not. */
  #reach = 0;

  private constructor(file: CacheFile) {
    this.#file = file;
  }

  /** Opens the file, or makes it; `report` gets a line when it is set aside. Throws CacheUnusable. */
  static open(path: string, report?: (line: string) => void): IndexStore {
    return new IndexStore(openCacheFile({ ...FILE, path, report }));
  }

  /** The same of a file that stays as it is. Throws CacheUnusable also for one of another layout, and for a damaged one. */
  static openToRead(path: string): IndexStore {
    return new IndexStore(openCacheFile({ ...FILE, path, readOnly: true }));
  }

  checkpoint(): Checkpoint | undefined {
    const found = this.#file.run(checkpointIn);
    this.#reach = found?.position ?? 0;
    return found;
  }

  /** The chunks in which the term has a piece, ascending. Throws DamagedIndex, CacheUnusable. */
  chunksOf(term: string): readonly number[] {
    return this.#read((db) =>
      db
        .prepare('SELECT chunk FROM piece WHERE term = ? ORDER BY chunk')
        .all(term)
        .map(({ chunk }) => Number(chunk)),
    );
  }

  /** Runs what reads several things as they are at one moment, whatever others write. */
  atOnce<T>(work: () => T): T {
    return this.#file.run((db) => {
      db.exec('BEGIN');
      try {
        return work();
      } finally {
        db.exec('COMMIT');
      }
    });
  }

  /** Where there are pieces. Throws DamagedIndex, CacheUnusable. */
  places(): readonly Omit<Piece, 'bytes'>[] {
    return this.#read((db) =>
      db
        .prepare('SELECT term, chunk FROM piece ORDER BY term, chunk')
        .all()
        .map(({ term, chunk }) => ({ term: String(term), chunk: Number(chunk) })),
    );
  }

  /** Undefined when there is none. Throws DamagedIndex, CacheUnusable. The bytes are shared: not to be written to. */
  piece(term: string, chunk: number): Uint8Array | undefined {
    const key = `${chunk} ${term}`;
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    const bytes = this.#load(term, chunk);
    if (bytes !== undefined) this.#recent.set(key, bytes);
    return bytes;
  }

  #load(term: string, chunk: number): Uint8Array | undefined {
    const sql = 'SELECT bytes FROM piece WHERE term = ? AND chunk = ?';
    const bytes = this.#read((db) => db.prepare(sql).get(term, chunk)?.bytes);
    if (bytes === undefined) return undefined;
    if (!(bytes instanceof Uint8Array))
      throw new DamagedIndex(`damaged (the piece ${term} ${chunk} is no bytes)`);
    const packed = bytes.subarray(CHECKSUM_BYTES);
    if (!checksum(term, chunk, packed).equals(bytes.subarray(0, CHECKSUM_BYTES)))
      throw new DamagedIndex(`damaged (the piece ${term} ${chunk} does not fit its checksum)`);
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
    const isKept = this.#file.run((db) =>
      db.inTransaction(() => {
        if (!sameCheckpoint(checkpointIn(db), from)) return false;
        const write = db.prepare('REPLACE INTO piece (term, chunk, bytes) VALUES (?, ?, ?)');
        for (const { term, chunk, bytes } of packed) write.run(term, chunk, bytes);
        keepCheckpoint(db, to);
        return true;
      }),
    );
    if (isKept) this.#reach = to.position;
    return isKept;
  }

  clear(): void {
    this.#forgetRecent();
    this.#reach = 0;
    this.#file.run((db) => db.inTransaction(() => db.exec('DELETE FROM checkpoint; DELETE FROM piece')));
  }

  /** Renames a file that holds something else than was written, and begins a new one. */
  distrust(reason: string): void {
    this.#forgetRecent();
    this.#reach = 0;
    this.#file.setAside(reason);
  }

  close(): void {
    this.#file.close();
  }

  #read<T>(work: (db: CacheDatabase) => T): T {
    return this.#file.run((db) => {
      if ((checkpointIn(db)?.position ?? 0) < this.#reach) throw new DamagedIndex('made anew meanwhile');
      return work(db);
    });
  }

  #forgetRecent(): void {
    this.#recent.clear();
  }
}

const checksum = (term: string, chunk: number, packed: Uint8Array): Buffer =>
  createHash('sha256')
    .update(`${LAYOUT}\n${chunk}\n${term}\n`)
    .update(packed)
    .digest()
    .subarray(0, CHECKSUM_BYTES);

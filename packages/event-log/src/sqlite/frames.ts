/**
 * Packed pages: from the rows of `pages`, and where these do not reach (the newest facts, one stream) joined from
 * `commits`. Either way one crossing from SQLite to JavaScript brings a thousand facts.
 */

import type { SQLInputValue } from 'node:sqlite';
import { LogError } from '../errors.ts';
import { cutPage, MAX_PAGE_BYTES, MAX_PAGE_FACTS } from '../packed.ts';
import type { PackedPage } from '../port.ts';
import type { Reader } from './reader.ts';

const AFTER = `
  SELECT position, position AS mark, count, packed FROM commits
  WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`;
const OF_STREAM = `
  SELECT position, revision AS mark, count, packed FROM commits
  WHERE stream = ? AND revision > ? AND revision <= ? ORDER BY revision LIMIT ?`;
// group_concat joins blobs byte by byte, NUL and bad UTF-8 included (sqlite.test.ts holds it to that).
const joined = (frames: string): string => `
  SELECT max(mark) AS mark, max(position) AS position, sum(count) AS count,
    CAST(group_concat(packed, '') AS BLOB) AS bytes FROM (${frames})`;
const sized = (frames: string): string => `SELECT sum(length(packed)) AS bytes FROM (${frames})`;

/** A run of frames; `mark` is its last position or revision, whichever orders it. */
interface Run {
  readonly mark: number;
  readonly position: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Facts after which the writer makes a page of them. */
const PAGE_FACTS = 1024;

export class Frames {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Position up to which there are pages. */
  paged(): number {
    const last = this.#reader.prepare('SELECT max(position) AS position FROM pages').get()?.position;
    return typeof last === 'number' ? last : 0;
  }

  /** Inside a transaction: makes pages of what has gathered since `paged`, and gives how far they reach now. */
  gather(paged: number, lastPosition: number): number {
    let reached = paged;
    while (lastPosition - reached >= PAGE_FACTS) {
      const run = this.#join(AFTER, [reached, Number.MAX_SAFE_INTEGER]);
      if (run === undefined) break;
      this.#check(run, reached + 1);
      const insert = 'INSERT INTO pages (position, count, bytes) VALUES (?, ?, ?)';
      this.#reader.prepare(insert).run(run.position, run.count, run.bytes);
      reached = run.position;
    }
    return reached;
  }

  /** The next packed page after a position, undefined at the end. */
  after(position: number, upTo: number): PackedPage | undefined {
    const run = this.#stored(position) ?? this.#join(AFTER, [position, this.#end(position, upTo)]);
    if (run === undefined) return undefined;
    this.#check(run, position + 1);
    const whole = run.mark - run.count >= position && run.mark <= upTo;
    const bytes = whole
      ? run.bytes
      : cutPage(run.bytes, (fact) => fact.position > position && fact.position <= upTo);
    return this.#page(bytes, Math.min(run.mark, upTo));
  }

  /** The next packed page of a stream from a revision on, and the revision that it ends with. */
  ofStream(stream: string, from: number, to: number): { page: PackedPage; revision: number } | undefined {
    const number = this.#reader.streamNumber(stream);
    if (number === undefined) return undefined;
    const sql = 'SELECT min(revision) AS revision FROM commits WHERE stream = ? AND revision >= ?';
    const end = this.#reader.prepare(sql).get(number, to)?.revision;
    const last = typeof end === 'number' ? end : Number.MAX_SAFE_INTEGER;
    const run = this.#join(OF_STREAM, [number, from - 1, last]);
    if (run === undefined) return undefined;
    this.#check(run, from);
    const whole = run.mark - run.count + 1 >= from && run.mark <= to;
    if (whole) return { page: this.#page(run.bytes, run.position), revision: run.mark };
    const bytes = cutPage(run.bytes, (fact) => fact.revision >= from && fact.revision <= to);
    const beyond = Math.max(0, run.mark - to); // a commit's facts lie side by side
    return { page: this.#page(bytes, run.position - beyond), revision: Math.min(run.mark, to) };
  }

  /** The row of `pages` that holds the fact after a position. */
  #stored(after: number): Run | undefined {
    const sql = 'SELECT position, count, bytes FROM pages WHERE position > ? ORDER BY position LIMIT 1';
    const row = this.#reader.prepare(sql).get(after);
    if (row === undefined) return undefined;
    const { position, count, bytes } = row;
    if (typeof position !== 'number' || typeof count !== 'number' || !(bytes instanceof Uint8Array)) {
      throw this.#corrupted('a packed page without a place');
    }
    return position - count <= after ? { mark: position, position, count, bytes } : undefined;
  }

  /** The last position to join from `commits`: of the commit that holds `upTo`, and short of the next page. */
  #end(after: number, upTo: number): number {
    const next = this.#reader
      .prepare('SELECT position - count AS before FROM pages WHERE position > ? ORDER BY position LIMIT 1')
      .get(after)?.before;
    const last = this.#reader
      .prepare('SELECT min(position) AS position FROM commits WHERE position >= ?')
      .get(upTo)?.position;
    const end = typeof last === 'number' ? last : Number.MAX_SAFE_INTEGER;
    return typeof next === 'number' ? Math.min(next, end) : end;
  }

  #join(frames: string, range: readonly SQLInputValue[]): Run | undefined {
    let limit = MAX_PAGE_FACTS;
    const size = this.#reader.prepare(sized(frames));
    for (; limit > 1; limit = Math.ceil(limit / 8)) {
      const bytes = size.get(...range, limit)?.bytes;
      if (typeof bytes !== 'number' || bytes <= MAX_PAGE_BYTES) break;
    }
    const row = this.#reader.prepare(joined(frames)).get(...range, limit);
    if (row === undefined || row.mark === null) return undefined;
    const { mark, position, count, bytes } = row;
    if (typeof mark !== 'number' || typeof position !== 'number' || typeof count !== 'number') {
      throw this.#corrupted('packed frames without a place');
    }
    if (!(bytes instanceof Uint8Array)) throw this.#corrupted('packed frames are lost', position);
    return { mark, position, count, bytes };
  }

  #check({ mark, count, position }: Run, from: number): void {
    if (mark - count + 1 <= from) return;
    throw this.#corrupted(`packed frames are missing before position ${position}`, position);
  }

  #page(bytes: Uint8Array, lastPosition: number): PackedPage {
    return { bytes, streamName: (number) => this.#reader.streamName(number), lastPosition };
  }

  #corrupted(reason: string, position?: number): LogError {
    return new LogError('corrupted', this.#reader.path, reason, position === undefined ? {} : { position });
  }
}

/**
 * Reading: pages of rows, each fetched in one synchronous step, so that no statement stays open while a consumer
 * thinks, and a slow consumer neither holds back the WAL's checkpoint nor needs more memory than a page.
 */

import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { instantOf, uuidBytes } from '../as-text.ts';
import { LogError } from '../errors.ts';
import { passes } from '../moment.ts';
import { MAX_PAGE_BYTES, packedFacts } from '../packed.ts';
import type { Head, Moment, RecordedFact } from '../port.ts';
import { lastRevision, lookUp } from './indexes.ts';
import { broken, type CommitPlace, factsOf, HASH_BYTES, placeOf, type Row } from './rows.ts';
import type { Store } from './store.ts';

/** Facts that were read, and the fault that ended the page, if any: what is sound is delivered first. */
export interface FactPage {
  readonly facts: readonly RecordedFact[];
  readonly fault: LogError | undefined;
}

/** A stream's head, with the number that stands for it in this file. */
interface NumberedHead extends Head {
  readonly number: number;
}

const MAX_PAGE_COMMITS = 256;
const COLUMNS = 'position, stream, revision, count, command, hashes, body';
/** CROSS: a stream is looked up in the index of commits; the planner would read all commits for their streams. */
const HEAD = `
  SELECT s.number AS stream, s.name, c.position, c.revision, c.count, c.hashes, c.packed
  FROM streams s CROSS JOIN commits c ON c.stream = s.number`;
const HEADS = `${HEAD} AND c.revision = (SELECT max(revision) FROM commits WHERE stream = s.number)`;

/** Ends of streams that are kept. */
const MAX_HEADS = 10_000;

/** What orders a page of commits: the position or the revision of their last facts. */
const byPosition = (place: CommitPlace): number => place.position;
const byRevision = (place: CommitPlace): number => place.revision;

export class Reader {
  readonly #store: Store;
  readonly #names = new Map<number, string>();
  readonly #numbers = new Map<string, number>();
  readonly #statements = new Map<string, StatementSync>();
  /** By stream; as of `#headsVersion`, for as long as this connection does not write to the stream. */
  readonly #heads = new Map<string, NumberedHead>();
  #headsVersion = -1;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Path of the file, for messages. */
  get path(): string {
    return this.#store.path;
  }

  /** The statement, prepared once. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#store.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  streamName(number: number): string {
    let name = this.#names.get(number);
    if (name === undefined) {
      const row = this.prepare('SELECT name FROM streams WHERE number = ?').get(number);
      if (typeof row?.name !== 'string') throw this.#corrupted(`no name for stream number ${number}`);
      name = row.name;
      this.#names.set(number, name);
    }
    return name;
  }

  streamNumber(name: string): number | undefined {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.prepare('SELECT number FROM streams WHERE name = ?').get(name)?.number;
    if (typeof number !== 'number') return undefined;
    this.#numbers.set(name, number);
    return number;
  }

  /** Forgets which numbers stand for which streams: after a rollback, numbers may be given anew. */
  forgetStreams(): void {
    this.#names.clear();
    this.#numbers.clear();
    this.#heads.clear();
  }

  /** This connection writes to the stream. */
  forgetHead(stream: string): void {
    this.#heads.delete(stream);
  }

  /** The next facts after a position; no facts and no fault at the end. */
  factsAfter(after: number, upTo: number): FactPage {
    const rows = this.#rows(
      `SELECT ${COLUMNS} FROM commits WHERE position > ? ORDER BY position`,
      'position',
      upTo,
      after,
    );
    return this.#page(rows, after + 1, upTo, byPosition);
  }

  /** The next facts of a stream from a revision on. */
  streamFacts(stream: string, from: number, to: number): FactPage {
    const number = this.streamNumber(stream);
    if (number === undefined) return { facts: [], fault: undefined };
    const sql = `SELECT ${COLUMNS} FROM commits WHERE stream = ? AND revision >= ? ORDER BY revision`;
    return this.#page(this.#rows(sql, 'revision', to, number, from), from, to, byRevision);
  }

  /** The facts of one command in a stream; empty when it was never appended. */
  commandFacts(stream: string, commandId: string): readonly RecordedFact[] {
    const place = this.commandPlace(stream, commandId);
    if (place === undefined) return [];
    const row = this.prepare(`SELECT ${COLUMNS} FROM commits WHERE position = ?`).get(place.position);
    return row === undefined ? [] : factsOf(row, stream, this.#store.path);
  }

  /** Another stream that has the command. */
  commandElsewhere(stream: string, commandId: string): string | undefined {
    const sql = 'SELECT stream FROM commits WHERE command = ? AND stream <> ? LIMIT 1';
    const number = this.prepare(sql).get(uuidBytes(commandId), this.streamNumber(stream) ?? -1)?.stream;
    return typeof number === 'number' ? this.streamName(number) : undefined;
  }

  commandPlace(stream: string, commandId: string): CommitPlace | undefined {
    const number = this.streamNumber(stream);
    if (number === undefined) return undefined;
    const position = lookUp(
      this,
      'commits_by_command',
      ['command', uuidBytes(commandId)],
      ['stream', number],
    );
    if (position === undefined) return undefined;
    const sql = 'SELECT position, stream, revision, count FROM commits WHERE position = ?';
    return placeOf(this.prepare(sql).get(position) ?? {}, this.#store.path);
  }

  /**
   * Revision of the stream's last fact at or before the moment, -1 for none: a search by halves over its commits. Right for
   * times where they do not run backwards.
   */
  revisionAt(stream: string, moment: Moment): number {
    const passed = passes(moment);
    const number = this.streamNumber(stream);
    if (number === undefined) return -1;
    const top = this.prepare('SELECT max(revision) AS revision FROM commits WHERE stream = ?').get(number);
    const last = typeof top?.revision === 'number' ? top.revision : -1;
    let low = -1;
    let high = last + 1;
    while (high - low > 1) {
      const packed = this.#framesAt(number, Math.floor((low + high) / 2));
      for (const fact of packedFacts({ bytes: packed })) {
        if (passed(fact)) low = fact.revision;
        else {
          high = fact.revision;
          break;
        }
      }
    }
    return low;
  }

  heads(): readonly NumberedHead[] {
    const rows = this.prepare(HEADS).all();
    return rows.map((row) => this.#head(row)).sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  /** Asked for far more often than it changes: what was found is good until somebody writes. */
  head(stream: string): NumberedHead | undefined {
    const version = this.dataVersion();
    if (version !== this.#headsVersion || this.#heads.size >= MAX_HEADS) this.#heads.clear();
    this.#headsVersion = version;
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const head = this.#findHead(stream);
    if (head !== undefined) this.#heads.set(stream, head);
    return head;
  }

  #findHead(stream: string): NumberedHead | undefined {
    const number = this.streamNumber(stream);
    const revision = number === undefined ? undefined : lastRevision(this, number);
    if (number === undefined || revision === undefined) return undefined;
    const row = this.prepare(`${HEAD} WHERE s.number = ? AND c.revision = ?`).get(number, revision);
    return row === undefined ? undefined : this.#head(row);
  }

  lastPosition(): number {
    const last = this.prepare('SELECT max(position) AS position FROM commits').get()?.position;
    return typeof last === 'number' ? last : 0;
  }

  /** The log's last fact. */
  lastFact(): RecordedFact | undefined {
    return this.#lastOf(this.prepare(`SELECT ${COLUMNS} FROM commits ORDER BY position DESC LIMIT 1`).get());
  }

  /** The last fact of a stream, by the stream's number. */
  lastFactOf(number: number): RecordedFact | undefined {
    const sql = `SELECT ${COLUMNS} FROM commits WHERE stream = ? ORDER BY revision DESC LIMIT 1`;
    return this.#lastOf(this.prepare(sql).get(number));
  }

  #lastOf(row: Row | undefined): RecordedFact | undefined {
    if (row === undefined) return undefined;
    const { stream } = placeOf(row, this.#store.path);
    return factsOf(row, this.streamName(stream), this.#store.path).at(-1);
  }

  /** Grows when another connection has written. */
  dataVersion(): number {
    const version = this.prepare('PRAGMA data_version').get()?.data_version;
    return typeof version === 'number' ? version : 0;
  }

  /** A page of rows at most, and none after the one that reaches `to`: often a single fact is asked for. */
  #rows(
    sql: string,
    mark: 'position' | 'revision',
    to: number,
    ...parameters: SQLInputValue[]
  ): readonly Row[] {
    const rows: Row[] = [];
    let size = 0;
    for (const row of this.prepare(sql).iterate(...parameters)) {
      rows.push(row);
      size += typeof row.body === 'string' ? row.body.length : 0;
      const last = row[mark];
      if (typeof last === 'number' && last >= to) break;
      if (rows.length >= MAX_PAGE_COMMITS || size >= MAX_PAGE_BYTES) break;
    }
    return rows;
  }

  /** Rows as facts from..to, where `mark` (position or revision) must run on without a gap. */
  #page(rows: readonly Row[], from: number, to: number, mark: typeof byPosition): FactPage {
    const facts: RecordedFact[] = [];
    let next = from;
    try {
      for (const row of rows) {
        const place = placeOf(row, this.#store.path);
        const last = mark(place);
        const first = last - place.count + 1;
        if (first > to) break;
        if (first > next || (first < next && next !== from)) throw this.#gap(place, next, first, mark);
        for (const [index, fact] of factsOf(row, this.streamName(place.stream), this.#store.path).entries()) {
          if (first + index >= from && first + index <= to) facts.push(fact);
        }
        next = last + 1;
      }
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      return { facts, fault: error };
    }
    return { facts, fault: undefined };
  }

  #gap(place: CommitPlace, expected: number, found: number, mark: typeof byPosition): LogError {
    const reason = `${expected} should follow, but ${found} does: facts before it are missing`;
    if (mark === byPosition && found > expected) return this.#corrupted(reason, expected, found - 1);
    return this.#corrupted(reason, place.position - place.count + 1, place.position);
  }

  /** Frames of the commit that holds a revision. */
  #framesAt(number: number, revision: number): Uint8Array {
    const sql = `SELECT position, revision, count, packed FROM commits
      WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT 1`;
    const row = this.prepare(sql).get(number, revision) ?? {};
    const { packed, revision: last, count } = row;
    const holds = typeof last === 'number' && typeof count === 'number' && last - count < revision;
    if (!holds) throw broken(this.#store.path, row, `revision ${revision} is missing before it`);
    if (!(packed instanceof Uint8Array)) throw broken(this.#store.path, row, 'its packed frames are lost');
    // Checked here, for the search by halves ends only if every frame lies where the row says.
    let next = last - count + 1;
    for (const fact of packedFacts({ bytes: packed })) {
      if (fact.revision !== next)
        throw broken(this.#store.path, row, 'its packed frames are of other revisions');
      next += 1;
    }
    if (next !== last + 1) throw broken(this.#store.path, row, `${count} packed frames should be there`);
    return packed;
  }

  #head(row: Row): NumberedHead {
    const place = placeOf(row, this.#store.path);
    const { name, hashes, packed } = row;
    if (typeof name !== 'string' || !(hashes instanceof Uint8Array) || !(packed instanceof Uint8Array)) {
      throw broken(this.#store.path, row, 'its name, hashes or packed frames are lost');
    }
    let occurredAt = 0;
    for (const fact of packedFacts({ bytes: packed })) occurredAt = fact.occurredAt;
    return {
      stream: name,
      number: place.stream,
      revision: place.revision,
      position: place.position,
      hash: Buffer.from(hashes.subarray(-HASH_BYTES)).toString('hex'),
      occurredAt: instantOf(occurredAt),
    };
  }

  #corrupted(reason: string, position?: number, lastPosition?: number): LogError {
    const place = position === undefined ? {} : { position, lastPosition: lastPosition ?? position };
    return new LogError('corrupted', this.#store.path, reason, place);
  }
}

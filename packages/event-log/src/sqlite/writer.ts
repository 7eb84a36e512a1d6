/**
 * Group commit: appends that wait at the same time share one transaction, and so one fsync.
 *
 * Each keeps its own expected revision and its own outcome: a conflict of one is no matter of the others. All are
 * answered after the COMMIT has returned, none before; when the store refuses, all of the group fail and nothing of
 * it stays. Appends are taken in the order in which they came.
 */

import { statfsSync } from 'node:fs';
import { uuidBytes } from '../as-text.ts';
import { LogError, type LogErrorCode, unsettled } from '../errors.ts';
import { packFacts } from '../packed.ts';
import type { Appended, Commit } from '../port.ts';
import { behindOf, checkCommit, conflictOf, NO_HEAD, type SealedFact, seal } from '../seal.ts';
import { asLogError, patiently, resultCode } from './faults.ts';
import type { Frames } from './frames.ts';
import type { Reader } from './reader.ts';
import { HASH_BYTES } from './rows.ts';
import { SCHEMA_VERSION, type Store } from './store.ts';

const MAX_GROUP_COMMITS = 1024;
/** Characters of JSON and packed bytes after which a group is closed: bounds one transaction's memory and WAL. */
const MAX_GROUP_SIZE = 16 * 1024 * 1024;
const MAX_WAITING = 65_536;
const MAX_CACHED_HEADS = 65_536;

const INSERT_COMMIT = `
  INSERT INTO commits (position, stream, revision, count, command, hashes, packed, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (command, stream) DO NOTHING`; // the index must be searched anyway: no look-up before it

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (reason: unknown) => void;
}

/** What became of one append, to be told after the COMMIT. */
type Outcome = { readonly appended: Appended } | { readonly refused: unknown };

/** Head of a stream as this process knows it. */
interface KnownHead {
  readonly number: number;
  readonly revision: number;
  readonly hash: string;
  readonly occurredAt: string;
  readonly jump: number | undefined;
}

/** What a writer needs beside the file. */
export interface WriterOptions {
  readonly busyTimeoutMs: number;
  readonly now: () => Date;
  /** Called after a transaction that wrote. */
  readonly written: () => void;
}

/** Room that a disk must have again before commits are tried on it. */
const ROOM_BYTES = 1024 * 1024;

/** Throws LogError when the disk is as good as full. */
function checkRoom(path: string): void {
  const { bavail, bsize } = statfsSync(path);
  if (bavail * bsize >= ROOM_BYTES) return;
  throw new LogError('disk-full', path, `the disk has ${bavail * bsize} bytes left`);
}

export class Writer {
  readonly #store: Store;
  readonly #reader: Reader;
  readonly #frames: Frames;
  readonly #busyTimeoutMs: number;
  readonly #now: () => Date;
  readonly #written: () => void;
  /** When the wait began for a lock that another process still held when it was last asked for, and when that was. */
  #locked: { readonly since: number; readonly askedAt: number } | undefined;
  /** Why the store failed to write the last time. */
  #failed: LogErrorCode | undefined;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  // Known as long as no other connection has written and no transaction of ours has failed.
  readonly #heads = new Map<string, KnownHead>();
  #version = -1;
  #position = 0;
  #paged = 0;
  #recordedAt = '';

  constructor(store: Store, reader: Reader, frames: Frames, options: WriterOptions) {
    this.#store = store;
    this.#reader = reader;
    this.#frames = frames;
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#now = options.now;
    this.#written = options.written;
  }

  append(commit: Commit): Promise<Appended> {
    checkCommit(commit);
    if (this.#waiting.length >= MAX_WAITING) {
      throw new LogError('overloaded', this.#store.path, `${MAX_WAITING} appends are waiting already`);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * Throws LogError when the lock cannot be had, or when the store failed to write the last time and still does. That is
   * found out by a write that changes nothing: the file's version number, set to what it is. It needs less room than a
   * commit, so of a full disk the room is looked at as well.
   */
  async checkWritable(): Promise<void> {
    const { db, path } = this.#store;
    if (this.#running !== undefined) return; // the append that is under way finds out
    if (this.#failed === 'disk-full') checkRoom(path);
    await this.#waitForLock(() => {
      db.exec('BEGIN IMMEDIATE');
      try {
        if (this.#failed !== undefined) db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
        db.exec('COMMIT');
        this.#failed = undefined;
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw asLogError(error, path);
      }
    });
  }

  /** Resolves when everything that was handed over has been answered. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Resolves when no transaction of this connection is open; nothing of the writer runs before the caller's next pause. */
  async outsideTransaction(): Promise<void> {
    while (this.#store.db.isTransaction) await new Promise((resolve) => setImmediate(resolve));
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A turn of the event loop gathers the appends of all who were woken together.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#commitGroup();
    }
    this.#running = undefined;
  }

  /**
   * Runs what needs the write lock. All wait for it together: an append that comes when it was held for too long already
   * is tried once, and fails at once.
   */
  async #waitForLock(work: () => void): Promise<void> {
    const { path } = this.#store;
    const now = performance.now();
    const isFresh = this.#locked !== undefined && now - this.#locked.askedAt < this.#busyTimeoutMs;
    const since = isFresh ? (this.#locked?.since ?? now) : now;
    try {
      await patiently(path, this.#busyTimeoutMs, work, since);
      this.#locked = undefined;
    } catch (error) {
      const isLocked = error instanceof LogError && error.code === 'locked';
      this.#locked = isLocked ? { since, askedAt: performance.now() } : undefined;
      throw error;
    }
  }

  async #commitGroup(): Promise<void> {
    const { db, path } = this.#store;
    const outcomes: Outcome[] = [];
    let isCommitting = false;
    try {
      await this.#waitForLock(() => db.exec('BEGIN IMMEDIATE'));
      try {
        this.#refresh();
        this.#decideGroup(outcomes);
        this.#paged = this.#frames.gather(this.#paged, this.#position);
        isCommitting = true;
        db.exec('COMMIT');
        this.#failed = undefined;
      } catch (error) {
        this.#heads.clear();
        this.#version = -1;
        this.#reader.forgetStreams();
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
    } catch (error) {
      const group = this.#waiting.splice(0, MAX_GROUP_COMMITS);
      const fault = asLogError(error, path);
      if (fault instanceof LogError && fault.code !== 'locked') this.#failed = fault.code;
      // What was written and not synced is not shown to anybody, but may be found after a crash.
      const mayBeKept = isCommitting && fault instanceof LogError && fault.code === 'io';
      for (const { reject } of group) reject(mayBeKept ? unsettled(fault) : fault);
      return;
    }
    const group = this.#waiting.splice(0, outcomes.length);
    let wrote = false;
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'appended' in outcome) {
        wrote ||= !outcome.appended.duplicate;
        resolve(outcome.appended);
      } else reject(outcome?.refused);
    }
    if (wrote) this.#written();
  }

  /** Inside the transaction: drops what is known when another connection has written since. */
  #refresh(): void {
    const version = this.#reader.dataVersion();
    if (version === this.#version) return;
    this.#heads.clear();
    this.#position = this.#reader.lastPosition();
    this.#paged = this.#frames.paged();
    this.#recordedAt = this.#reader.lastFact()?.recordedAt ?? '';
    this.#version = version;
  }

  #decideGroup(outcomes: Outcome[]): void {
    const now = this.#now().toISOString();
    let size = 0;
    for (const { commit } of this.#waiting) {
      if (outcomes.length >= MAX_GROUP_COMMITS || size >= MAX_GROUP_SIZE) return;
      const sealed = this.#decide(commit, now);
      if ('refused' in sealed || 'appended' in sealed) {
        outcomes.push(sealed);
        continue;
      }
      const { appended, size: added } = this.#insert(commit, sealed.facts, sealed.head);
      size += added;
      outcomes.push({ appended });
    }
  }

  /** Everything that can be said of one append without writing. */
  #decide(
    commit: Commit,
    now: string,
  ): Outcome | { readonly facts: readonly SealedFact[]; readonly head: KnownHead | undefined } {
    try {
      const head = this.#head(commit.stream);
      const conflict = conflictOf(commit, head?.revision ?? -1);
      if (conflict !== undefined) {
        const before = this.#duplicate(commit);
        return before === undefined ? { refused: conflict } : { appended: before };
      }
      const chain = { ...(head ?? NO_HEAD), recordedAt: this.#recordedAt };
      return { facts: seal(commit, chain, now), head };
    } catch (error) {
      if (resultCode(error) !== undefined) throw error; // SQLite's own trouble is the whole group's
      return { refused: error };
    }
  }

  #insert(
    commit: Commit,
    facts: readonly SealedFact[],
    head: KnownHead | undefined,
  ): { readonly appended: Appended; readonly size: number } {
    const number = head?.number ?? this.#addStream(commit.stream);
    this.#reader.forgetHead(commit.stream);
    const last = facts.at(-1);
    if (last === undefined) throw new TypeError('a commit without facts');
    const first = this.#position + 1;
    const position = this.#position + facts.length;
    const hashes = Buffer.allocUnsafe(HASH_BYTES * facts.length);
    for (const [index, fact] of facts.entries()) hashes.write(fact.hash, index * HASH_BYTES, 'hex');
    const body = `[${facts.map((fact) => fact.canonical).join(',')}]`;
    const packed = packFacts(
      facts.map((fact, index) => ({
        stream: number,
        revision: fact.revision,
        position: first + index,
        occurredAt: fact.occurredAtMs,
        isLast: index === facts.length - 1,
        payload: fact.packed,
      })),
    );
    const { changes } = this.#reader
      .prepare(INSERT_COMMIT)
      .run(position, number, last.revision, facts.length, uuidBytes(commit.commandId), hashes, packed, body);
    if (Number(changes) === 0) {
      const before = this.#duplicate(commit);
      if (before !== undefined) return { appended: before, size: 0 };
    }
    const behind = behindOf({ recordedAt: this.#recordedAt }, last);
    this.#position = position;
    this.#recordedAt = last.recordedAt;
    this.#remember(commit.stream, {
      number,
      revision: last.revision,
      hash: last.hash,
      occurredAt: last.occurredAt,
      jump: last.jump,
    });
    const firstRevision = last.revision - facts.length + 1;
    const appended = { firstRevision, lastRevision: last.revision, lastPosition: position, duplicate: false };
    return { appended: { ...appended, ...behind }, size: body.length + packed.length };
  }

  #duplicate(commit: Commit): Appended | undefined {
    const place = this.#reader.commandPlace(commit.stream, commit.commandId);
    if (place === undefined) return undefined;
    return {
      firstRevision: place.revision - place.count + 1,
      lastRevision: place.revision,
      lastPosition: place.position,
      duplicate: true,
    };
  }

  #addStream(name: string): number {
    const { lastInsertRowid } = this.#reader.prepare('INSERT INTO streams (name) VALUES (?)').run(name);
    return Number(lastInsertRowid);
  }

  #head(stream: string): KnownHead | undefined {
    const known = this.#heads.get(stream);
    if (known !== undefined) return known;
    const found = this.#reader.head(stream);
    if (found === undefined) return undefined;
    const head = { ...found, jump: this.#reader.lastFactOf(found.number)?.jump };
    this.#remember(stream, head);
    return head;
  }

  #remember(stream: string, head: KnownHead): void {
    if (this.#heads.size >= MAX_CACHED_HEADS && !this.#heads.has(stream)) this.#heads.clear();
    this.#heads.set(stream, head);
  }
}

/**
 * Appending. The database checks the expected revision; what it cannot do is tell a command that was appended before
 * from a new one, except when it is appended again at the very same place.
 *
 * So each stream that this process appends to is read once from its beginning, and what others add is read before it
 * matters: its head (for the hash chain) and where each command's facts begin are then known. The first append to a
 * stream costs as much as reading the stream; each one after it two calls: the append, and reading its last event
 * back. The latter tells whose event lies there: when two processes append the same command at the same place, the
 * database says yes to both, and only one of them wrote. Memory: about 100 bytes for each command of the streams in
 * use, bounded by MAX_COMMANDS.
 */

import { randomUUID } from 'node:crypto';
import type { AppendExpectedRevision } from '@eventstore/db-client';
import { LogError } from '../errors.ts';
import type { Appended, Commit, RecordedFact } from '../port.ts';
import { type ChainHead, checkCommit, conflictOf, NO_HEAD, type SealedFact, seal } from '../seal.ts';
import type { Connection } from './connection.ts';
import { eventOf, type NewEvent, writerOf } from './events.ts';
import { isFault } from './faults.ts';
import type { Streams } from './streams.ts';

/** Commands remembered over all streams; beyond it, the streams that were not used for longest are forgotten. */
const MAX_COMMANDS = 1_000_000;
/** Appends of one process that may wait for a stream. */
const MAX_WAITING = 65_536;

/** What this process knows of a stream. */
interface Known {
  head: ChainHead;
  /** First revision of each command, by its id. */
  readonly commands: Map<string, number>;
  /** Moment (a count of calls) when what is known was last compared with the database; 0 before the first time. */
  seenAt: number;
  waiting: number;
  /** The appends of this process to this stream follow each other. */
  turn: Promise<unknown>;
}

export class Writer {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #onAppended: (position: number) => void;
  readonly #known = new Map<string, Known>();
  #commands = 0;
  #calls = 0;
  #recordedAt = '';

  constructor(connection: Connection, streams: Streams, onAppended: (position: number) => void) {
    this.#connection = connection;
    this.#streams = streams;
    this.#onAppended = onAppended;
  }

  async append(commit: Commit): Promise<Appended> {
    checkCommit(commit);
    return this.#inTurn(commit.stream, (known, calledAt) => this.#append(commit, known, calledAt));
  }

  /** The facts of a command, oldest first. */
  async readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    return this.#inTurn(stream, async (known, calledAt) => {
      if (known.seenAt < calledAt) await this.#catchUp(stream, known);
      const first = known.commands.get(commandId.toLowerCase());
      return first === undefined ? [] : this.#factsOf(stream, first, commandId);
    });
  }

  /** Resolves when every append that was handed over is done. */
  async idle(): Promise<void> {
    await Promise.all([...this.#known.values()].map((known) => known.turn));
  }

  async #inTurn<T>(stream: string, work: (known: Known, calledAt: number) => Promise<T>): Promise<T> {
    const known = this.#recall(stream);
    if (known.waiting >= MAX_WAITING) {
      throw new LogError(
        'overloaded',
        this.#connection.place,
        `${MAX_WAITING} appends wait for stream ${stream}`,
      );
    }
    this.#calls += 1;
    const calledAt = this.#calls;
    known.waiting += 1;
    const result = known.turn.then(() => work(known, calledAt));
    known.turn = result.then(
      () => {},
      () => {},
    );
    try {
      return await result;
    } finally {
      known.waiting -= 1;
    }
  }

  async #append(commit: Commit, known: Known, calledAt: number): Promise<Appended> {
    const { stream } = commit;
    if (known.seenAt === 0) await this.#catchUp(stream, known);
    for (;;) {
      const before = known.commands.get(commit.commandId.toLowerCase());
      if (before !== undefined) return this.#before(commit, before);
      const conflict = conflictOf(commit, known.head.revision);
      if (conflict !== undefined) {
        // Somebody else may have moved the stream since, or even have appended this very command.
        if (known.seenAt >= calledAt) throw conflict;
        await this.#catchUp(stream, known);
        continue;
      }
      const recordedAt = this.#recordedAt > known.head.recordedAt ? this.#recordedAt : known.head.recordedAt;
      const sealed = seal(commit, { ...known.head, recordedAt }, new Date().toISOString());
      const appended = await this.#write(commit, sealed, known);
      if (appended !== undefined) return appended;
      const { revision } = known.head;
      await this.#catchUp(stream, known);
      if (known.head.revision === revision) throw this.#contradiction(stream, revision);
    }
  }

  /** Writes, and says undefined when the stream does not end where we believed, or somebody wrote the same there. */
  async #write(commit: Commit, sealed: readonly SealedFact[], known: Known): Promise<Appended | undefined> {
    const { stream } = commit;
    const { revision } = known.head;
    const last = revision + sealed.length;
    const writer = randomUUID();
    const seenAt = this.#calls;
    const end = await this.#send(
      stream,
      revision,
      sealed.map((fact) => eventOf(fact, writer)),
    );
    if (end === undefined) return undefined;
    const found = end === BigInt(last) ? await this.#streams.at(stream, last) : undefined;
    if (found === undefined) throw this.#contradiction(stream, revision);
    if (writerOf(found.event) !== writer) return undefined;
    this.#learn(known, found.fact, revision + 1);
    known.seenAt = seenAt;
    this.#onAppended(found.fact.position);
    return {
      firstRevision: revision + 1,
      lastRevision: last,
      lastPosition: found.fact.position,
      duplicate: false,
    };
  }

  /** The revision with which the stream ends then; undefined when it did not end where it was believed to. */
  #send(stream: string, revision: number, events: NewEvent[]): Promise<bigint | undefined> {
    const { client, library } = this.#connection;
    const expectedRevision: AppendExpectedRevision = revision < 0 ? library.NO_STREAM : BigInt(revision);
    // Made again after a failure with the same ids at the same place: the database writes it once.
    return this.#connection.patiently(async () => {
      try {
        const options = { expectedRevision, requiresLeader: true } as const;
        return (await client.appendToStream(this.#streams.nameOf(stream), events, options))
          .nextExpectedRevision;
      } catch (error) {
        if (isFault(error, 'wrong-expected-version')) return undefined;
        throw error;
      }
    });
  }

  async #before(commit: Commit, first: number): Promise<Appended> {
    const facts = await this.#factsOf(commit.stream, first, commit.commandId);
    const last = facts.at(-1);
    if (last === undefined) throw this.#contradiction(commit.stream, first);
    return {
      firstRevision: first,
      lastRevision: last.revision,
      lastPosition: last.position,
      duplicate: true,
    };
  }

  async #factsOf(stream: string, first: number, commandId: string): Promise<readonly RecordedFact[]> {
    const facts: RecordedFact[] = [];
    for await (const { fact } of this.#streams.range(stream, first, Number.MAX_SAFE_INTEGER)) {
      if (fact.cause !== commandId.toLowerCase()) break;
      facts.push(fact);
    }
    return facts;
  }

  /** Reads what the stream has beyond what is known. */
  async #catchUp(stream: string, known: Known): Promise<void> {
    const seenAt = this.#calls;
    let cause = '';
    let firstRevision = 0;
    for await (const { fact } of this.#streams.range(
      stream,
      known.head.revision + 1,
      Number.MAX_SAFE_INTEGER,
    )) {
      if (fact.cause !== cause) firstRevision = fact.revision;
      cause = fact.cause;
      this.#learn(known, fact, firstRevision);
    }
    known.seenAt = seenAt;
  }

  #learn(known: Known, fact: RecordedFact, firstRevision: number): void {
    const { revision, hash, occurredAt, recordedAt } = fact;
    known.head = { revision, hash, occurredAt, recordedAt };
    if (recordedAt > this.#recordedAt) this.#recordedAt = recordedAt;
    if (known.commands.has(fact.cause)) return;
    known.commands.set(fact.cause, firstRevision);
    this.#commands += 1;
    if (this.#commands > MAX_COMMANDS) this.#forget(known);
  }

  #recall(stream: string): Known {
    const known = this.#known.get(stream) ?? {
      head: NO_HEAD,
      commands: new Map<string, number>(),
      seenAt: 0,
      waiting: 0,
      turn: Promise.resolve(),
    };
    this.#known.delete(stream);
    this.#known.set(stream, known); // now the one used last
    return known;
  }

  #forget(but: Known): void {
    for (const [stream, known] of this.#known) {
      if (this.#commands <= MAX_COMMANDS) return;
      if (known === but || known.waiting > 0) continue;
      this.#known.delete(stream);
      this.#commands -= known.commands.size;
    }
  }

  #contradiction(stream: string, revision: number): LogError {
    const reason =
      `stream ${this.#streams.nameOf(stream)} reads as ending at ${revision}, but the server appends elsewhere: ` +
      'was it deleted or truncated just now?';
    return new LogError('corrupted', this.#connection.place, reason);
  }
}

/**
 * Appending. The database checks the expected revision, and knows an append that is made again by the ids of its
 * events, which are new for each append and stay the same while it is tried again. It cannot tell a command that was
 * appended before from a new one.
 *
 * So each stream that this process appends to is read once from its beginning, and what others add is read before it
 * matters: its head (for the hash chain) and where each command's facts begin are then known. The first append to a
 * stream costs as much as reading the stream; each one after it one call. Who appends a command that another process
 * has just appended is refused, reads on, and finds it. Memory: about 100 bytes for each command of the streams in
 * use, bounded by MAX_COMMANDS.
 *
 * The leader refuses as soon as another append is in its log, and lets it be read only when it is replicated and
 * indexed. So a refusal is followed by waiting for what the others wrote, until the stream is as long as the refusal says.
 */

import { LogError, unsettled } from '../errors.ts';
import { InTurn } from '../in-turn.ts';
import type { Appended, Commit, RecordedFact } from '../port.ts';
import {
  behindOf,
  type ChainHead,
  checkCommit,
  conflictOf,
  NO_HEAD,
  type SealedFact,
  seal,
} from '../seal.ts';
import type { End } from './batches.ts';
import type { Connection } from './connection.ts';
import type { Cuts } from './cuts.ts';
import { type NewEvent, newEvent } from './events.ts';
import { Fault, isFault } from './faults.ts';
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
  /** The appends of this process to this stream follow each other. */
  readonly turns: InTurn;
}

export class Writer {
  readonly #connection: Connection;
  readonly #streams: Streams;
  readonly #cuts: Cuts;
  readonly #onAppended: (position: number) => void;
  readonly #known = new Map<string, Known>();
  #commands = 0;
  #calls = 0;
  #recordedAt = '';

  constructor(connection: Connection, streams: Streams, cuts: Cuts, onAppended: (position: number) => void) {
    this.#connection = connection;
    this.#streams = streams;
    this.#cuts = cuts;
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

  /** Another stream that is known to have the command. */
  commandElsewhere(stream: string, commandId: string): string | undefined {
    const id = commandId.toLowerCase();
    for (const [name, { commands }] of this.#known) if (name !== stream && commands.has(id)) return name;
    return undefined;
  }

  /** Resolves when every append that was handed over is done. */
  async idle(): Promise<void> {
    await Promise.all([...this.#known.values()].map(({ turns }) => turns.idle()));
  }

  async #inTurn<T>(stream: string, work: (known: Known, calledAt: number) => Promise<T>): Promise<T> {
    const known = this.#recall(stream);
    if (known.turns.waiting >= MAX_WAITING) {
      throw new LogError(
        'overloaded',
        this.#connection.place,
        `${MAX_WAITING} appends wait for stream ${stream}`,
      );
    }
    this.#calls += 1;
    const calledAt = this.#calls;
    return known.turns.run(() => work(known, calledAt));
  }

  async #append(commit: Commit, known: Known, calledAt: number): Promise<Appended> {
    const { stream } = commit;
    await Promise.all([this.#cuts.check(stream), known.seenAt === 0 && this.#catchUp(stream, known)]);
    const patience = this.#connection.patience();
    for (;;) {
      const appended = await this.#try(commit, known, calledAt);
      if (typeof appended !== 'number') return appended;
      try {
        return await this.#contend(commit, known, calledAt, appended);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        await patience.afterFailure(error); // the subscription broke
        await this.#catchUp(stream, known);
      }
    }
  }

  /** Appends to where the stream is known to end; gives the revision at which it does when that is elsewhere. */
  async #try(commit: Commit, known: Known, calledAt: number): Promise<Appended | number> {
    for (;;) {
      const before = known.commands.get(commit.commandId.toLowerCase());
      if (before !== undefined) return this.#before(commit, before);
      const conflict = conflictOf(commit, known.head.revision);
      if (conflict === undefined) break;
      // Somebody else may have moved the stream since, or even have appended this very command.
      if (known.seenAt >= calledAt) throw conflict;
      await this.#catchUp(commit.stream, known);
    }
    const sealed = seal(commit, this.#chainHead(known), this.#connection.now().toISOString());
    return this.#write(commit, sealed, known);
  }

  /** Writes; gives the revision at which the stream ends when that is not where it was believed to. */
  async #write(commit: Commit, sealed: readonly SealedFact[], known: Known): Promise<Appended | number> {
    const { stream } = commit;
    const firstRevision = known.head.revision + 1;
    const last = sealed.at(-1);
    if (last === undefined) throw new TypeError('a commit without facts');
    const seenAt = this.#calls;
    const events = sealed.map((fact, index) => newEvent(fact, index, commit));
    const end = await this.#send(stream, firstRevision - 1, events);
    if (typeof end === 'number') return end;
    if (end.revision !== last.revision) throw this.#contradiction(stream, last.revision, end.revision);
    const position = end.place?.commit ?? (await this.#positionOfAppended(stream, last.revision));
    if (position === undefined) throw this.#contradiction(stream, last.revision, firstRevision - 1);
    const behind = behindOf(this.#chainHead(known), last);
    this.#learn(known, { ...last, cause: commit.commandId.toLowerCase() }, firstRevision);
    known.seenAt = seenAt;
    this.#onAppended(position);
    return {
      firstRevision,
      lastRevision: last.revision,
      lastPosition: position,
      duplicate: false,
      ...behind,
    };
  }

  /** The head of a stream, with the time that this process recorded or read last, of any stream. */
  #chainHead(known: Known): ChainHead {
    return { ...known.head, recordedAt: this.#recordedAt || known.head.recordedAt };
  }

  /** Where the append ended, or the revision at which the stream does when it was refused. */
  async #send(stream: string, revision: number, events: readonly NewEvent[]): Promise<End | number> {
    const name = this.#streams.nameOf(stream);
    try {
      // Made again after a failure with the same ids at the same place: the database writes it once.
      return await this.#connection.patiently((deadlineMs) =>
        this.#connection.append(name, revision, events, deadlineMs).catch((error: unknown) => {
          if (isFault(error, 'wrong-expected-version')) return error.actual ?? -1;
          throw error;
        }),
      );
    } catch (error) {
      const isKnown = !(error instanceof LogError) || !['unreachable', 'io'].includes(error.code);
      throw isKnown ? error : unsettled(error);
    }
  }

  /** Where an append that was answered without its place lies. */
  async #positionOfAppended(stream: string, revision: number): Promise<number | undefined> {
    try {
      return await this.#streams.positionAt(stream, revision);
    } catch (error) {
      throw error instanceof LogError ? unsettled(error) : error;
    }
  }

  async #before(commit: Commit, first: number): Promise<Appended> {
    const facts = await this.#factsOf(commit.stream, first, commit.commandId);
    const last = facts.at(-1);
    if (last === undefined) throw this.#contradiction(commit.stream, first, first - 1);
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

  /**
   * Appends after a refusal, and again after each further one. Who has just written knows the head already; who polls
   * for it would be late every time, and starve. So what others write comes by a subscription while this lasts.
   */
  async #contend(commit: Commit, known: Known, calledAt: number, actual: number): Promise<Appended> {
    const { stream } = commit;
    const ended = new AbortController();
    const patience = this.#connection.patience();
    const coming = this.#streams.coming(stream, known.head.revision, ended.signal);
    let late: NodeJS.Timeout | undefined;
    try {
      for (let end = actual; ; ) {
        const believed = known.head.revision;
        late = setTimeout(() => ended.abort(), patience.leftMs);
        while (known.head.revision < end) {
          const { done, value: fact } = await coming.next();
          if (done === true) throw this.#contradiction(stream, known.head.revision, end);
          this.#learn(known, fact, fact.revision);
        }
        clearTimeout(late);
        if (known.head.revision > believed) patience.progress();
        else if (patience.leftMs === 0) throw this.#contradiction(stream, believed, end);
        else await patience.afterFailure(new Fault('unavailable', `the server ends ${stream} at ${end}`));
        const appended = await this.#try(commit, known, calledAt);
        if (typeof appended !== 'number') return appended;
        end = appended;
      }
    } finally {
      clearTimeout(late);
      ended.abort();
      await coming.return();
    }
  }

  /** Reads what the stream has beyond what is known. */
  async #catchUp(stream: string, known: Known): Promise<void> {
    const seenAt = this.#calls;
    let cause = '';
    let firstRevision = 0;
    const from = known.head.revision + 1;
    for await (const { fact } of this.#streams.added(stream, from)) {
      if (fact.cause !== cause) firstRevision = fact.revision;
      cause = fact.cause;
      this.#learn(known, fact, firstRevision);
    }
    known.seenAt = seenAt;
  }

  #learn(known: Known, fact: ChainHead & { readonly cause: string }, firstRevision: number): void {
    const { revision, hash, occurredAt, recordedAt, jump } = fact;
    known.head = { revision, hash, occurredAt, recordedAt, jump };
    this.#recordedAt = recordedAt;
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
      turns: new InTurn(),
    };
    this.#known.delete(stream);
    this.#known.set(stream, known); // now the one used last
    return known;
  }

  #forget(but: Known): void {
    for (const [stream, known] of this.#known) {
      if (this.#commands <= MAX_COMMANDS) return;
      if (known === but || known.turns.waiting > 0) continue;
      this.#known.delete(stream);
      this.#commands -= known.commands.size;
    }
  }

  #contradiction(stream: string, read: number, told: number): LogError {
    const reason = `stream ${this.#streams.nameOf(stream)} reads as ending at ${read}, but the server ends it at ${told}`;
    return new LogError('corrupted', this.#connection.place, reason);
  }
}

/** The port over one connection: see ../jetstream.ts. */

import { setTimeout as delay } from 'node:timers/promises';
import { Publisher } from '@apledger/nats';
import { CommandPlaces } from '../command-places.ts';
import { LogError } from '../errors.ts';
import type { JetStreamLogOptions } from '../jetstream.ts';
import { passes, type Search, standingAtTime } from '../moment.ts';
import type {
  Appended,
  Commit,
  Delivery,
  EventLog,
  Head,
  Moment,
  PackedPage,
  RecordedFact,
} from '../port.ts';
import { checkCommit } from '../seal.ts';
import { openArchive } from './archive.ts';
import { Broker } from './broker.ts';
import { isPassing } from './faults.ts';
import { History } from './history.ts';
import { namesOf, positionOf, sequenceOf } from './names.ts';
import { pagesOf, StreamNumbers } from './pages.ts';
import type { CommitRecord } from './record.ts';
import { Turns } from './turns.ts';
import { StreamWriter, type WriterParts } from './writer.ts';

const MAX_WAITING = 65_536;
/** Commands that writers hold in memory before those of idle streams are forgotten, 100 bytes each. */
const MAX_KNOWN_COMMANDS = 500_000;
const DEFAULT_NAME = 'apledger';
const PAUSE_MS = 20;

export class JetStreamLog implements EventLog {
  readonly #parts: WriterParts;
  readonly #writers = new Map<string, StreamWriter>();
  readonly #numbers = new StreamNumbers();
  readonly #places = new CommandPlaces(this);
  readonly #closed = new AbortController();
  #waiting = 0;
  #closing: Promise<void> | undefined;

  private constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  static async open(options: JetStreamLogOptions): Promise<JetStreamLog> {
    const names = namesOf(options.name ?? DEFAULT_NAME);
    const broker = await Broker.connect(options, names.archive, options.timeoutMs);
    try {
      await openArchive(broker, names, options.replicas);
      const history = new History(broker, names);
      const publisher = new Publisher(broker.link, { patienceMs: broker.timeoutMs, repeats: isPassing });
      const turns = new Turns(broker.link, names.waiting);
      return new JetStreamLog({
        broker,
        names,
        history,
        publisher,
        turns,
        now: options.now ?? (() => new Date()),
      });
    } catch (error) {
      await broker.close();
      throw error;
    }
  }

  async append(commit: Commit): Promise<Appended> {
    this.#checkOpen();
    checkCommit(commit);
    if (this.#waiting >= MAX_WAITING) {
      const reason = `${MAX_WAITING} appends are waiting already`;
      throw new LogError('overloaded', this.#parts.broker.path, reason);
    }
    this.#waiting += 1;
    try {
      return await this.#writer(commit.stream).append(commit);
    } finally {
      this.#waiting -= 1;
    }
  }

  async checkWritable(): Promise<void> {
    await this.lastPosition(); // answered by the leader of the stream, which takes appends as well
  }

  async readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    this.#checkOpen();
    return (await this.#writer(stream).commitOf(commandId))?.facts() ?? [];
  }

  async commandElsewhere(stream: string, commandId: string): Promise<string | undefined> {
    this.#checkOpen();
    for (const [name, writer] of this.#writers) if (name !== stream && writer.has(commandId)) return name;
    return this.#places.elsewhere(stream, commandId);
  }

  async *readStream(
    stream: string,
    range: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const { from = 0, to = Number.POSITIVE_INFINITY } = range;
    this.#checkOpen();
    for await (const run of this.#parts.history.stream(stream, Math.max(from, 0), to)) {
      for (const fact of factsOf(run)) {
        this.#checkOpen();
        if (fact.revision >= from && fact.revision <= to) yield fact;
      }
    }
  }

  async *readAll(
    range: { readonly after?: number; readonly upTo?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    const { after = 0, upTo = Number.POSITIVE_INFINITY } = range;
    for await (const run of this.#between(after, upTo)) {
      for (const fact of factsOf(run)) {
        this.#checkOpen();
        if (fact.position > after && fact.position <= upTo) yield fact;
      }
    }
  }

  async *readPacked(
    range:
      | { readonly after?: number; readonly upTo?: number }
      | { readonly stream: string; readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<PackedPage, void, undefined> {
    this.#checkOpen();
    if ('stream' in range) {
      const { stream, from = 0, to = Number.POSITIVE_INFINITY } = range;
      const runs = this.#parts.history.stream(stream, Math.max(from, 0), to);
      yield* pagesOf(runs, { by: 'revision', first: from, last: to }, this.#numbers);
      return;
    }
    const { after = 0, upTo = Number.POSITIVE_INFINITY } = range;
    const runs = this.#between(after, upTo);
    yield* pagesOf(runs, { by: 'position', first: after + 1, last: upTo }, this.#numbers);
  }

  async revisionAt(stream: string, moment: Moment): Promise<number> {
    this.#checkOpen();
    const search: Search = (name, asked) => this.#search(name, asked);
    if (!('time' in moment)) return search(stream, moment);
    const now = this.#parts.now().getTime();
    return (await standingAtTime(this, stream, moment.time, now, search)).revision;
  }

  async #search(stream: string, moment: Moment): Promise<number> {
    const passed = passes(moment);
    const fact = (commit: CommitRecord, index: number) => ({
      revision: commit.firstRevision + index,
      position: positionOf(commit.sequence, index),
      occurredAt: commit.occurredAt(index),
    });
    const commit = await this.#parts.history.find(stream, (found) => passed(fact(found, 0)));
    if (commit === undefined) return -1;
    let index = commit.count - 1;
    while (index > 0 && !passed(fact(commit, index))) index -= 1;
    return commit.firstRevision + index;
  }

  async heads(): Promise<readonly Head[]> {
    this.#checkOpen();
    const heads = await this.#parts.history.heads();
    return [...heads].sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  async head(stream: string): Promise<Head | undefined> {
    this.#checkOpen();
    const newest = this.#writers.get(stream)?.newest ?? 0;
    const commit = await this.#settled(
      () => this.#parts.history.head(stream),
      (found) => (found?.sequence ?? 0) >= newest,
    );
    return commit?.head();
  }

  async lastPosition(): Promise<number> {
    this.#checkOpen();
    const commit = await this.#settled(
      () => this.#parts.history.last(),
      (found) => (found?.sequence ?? 0) >= this.#parts.history.newest,
    );
    return commit?.lastPosition ?? 0;
  }

  async *subscribe(options: {
    readonly after: number;
    readonly signal: AbortSignal;
  }): AsyncGenerator<Delivery, void, undefined> {
    this.#checkOpen();
    const signal = AbortSignal.any([options.signal, this.#closed.signal]);
    if (signal.aborted) return;
    try {
      yield* this.#follow(Math.max(options.after, 0), signal);
    } catch (error) {
      if (!signal.aborted) throw error; // a log that was closed ends its subscriptions, they don't fail
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#writers.values()].map((writer) => writer.idle()));
    this.#parts.publisher.close();
    this.#parts.turns.close();
    await this.#parts.broker.close();
  }

  /** History is what the log held when the subscription began: writers that never rest cannot keep it from ending. */
  async *#follow(after: number, signal: AbortSignal): AsyncGenerator<Delivery, void, undefined> {
    const history = await this.#lastSequence();
    const from = firstSequence(after);
    let position = after;
    let isCaughtUp = from > history;
    if (isCaughtUp) yield { caughtUp: position };
    for await (const { commits, reached } of this.#parts.history.live(from, signal)) {
      for (const commit of commits) {
        for (const fact of commit.facts()) {
          if (fact.position <= position) continue;
          if (signal.aborted) return;
          position = fact.position;
          yield { fact };
        }
        if (isCaughtUp || commit.sequence < history) continue;
        isCaughtUp = true;
        yield { caughtUp: position };
      }
      if (isCaughtUp || reached < history) continue;
      isCaughtUp = true; // history ended with a message that is no commit
      yield { caughtUp: position };
    }
  }

  async *#between(after: number, upTo: number): AsyncGenerator<readonly CommitRecord[], void> {
    this.#checkOpen();
    const last = await this.#lastSequence();
    const until = upTo === Number.POSITIVE_INFINITY ? last : Math.min(last, sequenceOf(upTo));
    for await (const { commits } of this.#parts.history.between(firstSequence(after), until)) {
      this.#checkOpen();
      yield commits;
    }
  }

  #lastSequence(): Promise<number> {
    return this.#settled(
      () => this.#parts.history.lastSequence(),
      (sequence) => sequence >= this.#parts.history.newest,
    );
  }

  /** Asks until the answer is as new as what this log was told before: a leader that is just deposed may lag. */
  async #settled<T>(ask: () => Promise<T>, isNew: (answer: T) => boolean): Promise<T> {
    const { path, timeoutMs } = this.#parts.broker;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const answer = await ask();
      if (isNew(answer)) return answer;
      if (performance.now() >= deadline) {
        const reason = 'the log ends before what was acknowledged';
        throw new LogError('corrupted', path, reason, { remedy: 'was a server restored from an old copy?' });
      }
      await delay(PAUSE_MS);
    }
  }

  #writer(stream: string): StreamWriter {
    const known = this.#writers.get(stream);
    if (known !== undefined) return known;
    this.#forgetIdle();
    const writer = new StreamWriter(stream, this.#parts);
    this.#writers.set(stream, writer);
    return writer;
  }

  /** Keeps what writers know within bounds; a writer that is forgotten reads its stream again. */
  #forgetIdle(): void {
    let known = 0;
    for (const writer of this.#writers.values()) known += writer.known + 1;
    if (known < MAX_KNOWN_COMMANDS) return;
    for (const [stream, writer] of this.#writers) if (writer.waiting === 0) this.#writers.delete(stream);
  }

  #checkOpen(): void {
    if (this.#closed.signal.aborted)
      throw new LogError('closed', this.#parts.broker.path, 'the log was closed');
  }
}

function* factsOf(run: readonly CommitRecord[]): Generator<RecordedFact, void> {
  for (const commit of run) yield* commit.facts();
}

/** The message in which the first fact after a position may lie. */
function firstSequence(after: number): number {
  return Math.max(sequenceOf(after + 1), 1);
}

/**
 * Reading what the stream holds, by sequence and by subject.
 *
 * Questions of "what is the last one" go to the stream's leader, so that an answer is never older than an
 * acknowledged append. A few messages are fetched one by one, more through a feed: a consumer costs as much as three
 * fetches on one server, and eight in a cluster of three.
 */

import { LogError } from '../errors.ts';
import type { Head } from '../port.ts';
import type { Broker } from './broker.ts';
import { contiguous, Revisions } from './dense.ts';
import { type FeedOptions, feed, lastOfEach } from './feed.ts';
import { type Names, streamOf, subjectOf } from './names.ts';
import { CALL_HEADER, type CommitRecord, decodeCommit, type Stored } from './record.ts';

/** Messages up to which no feed is made. */
const FEW = 4;
/** Messages and, going by their mean size, bytes that may be on their way to a reader. */
const MAX_WINDOW = 2048;
const MIN_WINDOW = 16;
const WINDOW_BYTES = 16 * 1024 * 1024;
/** Streams that a cache remembers. */
const MAX_CACHED = 65_536;
/** Stray messages that are named in a warning, each once. */
const MAX_WARNINGS = 100;

/** Commits in order, and the sequence that reading has reached with them: there may be messages that are no commits. */
export interface Run {
  readonly commits: readonly CommitRecord[];
  readonly reached: number;
}

type Question =
  | { readonly seq: number }
  | { readonly seq: number; readonly next_by_subj: string }
  | { readonly last_by_subj: string };

export class History {
  /** Sequence of the newest commit that the writers of this log know of. */
  newest = 0;
  readonly #broker: Broker;
  readonly #names: Names;
  /** Where reading of a stream ended last: the next reading mostly goes on from there. */
  readonly #marks = new Map<string, { readonly revision: number; readonly sequence: number }>();
  /** Messages that may be on their way to a reader. */
  #window = MAX_WINDOW;
  readonly #warned = new Set<number>();
  readonly #streams = new Map<string, string | undefined>();

  constructor(broker: Broker, names: Names) {
    this.#broker = broker;
    this.#names = names;
  }

  /** Sequence of the last message, 0 when there is none. */
  async lastSequence(): Promise<number> {
    const { state } = await this.#broker.ask((manager) => manager.streams.info(this.#names.archive));
    const meanBytes = state.bytes / Math.max(state.messages, 1);
    this.#window = Math.min(
      Math.max(Math.ceil(WINDOW_BYTES / Math.max(meanBytes, 1)), MIN_WINDOW),
      MAX_WINDOW,
    );
    return state.last_seq;
  }

  /** The last commit of the whole log. */
  async last(): Promise<CommitRecord | undefined> {
    let stored = await this.#message({ last_by_subj: this.#names.all });
    while (stored !== undefined) {
      const commit = this.#decode(stored);
      if (commit !== undefined) return commit;
      let sequence = stored.sequence - 1; // a stray message at the end: walk back over it
      stored = undefined;
      while (stored === undefined && sequence > 0) stored = await this.#message({ seq: sequence-- });
    }
    return undefined;
  }

  /** The last message on a stream's subject, 0 when there is none, and the commit that it is, if it is one. */
  async tail(
    stream: string,
  ): Promise<{ readonly sequence: number; readonly commit: CommitRecord | undefined }> {
    const stored = await this.#message({ last_by_subj: subjectOf(this.#names, stream) });
    if (stored === undefined) return { sequence: 0, commit: undefined };
    return { sequence: stored.sequence, commit: this.#decode(stored) };
  }

  /** The last commit of a stream. */
  async head(stream: string): Promise<CommitRecord | undefined> {
    const { sequence, commit } = await this.tail(stream);
    if (commit !== undefined || sequence === 0) return commit;
    let last: CommitRecord | undefined; // a stray message at the end: what was before it is only found from the front
    for await (const run of this.after(stream, 0, sequence)) last = run.at(-1);
    return last;
  }

  /** The commit that is a message; undefined when there is no such message, or it is none. */
  async at(sequence: number): Promise<CommitRecord | undefined> {
    const stored = await this.#message({ seq: sequence });
    return stored === undefined ? undefined : this.#decode(stored);
  }

  /** Commits of one stream after a sequence, up to another one. */
  async *after(
    stream: string,
    sequence: number,
    upTo: number,
  ): AsyncGenerator<readonly CommitRecord[], void> {
    for await (const run of this.#messages(subjectOf(this.#names, stream), sequence + 1, upTo))
      for (const { commits } of this.#decoded(run)) if (commits.length > 0) yield commits;
  }

  /** Commits of all streams between two sequences, both included. */
  between(from: number, upTo: number): AsyncGenerator<Run, void> {
    return this.#dense((next) => this.#messages(this.#names.all, next, upTo), from);
  }

  /** Commits of all streams from a sequence on, for ever: ends on abort. */
  live(from: number, signal: AbortSignal): AsyncGenerator<Run, void> {
    return this.#dense((next) => this.#feed({ subject: this.#names.all, from: next, signal }), from);
  }

  async *#dense(
    read: (from: number) => AsyncIterable<readonly Stored[]>,
    from: number,
  ): AsyncGenerator<Run, void> {
    const revisions = new Revisions(from);
    for await (const run of contiguous(read, from)) yield* this.#decoded(run, revisions);
  }

  /**
   * The last commit of a stream whose first fact `passes`: some do, and after them none. Commits that cannot be read
   * are passed over: what lies before and after them can be.
   */
  async find(stream: string, passes: (commit: CommitRecord) => boolean): Promise<CommitRecord | undefined> {
    const subject = subjectOf(this.#names, stream);
    const last = await this.#message({ last_by_subj: subject });
    if (last === undefined) return undefined;
    let found = this.#sound(last);
    if (found !== undefined && passes(found)) return found;
    found = undefined;
    let low = 0;
    let high = last.sequence;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const commit = await this.#next(subject, middle);
      if (commit !== undefined && passes(commit)) {
        found = commit;
        low = commit.sequence;
      } else {
        high = middle;
      }
    }
    return found;
  }

  /** Runs of a stream's commits, from the one that holds revision `from` up to the one that holds `to`. */
  async *stream(stream: string, from: number, to: number): AsyncGenerator<readonly CommitRecord[], void> {
    if (from > to) return;
    const last = await this.#message({ last_by_subj: subjectOf(this.#names, stream) });
    if (last === undefined) return;
    const head = this.#sound(last);
    if (head !== undefined && head.lastRevision < from) return;
    const start = head !== undefined && head.firstRevision <= from ? head : await this.#startOf(stream, from);
    let expected = start.firstRevision;
    for await (const run of this.after(stream, start.sequence - 1, last.sequence)) {
      for (const commit of run) {
        if (commit.firstRevision !== expected)
          throw commit.broken(`revision ${expected} is missing before it`);
        expected = commit.lastRevision + 1;
      }
      const last = run.at(-1);
      if (last !== undefined) this.mark(last);
      yield run;
      if (expected > to) return;
    }
  }

  async #startOf(stream: string, from: number): Promise<Pick<CommitRecord, 'sequence' | 'firstRevision'>> {
    const mark = this.#marks.get(stream);
    if (mark?.revision === from - 1) return { sequence: mark.sequence + 1, firstRevision: from };
    const found = from === 0 ? undefined : await this.find(stream, (commit) => commit.firstRevision <= from);
    return found ?? { sequence: 1, firstRevision: 0 };
  }

  /** Notes that a stream has been read up to a commit. */
  mark(commit: CommitRecord): void {
    if (this.#marks.size >= MAX_CACHED && !this.#marks.has(commit.stream)) this.#marks.clear();
    this.#marks.set(commit.stream, { revision: commit.lastRevision, sequence: commit.sequence });
  }

  /** Heads of all streams, in no order. */
  async heads(): Promise<readonly Head[]> {
    const { archive, all: subject } = this.#names;
    const found = new Map<string, Head>();
    const end = (): Promise<number> => this.lastSequence();
    if ((await end()) === 0) return [];
    for await (const run of lastOfEach(this.#broker, { archive, subject, window: this.#window, end })) {
      for (const stored of run) {
        const stream = this.#streamOf(stored.subject);
        const commit = this.#decode(stored) ?? (stream === undefined ? undefined : await this.head(stream));
        if (commit !== undefined) found.set(commit.stream, commit.head());
      }
    }
    return [...found.values()];
  }

  async *#messages(subject: string, from: number, upTo: number): AsyncGenerator<readonly Stored[], void> {
    let next = from;
    for (let fetched = 0; fetched < FEW; fetched++) {
      if (next > upTo) return;
      const stored = await this.#message({ seq: next, next_by_subj: subject });
      if (stored === undefined || stored.sequence > upTo) return;
      next = stored.sequence + 1;
      yield [stored];
    }
    if (next <= upTo) yield* this.#feed({ subject, from: next, upTo });
  }

  #feed(
    options: Pick<FeedOptions, 'subject' | 'from' | 'upTo' | 'signal'>,
  ): AsyncGenerator<readonly Stored[], void> {
    return feed(this.#broker, { archive: this.#names.archive, window: this.#window, ...options });
  }

  /** The commits of a run; when one cannot be read, those before it, and then the error. */
  *#decoded(run: readonly Stored[], revisions?: Revisions): Generator<Run, void> {
    const commits: CommitRecord[] = [];
    let reached = 0;
    try {
      for (const stored of run) {
        const commit = this.#decode(stored);
        if (commit !== undefined) {
          revisions?.follow(commit);
          commits.push(commit);
        }
        reached = stored.sequence;
      }
    } catch (error) {
      if (commits.length > 0) yield { commits, reached };
      throw error;
    }
    yield { commits, reached };
  }

  #decode(stored: Stored): CommitRecord | undefined {
    const stream = this.#streamOf(stored.subject);
    const commit = decodeCommit(stored, stream, this.#broker.path);
    if (commit === undefined && this.#warned.size < MAX_WARNINGS && !this.#warned.has(stored.sequence)) {
      this.#warned.add(stored.sequence);
      const what = `message ${stored.sequence} on ${stored.subject} is no commit: somebody published it there`;
      process.emitWarning(`${this.#broker.path}: ${what}; it is passed over`, 'StrayMessageWarning');
    }
    return commit;
  }

  /** As #decode, but what is broken is passed over like what is none. */
  #sound(stored: Stored): CommitRecord | undefined {
    try {
      return this.#decode(stored);
    } catch (error) {
      if (error instanceof LogError && error.code === 'corrupted') return undefined;
      throw error;
    }
  }

  #streamOf(subject: string): string | undefined {
    const known = this.#streams.get(subject);
    if (known !== undefined) return known;
    const stream = streamOf(this.#names, subject);
    if (this.#streams.size >= MAX_CACHED) this.#streams.clear();
    this.#streams.set(subject, stream);
    return stream;
  }

  async #next(subject: string, sequence: number): Promise<CommitRecord | undefined> {
    for (let from = sequence; ; ) {
      const stored = await this.#message({ seq: from, next_by_subj: subject });
      if (stored === undefined) return undefined;
      const commit = this.#sound(stored);
      if (commit !== undefined) return commit;
      from = stored.sequence + 1;
    }
  }

  async #message(question: Question): Promise<Stored | undefined> {
    const { archive } = this.#names;
    // The client's types know two fields together from its direct API only; the server has had them since 2.9.
    const found = await this.#broker.ask((manager) => manager.streams.getMessage(archive, question));
    if (found === null) return undefined;
    const { seq: sequence, subject, data, header } = found;
    return { sequence, subject, data, call: header.get(CALL_HEADER) };
  }
}

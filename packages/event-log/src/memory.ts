/** The log in memory: for tests, and for hosts that nobody needs to remember. Gone with the process. */

import { Changes, follow } from './changes.ts';
import { LogError } from './errors.ts';
import { passes, type Search, standingAtTime } from './moment.ts';
import { type PackedEntry, pagesOf } from './packed.ts';
import type { Appended, Commit, Delivery, EventLog, Head, Moment, PackedPage, RecordedFact } from './port.ts';
import { behindOf, type ChainHead, checkCommit, conflictOf, type Envelope, NO_HEAD, seal } from './seal.ts';

interface Stream {
  readonly number: number;
  readonly name: string;
  /** Indexes into the log's facts, by revision. */
  readonly facts: number[];
  readonly commands: Map<string, Appended>;
}

interface Stored {
  readonly fact: RecordedFact;
  readonly entry: PackedEntry;
}

export interface MemoryLogOptions {
  /** The clock of this process. */
  readonly now?: () => Date;
}

/** An empty log in memory. */
export function openMemoryLog({ now = () => new Date() }: MemoryLogOptions = {}): EventLog {
  return new MemoryLog(now);
}

class MemoryLog implements EventLog {
  readonly recordsInOrder = true;
  /** The fact at position p is at p - 1. */
  readonly #facts: Stored[] = [];
  readonly #streams = new Map<string, Stream>();
  readonly #names: string[] = [];
  readonly #closed = new AbortController();
  readonly changes = new Changes();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  async append(commit: Commit): Promise<Appended> {
    this.#checkOpen();
    checkCommit(commit);
    const known = this.#streams.get(commit.stream);
    const before = known?.commands.get(commit.commandId.toLowerCase());
    if (before !== undefined) return { ...before, duplicate: true };
    const head = this.#chainHead(known);
    const conflict = conflictOf(commit, head.revision);
    if (conflict !== undefined) throw conflict;
    const sealed = seal(commit, head, this.#now().toISOString());
    const stream = known ?? this.#begin(commit.stream);
    for (const [index, { canonical, hash, occurredAtMs, packed }] of sealed.entries()) {
      const position = this.#facts.length + 1;
      const envelope = JSON.parse(canonical) as Envelope;
      const entry: PackedEntry = {
        stream: stream.number,
        revision: envelope.revision,
        position,
        occurredAt: occurredAtMs,
        isLast: index === sealed.length - 1,
        payload: packed.slice(),
      };
      stream.facts.push(this.#facts.length);
      this.#facts.push({ fact: { ...envelope, position, hash }, entry });
    }
    const appended: Appended = {
      firstRevision: head.revision + 1,
      lastRevision: head.revision + sealed.length,
      lastPosition: this.#facts.length,
      duplicate: false,
    };
    stream.commands.set(commit.commandId.toLowerCase(), appended);
    this.changes.announce();
    const [first] = sealed;
    return first === undefined ? appended : { ...appended, ...behindOf(head, first) };
  }

  async readCommand(stream: string, commandId: string): Promise<readonly RecordedFact[]> {
    this.#checkOpen();
    const appended = this.#streams.get(stream)?.commands.get(commandId.toLowerCase());
    if (appended === undefined) return [];
    const run = this.#run(stream, appended.firstRevision, appended.lastRevision);
    return [...run].map((stored) => stored.fact);
  }

  async commandElsewhere(stream: string, commandId: string): Promise<string | undefined> {
    this.#checkOpen();
    const id = commandId.toLowerCase();
    for (const [name, { commands }] of this.#streams) if (name !== stream && commands.has(id)) return name;
    return undefined;
  }

  async checkWritable(): Promise<void> {
    this.#checkOpen();
  }

  async *readStream(
    stream: string,
    range: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    for (const { fact } of this.#run(stream, range.from, range.to)) {
      this.#checkOpen();
      yield fact;
    }
  }

  async *readAll(
    range: { readonly after?: number; readonly upTo?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    for (const { fact } of this.#between(range.after, range.upTo)) {
      this.#checkOpen();
      yield fact;
    }
  }

  readPacked(
    range:
      | { readonly after?: number; readonly upTo?: number }
      | { readonly stream: string; readonly from?: number; readonly to?: number } = {},
  ): AsyncIterable<PackedPage> {
    this.#checkOpen();
    const stored =
      'stream' in range
        ? this.#run(range.stream, range.from, range.to)
        : this.#between(range.after, range.upTo);
    const entries = stored.map(({ entry }) => entry);
    return pagesOf(entries, (number) => this.#names[number] ?? '');
  }

  async revisionAt(stream: string, moment: Moment): Promise<number> {
    this.#checkOpen();
    if (!('time' in moment)) return this.#search(stream, moment);
    const search: Search = async (name, asked) => this.#search(name, asked);
    return (await standingAtTime(this, stream, moment.time, this.#now().getTime(), search)).revision;
  }

  #search(stream: string, moment: Moment): number {
    const passed = passes(moment);
    let low = -1;
    let high = this.#streams.get(stream)?.facts.length ?? 0;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const [stored] = this.#run(stream, middle, middle);
      if (stored !== undefined && passed(stored.entry)) low = middle;
      else high = middle;
    }
    return low;
  }

  async heads(): Promise<readonly Head[]> {
    this.#checkOpen();
    const names = [...this.#streams.keys()].sort();
    return names.map((name) => this.#head(name)).filter((head) => head !== undefined);
  }

  async head(stream: string): Promise<Head | undefined> {
    this.#checkOpen();
    return this.#head(stream);
  }

  async lastPosition(): Promise<number> {
    this.#checkOpen();
    return this.#facts.length;
  }

  subscribe(options: { readonly after: number; readonly signal: AbortSignal }): AsyncIterable<Delivery> {
    this.#checkOpen();
    return follow(this, options.after, AbortSignal.any([options.signal, this.#closed.signal]));
  }

  async close(): Promise<void> {
    this.#closed.abort();
  }

  #begin(name: string): Stream {
    const stream: Stream = { number: this.#names.length, name, facts: [], commands: new Map() };
    this.#names.push(name);
    this.#streams.set(name, stream);
    return stream;
  }

  #chainHead(stream: Stream | undefined): ChainHead {
    const last: ChainHead = this.#facts[stream?.facts.at(-1) ?? -1]?.fact ?? NO_HEAD;
    const recordedAt = this.#facts.at(-1)?.fact.recordedAt ?? '';
    const { revision, hash, occurredAt, jump } = last;
    return { revision, hash, occurredAt, recordedAt, jump };
  }

  #head(stream: string): Head | undefined {
    const last = this.#facts[this.#streams.get(stream)?.facts.at(-1) ?? -1]?.fact;
    if (last === undefined) return undefined;
    const { revision, position, hash, occurredAt } = last;
    return { stream, revision, position, hash, occurredAt };
  }

  *#run(stream: string, from = 0, to = Number.POSITIVE_INFINITY): Generator<Stored, void, undefined> {
    const facts = this.#streams.get(stream)?.facts ?? [];
    const end = Math.min(to + 1, facts.length);
    for (let revision = Math.max(from, 0); revision < end; revision++) {
      const stored = this.#facts[facts[revision] ?? -1];
      if (stored !== undefined) yield stored;
    }
  }

  *#between(after = 0, upTo = Number.POSITIVE_INFINITY): Generator<Stored, void, undefined> {
    for (let position = Math.max(after, 0) + 1; position <= Math.min(upTo, this.#facts.length); position++) {
      const stored = this.#facts[position - 1];
      if (stored !== undefined) yield stored;
    }
  }

  #checkOpen(): void {
    if (this.#closed.signal.aborted) throw new LogError('closed', 'memory', 'the log was closed');
  }
}

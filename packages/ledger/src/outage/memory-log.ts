/**
 * The log as this process remembers it: what the read model has kept, and the newest facts. It answers questions about the
 * present, and about the past as far as the newest facts reach; the rest is LogError `unreachable`.
 */
import {
  type Appended,
  type Delivery,
  type EventLog,
  type Head,
  LogError,
  type Moment,
  type PackedPage,
  packFacts,
  type RecordedFact,
  standingAtTime,
} from '@apledger/event-log';
import { hostOf, pack, parseFact } from '@apledger/events';
import type { LiveTail } from './live-tail.ts';

export interface MemoryLogOptions {
  readonly tail: LiveTail;
  /** The heads of all streams as of a position or later; undefined when they are not known. */
  readonly heads: { readonly position: number; readonly known: ReadonlyMap<string, Head> } | undefined;
}

export class MemoryLog implements EventLog {
  readonly #tail: LiveTail;
  readonly #heads: MemoryLogOptions['heads'];

  constructor({ tail, heads }: MemoryLogOptions) {
    this.#tail = tail;
    this.#heads = heads;
  }

  async lastPosition(): Promise<number> {
    return this.#tail.position;
  }

  async head(stream: string): Promise<Head | undefined> {
    return this.#head(stream);
  }

  async heads(): Promise<readonly Head[]> {
    const known = new Map(this.#knownHeads());
    for (const fact of this.#tail.facts(0)) known.set(fact.stream, fact);
    return [...known.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
  }

  async revisionAt(stream: string, moment: Moment): Promise<number> {
    const search = async (name: string, asked: Moment): Promise<number> => this.#search(name, asked);
    if (!('time' in moment)) return search(stream, moment);
    return (await standingAtTime(this, stream, moment.time, Date.now(), search)).revision;
  }

  #search(stream: string, moment: Moment): number {
    const head = this.#head(stream);
    if (head === undefined) return -1;
    if (isBy(head, moment)) return head.revision;
    const facts = this.#tail.ofStream(stream);
    const found = facts.findLast((fact) => isBy(fact, moment));
    if (found !== undefined) return found.revision;
    if (facts[0]?.revision === 0) return -1;
    throw notInMemory();
  }

  async *readStream(
    stream: string,
    { from = 0, to = Number.POSITIVE_INFINITY }: { readonly from?: number; readonly to?: number } = {},
  ): AsyncGenerator<RecordedFact, void, undefined> {
    yield* this.#ofStream(stream, from, to);
  }

  async *readAll({
    after = 0,
    upTo = Number.POSITIVE_INFINITY,
  }: {
    readonly after?: number;
    readonly upTo?: number;
  } = {}): AsyncGenerator<RecordedFact, void, undefined> {
    if (after < this.#tail.floor) throw notInMemory();
    for (const fact of this.#tail.facts(after)) if (fact.position <= upTo) yield fact;
  }

  async *readPacked(
    range: NonNullable<Parameters<EventLog['readPacked']>[0]> = {},
  ): AsyncGenerator<PackedPage, void, undefined> {
    if (!('stream' in range)) {
      yield* this.#packedAfter(range.after ?? 0, range.upTo ?? Number.POSITIVE_INFINITY);
      return;
    }
    const { stream, from = 0, to = Number.POSITIVE_INFINITY } = range;
    const facts = this.#ofStream(stream, from, to);
    const last = facts.at(-1);
    if (last === undefined) return;
    const following = this.#tail.ofStream(stream).find(({ revision }) => revision === last.revision + 1);
    const entries = facts.map((fact, index) => ({
      ...packedOf(fact),
      stream: 0,
      isLast: (facts[index + 1] ?? following)?.cause !== fact.cause,
    }));
    yield { bytes: packFacts(entries), streamName: () => stream, lastPosition: last.position };
  }

  /** The newest facts of all streams. Throws LogError when some after the position are missing. */
  async *#packedAfter(after: number, upTo: number): AsyncGenerator<PackedPage, void, undefined> {
    const names: string[] = [];
    const numbers = new Map<string, number>();
    const causes = new Map<string, string>();
    const entries = [];
    // From the end, where the command of the fact that follows in the stream is known.
    const facts: RecordedFact[] = [];
    for await (const fact of this.readAll({ after })) facts.push(fact);
    for (const fact of facts.reverse()) {
      const { stream, cause, position } = fact;
      const number = numbers.get(stream) ?? names.push(stream) - 1;
      numbers.set(stream, number);
      const isLast = causes.get(stream) !== cause;
      causes.set(stream, cause);
      if (position <= upTo) entries.push({ ...packedOf(fact), stream: number, isLast });
    }
    const lastPosition = entries[0]?.position;
    if (lastPosition === undefined) return;
    yield { bytes: packFacts(entries.reverse()), streamName: (number) => names[number] ?? '', lastPosition };
  }

  async readCommand(): Promise<readonly RecordedFact[]> {
    throw notInMemory();
  }

  async commandElsewhere(): Promise<string | undefined> {
    throw notInMemory();
  }

  async append(): Promise<Appended> {
    throw notInMemory();
  }

  async checkWritable(): Promise<void> {
    throw notInMemory();
  }

  // biome-ignore lint/correctness/useYield: nothing is ever live here.
  async *subscribe(): AsyncGenerator<Delivery, void, undefined> {
    throw notInMemory();
  }

  async close(): Promise<void> {}

  #head(stream: string): Head | undefined {
    return this.#tail.ofStream(stream).at(-1) ?? this.#knownHeads().get(stream);
  }

  /** Throws LogError when facts between these heads and the newest facts are missing. */
  #knownHeads(): ReadonlyMap<string, Head> {
    if (this.#heads === undefined || this.#heads.position < this.#tail.floor) throw notInMemory();
    return this.#heads.known;
  }

  /** The facts of a stream from one revision to another, as far as it goes. Throws LogError when not all are here. */
  #ofStream(stream: string, from: number, to: number): readonly RecordedFact[] {
    const head = this.#head(stream);
    if (head === undefined || from > head.revision || from > to) return [];
    const facts = this.#tail.ofStream(stream);
    if ((facts[0]?.revision ?? Number.POSITIVE_INFINITY) > from) throw notInMemory();
    return facts.filter(({ revision }) => revision >= from && revision <= to);
  }
}

const packedOf = ({ stream, revision, position, occurredAt, type, version, data }: RecordedFact) => ({
  revision,
  position,
  occurredAt: Date.parse(occurredAt),
  // What is no host's has no packed form.
  payload: hostOf(stream) === undefined ? new Uint8Array() : pack(parseFact(type, version, data)),
});

const isBy = (
  { revision, position, occurredAt }: Pick<Head, 'revision' | 'position' | 'occurredAt'>,
  moment: Moment,
): boolean =>
  'revision' in moment
    ? revision <= moment.revision
    : 'position' in moment
      ? position <= moment.position
      : occurredAt <= moment.time;

const notInMemory = (): LogError =>
  new LogError('unreachable', 'the log', 'the answer needs facts that are not in memory', {
    remedy: 'ask again when the log is back',
  });

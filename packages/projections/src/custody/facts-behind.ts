/** The recorded facts of one stream that are named by their revisions: who caused what. */

import type { Boundary } from '@apledger/api';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { type FactOf, parseFact } from '@apledger/events';
import { CHUNK, type HeaderChunk } from '../fact-index/headers.ts';

/** Facts wanted that lie at most this far apart are read in one go. */
const NEAR = 16;
/** Boundaries from headers that are kept: what ended one period began the next. */
const MAX_RECENT = 4096;

/** Knows facts of streams without the log. */
export interface Headers {
  /** Those of a stream with the revisions from `number * CHUNK` on; undefined when none of them is known. */
  chunk(stream: string, number: number): HeaderChunk | undefined;
}

export class FactsBehind {
  readonly #log: EventLog;
  readonly #stream: string;
  readonly #headers: Headers | undefined;
  readonly #isObserved: boolean;
  /** From the log. */
  readonly #known = new Map<number, Boundary>();
  /** From the headers. They stay for as long as this does: the index may be made again meanwhile. */
  readonly #chunks: (HeaderChunk | undefined)[] = [];
  readonly #recent = new Map<number, Boundary>();
  /** What the agent knew of each commit, by its command. */
  readonly #observed = new Map<string, Boundary['observed']>();

  /** `isObserved`: an agent watches the host, so that its commits say by what evidence. */
  constructor(log: EventLog, stream: string, headers: Headers | undefined, isObserved = false) {
    this.#log = log;
    this.#stream = stream;
    this.#headers = headers;
    this.#isObserved = isObserved;
  }

  /** Reads those of the facts that are not known yet; negative revisions are none. */
  async load(revisions: Iterable<number>): Promise<void> {
    const wanted = new Set<number>();
    const all = [...revisions];
    for (const revision of all)
      if (revision >= 0 && !this.#known.has(revision) && this.#chunkWith(revision) === undefined)
        wanted.add(revision);
    const ascending = [...wanted].sort((a, b) => a - b);
    for await (const fact of factsAt(this.#log, this.#stream, ascending))
      this.#known.set(fact.revision, boundaryOf(fact));
    if (this.#isObserved)
      for (const revision of all) await this.#loadEvidence(this.#find(revision)?.commandId);
  }

  async #loadEvidence(command: string | undefined): Promise<void> {
    if (command === undefined || this.#observed.has(command)) return;
    const facts = await this.#log.readCommand(this.#stream, command);
    const observed = facts.find(({ type }) => type === 'HostObserved');
    this.#observed.set(command, observed && observedOf(observed));
  }

  /** A fact that was loaded; null for a negative revision. */
  at(revision: number): Boundary | null {
    return revision < 0 ? null : this.must(revision);
  }

  /** A fact that was loaded. */
  must(revision: number): Boundary {
    const fact = this.#find(revision);
    if (fact === undefined) throw new Error(`${this.#stream} has no fact of revision ${revision}`);
    const observed = this.#isObserved ? this.#observed.get(fact.commandId) : undefined;
    return observed === undefined ? fact : { ...fact, observed };
  }

  /** Undefined when only the log knows. */
  typeOf(revision: number): string | undefined {
    return this.#known.get(revision)?.type ?? this.#chunkWith(revision)?.typeOf(revision);
  }

  /** Those of the headers that have the fact. */
  #chunkWith(revision: number): HeaderChunk | undefined {
    const number = Math.floor(revision / CHUNK);
    const kept = this.#chunks[number];
    if (kept?.has(revision)) return kept;
    const found = this.#headers?.chunk(this.#stream, number);
    if (!found?.has(revision)) return undefined;
    this.#chunks[number] = found;
    return found;
  }

  #find(revision: number): Boundary | undefined {
    const known = this.#known.get(revision) ?? this.#recent.get(revision);
    if (known !== undefined) return known;
    const found = this.#chunkWith(revision)?.at(revision);
    if (found === undefined) return undefined;
    if (this.#recent.size >= MAX_RECENT) this.#recent.clear();
    this.#recent.set(revision, found);
    return found;
  }
}

/** The facts of a stream at revisions, which ascend. */
export async function* factsAt(
  log: EventLog,
  stream: string,
  revisions: readonly number[],
): AsyncGenerator<RecordedFact> {
  const wanted = new Set(revisions);
  for (const [from, to] of runsOf(revisions))
    for await (const fact of log.readStream(stream, { from, to })) if (wanted.has(fact.revision)) yield fact;
}

/** First and last of each run of neighbours. */
function runsOf(ascending: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const revision of ascending) {
    const run = runs.at(-1);
    if (run !== undefined && revision - run[1] <= NEAR) run[1] = revision;
    else runs.push([revision, revision]);
  }
  return runs;
}

/** When the commit can have happened, and by what evidence. */
function observedOf({ type, version, data }: RecordedFact): Boundary['observed'] {
  const { notBefore, notAfter, certainty, evidence } = (
    parseFact(type, version, data) as FactOf<'HostObserved'>
  ).data;
  return { notBefore, notAfter, certainty, evidence };
}

/** The fact as an answer names it. */
export function boundaryOf({ position, revision, occurredAt, type, cause, actor }: RecordedFact): Boundary {
  return { position, revision, occurredAt, type, commandId: cause, actor };
}

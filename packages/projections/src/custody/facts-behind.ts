/** The recorded facts of one stream that are named by their revisions: who caused what. */

import type { Boundary } from '@apledger/api';
import type { EventLog, RecordedFact } from '@apledger/event-log';
import { type FactOf, parseFact } from '@apledger/events';

/** Facts wanted that lie at most this far apart are read in one go. */
const NEAR = 16;
/** Boundaries from headers that are kept: what ended one period began the next. */
const MAX_RECENT = 4096;

/** Knows some facts of streams without the log. */
export interface Headers {
  /** Undefined for a fact that it does not know. */
  at(stream: string, revision: number): Boundary | undefined;
  /** The same of its type alone, which costs little. */
  typeOf(stream: string, revision: number): string | undefined;
}

export class FactsBehind {
  readonly #log: EventLog;
  readonly #stream: string;
  readonly #headers: Headers | undefined;
  readonly #isObserved: boolean;
  /** From the log. */
  readonly #known = new Map<number, Boundary>();
  /** From the headers. */
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
      if (revision >= 0 && this.typeOf(revision) === undefined) wanted.add(revision);
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
    const observed = this.#observed.get(fact.commandId);
    return observed === undefined ? fact : { ...fact, observed };
  }

  /** Undefined when only the log knows. */
  typeOf(revision: number): string | undefined {
    return this.#known.get(revision)?.type ?? this.#headers?.typeOf(this.#stream, revision);
  }

  #find(revision: number): Boundary | undefined {
    const known = this.#known.get(revision) ?? this.#recent.get(revision);
    if (known !== undefined) return known;
    const found = this.#headers?.at(this.#stream, revision);
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

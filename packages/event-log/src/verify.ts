/**
 * Is this log the one that was written? Walks every fact and recomputes what the writer computed.
 *
 * Found inside a log: a changed, removed, added or reordered fact (the hash chain, revisions and positions), a
 * packed form that is not that of its fact, and rows that cannot be read. Not visible inside: a tail cut off at its
 * end, a stream removed as a whole, or a history rewritten with all its hashes. For these, note the heads elsewhere
 * from time to time and compare with them here.
 */

import { LogError } from './errors.ts';
import { type PackedFact, packedFacts } from './packed.ts';
import type { EventLog, Head, PackedPage, RecordedFact } from './port.ts';
import { canonicalEnvelope, chainHash, NO_HEAD } from './seal.ts';

/** Something that the writer cannot have written so. `position` is 0 when the fact is not there at all. */
export interface Problem {
  /** Empty when the stream cannot be told. */
  readonly stream: string;
  /** -1 when it cannot be told. */
  readonly revision: number;
  readonly position: number;
  readonly problem: string;
}

export interface Verification {
  /** Facts that could be read. */
  readonly facts: number;
  readonly streams: number;
  /** Heads as found, sorted by name: note them elsewhere for the next time. */
  readonly heads: readonly Head[];
  readonly problems: readonly Problem[];
}

/** The end of a stream as somebody noted it. */
export type NotedHead = Pick<Head, 'stream' | 'revision' | 'hash'>;

export interface VerifyOptions {
  /** The packed form that a fact must have, given the stored one; without it only the frames' headers are compared. A throw is a problem found. */
  readonly repack?: (fact: RecordedFact, stored: Uint8Array) => Uint8Array;
  /** Heads noted earlier: each must still be in its stream, with the same hash. */
  readonly noted?: readonly NotedHead[];
}

/**
 * Facts whose packed form is checked in one go, and the characters of JSON that end such a batch early: large, since
 * each stream met in a batch costs a reading of its own.
 */
const BATCH_FACTS = 16_384;
const BATCH_SIZE = 16 * 1024 * 1024;

/**
 * Walks the log up to where it ends now. Yields the position reached, after some thousands of facts each; returns the
 * verification. Throws only what is no matter of the log's content (LogError other than `corrupted`).
 */
export async function* verify(
  log: EventLog,
  options: VerifyOptions = {},
): AsyncGenerator<{ readonly position: number; readonly lastPosition: number }, Verification, undefined> {
  const lastPosition = await log.lastPosition();
  const walk = new Walk();
  let after = 0;
  while (after < lastPosition) {
    const batch: RecordedFact[] = [];
    let size = 0;
    try {
      for await (const fact of log.readAll({ after, upTo: lastPosition })) {
        size += walk.check(fact);
        batch.push(fact);
        if (batch.length >= BATCH_FACTS || size >= BATCH_SIZE) break;
      }
      after = batch.at(-1)?.position ?? lastPosition;
    } catch (error) {
      after = walk.unreadable(error, batch.at(-1)?.position ?? after);
    }
    await checkPacked(log, batch, walk, options.repack);
    yield { position: after, lastPosition };
  }
  for (const head of options.noted ?? []) {
    try {
      for (const { problem, ...where } of await checkHeads(log, [head])) walk.report(where, problem);
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'corrupted') throw error; // that was found on the way
    }
  }
  return walk.finish();
}

/**
 * Compares heads noted earlier with the log: each must still be in its stream, with the same hash, in which all facts
 * before it are sealed. Reads nothing else. Throws LogError.
 */
export async function checkHeads(log: EventLog, noted: readonly NotedHead[]): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { stream, revision, hash } of noted) {
    const fact = await factAt(log, stream, revision);
    if (fact?.hash === hash) continue;
    const problem =
      fact === undefined
        ? `noted earlier, but ${missing(await log.head(stream), revision)}`
        : 'its hash is not the one noted earlier';
    problems.push({ stream, revision, position: fact?.position ?? 0, problem });
  }
  return problems;
}

async function factAt(log: EventLog, stream: string, revision: number): Promise<RecordedFact | undefined> {
  for await (const fact of log.readStream(stream, { from: revision, to: revision })) return fact;
  return undefined;
}

function missing(head: Head | undefined, revision: number): string {
  if (head === undefined) return 'the stream is gone';
  return head.revision < revision ? `the stream ends at ${head.revision}` : 'it is not there';
}

class Walk {
  readonly #heads = new Map<string, Head>();
  /** Hash of a stream's last fact as it was recomputed, where that is not the stored one. */
  readonly #recomputed = new Map<string, string>();
  readonly #problems: Problem[] = [];
  #facts = 0;
  #position = 0;

  /** Checks a fact against the one before it; gives the size of its JSON. */
  check(fact: RecordedFact): number {
    const { stream, revision, position, hash, occurredAt } = fact;
    const before = this.#heads.get(stream);
    if (position <= this.#position) this.report(fact, `its position follows ${this.#position}`);
    const expected = (before?.revision ?? -1) + 1;
    if (before !== undefined && occurredAt < before.occurredAt !== (fact.jump === revision))
      this.report(
        fact,
        fact.jump === revision
          ? 'no clock jumped back here, as it says'
          : 'it occurred before its forerunner',
      );
    const canonical = canonicalEnvelope(fact);
    if (revision === expected) this.#checkHash(fact, canonical, before?.hash ?? NO_HEAD.hash);
    else this.report(fact, `revision ${revision} where ${expected} should follow`);
    this.#heads.set(stream, { stream, revision, position, hash, occurredAt });
    this.#position = Math.max(position, this.#position);
    this.#facts += 1;
    return canonical.length;
  }

  /** One tampered hash is one problem: the fact after it may also follow the hash that should have been there. */
  #checkHash(fact: RecordedFact, canonical: string, previous: string): void {
    const recomputed = chainHash(previous, canonical);
    const instead = this.#recomputed.get(fact.stream);
    this.#recomputed.delete(fact.stream);
    if (recomputed === fact.hash) return;
    if (instead !== undefined && chainHash(instead, canonical) === fact.hash) return;
    this.#recomputed.set(fact.stream, recomputed);
    this.report(fact, 'its hash is not that of its content and of the fact before it');
  }

  /** Notes what could not be read and gives the position after which reading can go on. */
  unreadable(error: unknown, reached: number): number {
    if (!(error instanceof LogError) || error.code !== 'corrupted') throw error;
    const position = error.position ?? reached + 1;
    this.#problems.push({ stream: '', revision: -1, position, problem: error.message });
    return Math.max(error.lastPosition ?? position, reached + 1);
  }

  report(fact: Pick<RecordedFact, 'stream' | 'revision' | 'position'>, problem: string): void {
    const { stream, revision, position } = fact;
    this.#problems.push({ stream, revision, position, problem });
  }

  finish(): Verification {
    const heads = [...this.#heads.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
    return { facts: this.#facts, streams: heads.length, heads, problems: this.#problems };
  }
}

type Range = NonNullable<Parameters<EventLog['readPacked']>[0]>;
type Repack = VerifyOptions['repack'];

/** Compares the packed forms of a run of facts with the facts, as the whole log gives them and as each stream does. */
async function checkPacked(
  log: EventLog,
  facts: readonly RecordedFact[],
  walk: Walk,
  repack: Repack,
): Promise<void> {
  const found = new Map<RecordedFact, string>();
  await compare(log, facts, inLog, found, repack);
  for (const run of Map.groupBy(facts, (fact) => fact.stream).values()) {
    await compare(log, run, inStream, found, repack);
  }
  for (const [fact, problem] of found) walk.report(fact, problem);
}

const inLog = (first: RecordedFact, last: RecordedFact): Range => {
  return { after: first.position - 1, upTo: last.position };
};
const inStream = (first: RecordedFact, last: RecordedFact): Range => {
  return { stream: first.stream, from: first.revision, to: last.revision };
};

async function compare(
  log: EventLog,
  facts: readonly RecordedFact[],
  range: typeof inLog,
  found: Map<RecordedFact, string>,
  repack: Repack,
): Promise<void> {
  const first = facts.at(0);
  const last = facts.at(-1);
  if (first === undefined || last === undefined) return;
  if (await compareRun(log.readPacked(range(first, last)), facts, found, repack)) return;
  // The run cannot be read as a whole: ask for its facts one by one, to say which.
  for (const fact of facts) {
    if (await compareRun(log.readPacked(range(fact, fact)), [fact], found, repack)) continue;
    found.set(fact, 'its packed form is missing or cannot be read');
  }
}

/** False, and nothing found, when there is not exactly one frame for each fact. */
async function compareRun(
  pages: AsyncIterable<PackedPage>,
  facts: readonly RecordedFact[],
  found: Map<RecordedFact, string>,
  repack: Repack,
): Promise<boolean> {
  const differing = new Map<RecordedFact, string>();
  let index = 0;
  try {
    for await (const page of pages) {
      for (const frame of packedFacts(page)) {
        const fact = facts[index];
        if (fact === undefined || fact.position !== frame.position) return false;
        const problem = difference(fact, frame, page.streamName(frame.stream), repack);
        if (problem !== undefined) differing.set(fact, problem);
        index += 1;
      }
    }
  } catch (error) {
    if (error instanceof LogError && error.code === 'corrupted') return false;
    throw error;
  }
  if (index !== facts.length) return false;
  for (const [fact, problem] of differing) found.set(fact, problem);
  return true;
}

function difference(
  fact: RecordedFact,
  frame: PackedFact,
  streamName: string,
  repack: Repack,
): string | undefined {
  const sameTime = Date.parse(fact.occurredAt) === frame.occurredAt;
  if (fact.revision !== frame.revision || fact.stream !== streamName || !sameTime) {
    return 'the header of its packed form is not that of the fact';
  }
  const payload = frame.bytes.subarray(frame.offset, frame.offset + frame.length);
  try {
    if (repack === undefined || Buffer.compare(payload, repack(fact, payload)) === 0) return undefined;
  } catch (error) {
    return `its data have no packed form: ${error instanceof Error ? error.message : error}`;
  }
  return 'its packed form is not that of its data';
}

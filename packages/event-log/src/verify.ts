/**
 * Is this log the one that was written? Walks every fact and recomputes what the writer computed.
 *
 * Found inside a log: a changed, removed, added or reordered fact (the hash chain, revisions and positions), a
 * packed form that is not that of its fact, and rows that cannot be read. Not visible inside: a tail cut off at its
 * end, a stream removed as a whole, or a history rewritten with all its hashes. For these, note the heads elsewhere
 * from time to time and compare with them here.
 */

import type { ClockJump } from './clock.ts';
import { LogError } from './errors.ts';
import { factAt } from './fact-at.ts';
import type { EventLog, Head, RecordedFact } from './port.ts';
import { checkPacked, type Repack } from './verify/packed.ts';
import { joinRanges, type Problem, type RangeReport, Walk } from './verify/walk.ts';

export type { Problem, RangeReport } from './verify/walk.ts';

export interface Verification {
  /** Facts that could be read. */
  readonly facts: number;
  readonly streams: number;
  /** Heads as found, sorted by name: note them elsewhere for the next time. */
  readonly heads: readonly Head[];
  readonly problems: readonly Problem[];
  /** What processes recorded about their clocks. */
  readonly clockJumps: readonly ClockJump[];
}

/** The end of a stream as somebody noted it. */
export type NotedHead = Pick<Head, 'stream' | 'revision' | 'hash'>;

export interface VerifyOptions {
  /** The packed form that a fact must have, given the stored one; without it only the frames' headers are compared. A throw is a problem found. */
  readonly repack?: Repack;
  /** Heads noted earlier: each must still be in its stream, with the same hash. */
  readonly noted?: readonly NotedHead[];
}

/**
 * Facts whose packed form is checked in one go, and the characters of JSON that end such a batch early: large, since
 * each stream met in a batch costs a reading of its own.
 */
const BATCH_FACTS = 16_384;
const BATCH_SIZE = 16 * 1024 * 1024;
/** The same for one stream, which costs one reading: a few milliseconds, so that others get their turn in between. */
const STREAM_BATCH_FACTS = 512;

/**
 * Walks the log up to where it ends now. Yields the position reached, after some thousands of facts each; returns the
 * verification. Throws only what is no matter of the log's content (LogError other than `corrupted`).
 */
export async function* verify(
  log: EventLog,
  options: VerifyOptions = {},
): AsyncGenerator<{ readonly position: number; readonly lastPosition: number }, Verification, undefined> {
  const lastPosition = await log.lastPosition();
  const walk = verifyRange(log, { after: 0, upTo: lastPosition }, options.repack);
  let step = await walk.next();
  for (; !step.done; step = await walk.next()) yield { position: step.value, lastPosition };
  return joinVerification(log, [step.value], options.noted);
}

/** The facts `after < position <= upTo`, and nothing that a single fact does not show. Yields the position reached. Throws as `verify`. */
export async function* verifyRange(
  log: EventLog,
  { after: start, upTo }: { readonly after: number; readonly upTo: number },
  repack?: Repack,
): AsyncGenerator<number, RangeReport, undefined> {
  const walk = new Walk(log, start);
  let after = start;
  while (after < upTo) {
    const batch: RecordedFact[] = [];
    let size = 0;
    let isEnd = true;
    try {
      for await (const fact of log.readAll({ after, upTo })) {
        if (walk.needsBeginning(fact)) await walk.begin(fact);
        size += walk.check(fact);
        batch.push(fact);
        isEnd = batch.length < BATCH_FACTS && size < BATCH_SIZE;
        if (!isEnd) break;
      }
      const reached = batch.at(-1)?.position ?? after;
      if (isEnd && reached < upTo) walk.missing(reached + 1, upTo);
      after = isEnd ? upTo : reached;
    } catch (error) {
      after = walk.unreadable(error, batch.at(-1)?.position ?? after);
    }
    await checkPacked(log, batch, 'log', (fact, problem) => walk.report(fact, problem), repack);
    yield after;
  }
  return walk.finish();
}

/**
 * The facts of one stream from a revision to another, both included; of a range that does not begin at 0, the two facts before it are
 * read as well. Yields the revision reached. Throws as `verify`.
 */
export async function* verifyStream(
  log: EventLog,
  { stream, from, to }: { readonly stream: string; readonly from: number; readonly to: number },
  repack?: Repack,
): AsyncGenerator<number, RangeReport, undefined> {
  const walk = new Walk(log, from === 0 ? 0 : 1);
  for (let next = from; next <= to; ) {
    const batch: RecordedFact[] = [];
    try {
      for await (const fact of log.readStream(stream, { from: next, to })) {
        if (walk.needsBeginning(fact)) await walk.begin(fact);
        walk.check(fact);
        batch.push(fact);
        if (batch.length === STREAM_BATCH_FACTS) break;
      }
      const { revision = next - 1, position = 0 } = batch.at(-1) ?? {};
      const isEnd = batch.length < STREAM_BATCH_FACTS;
      if (isEnd && revision < to)
        walk.report({ stream, revision: revision + 1, position }, `facts up to revision ${to} are missing`);
      next = isEnd ? to + 1 : revision + 1;
    } catch (error) {
      walk.unreadable(error, batch.at(-1)?.position ?? 0);
      next = to + 1; // where the stream goes on cannot be told
    }
    await checkPacked(log, batch, 'stream', (fact, problem) => walk.report(fact, problem), repack);
    yield next - 1;
  }
  return walk.finish();
}

/** Joins the reports on ranges that follow each other and cover the log, and compares heads noted earlier. */
export async function joinVerification(
  log: EventLog,
  reports: readonly RangeReport[],
  noted: readonly NotedHead[] = [],
): Promise<Verification> {
  const { facts, heads, problems, clockJumps } = joinRanges(reports, log.recordsInOrder ?? false);
  const found = [...problems];
  for (const head of noted) {
    try {
      found.push(...(await checkHeads(log, [head])));
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'corrupted') throw error; // that was found on the way
    }
  }
  return { facts, streams: heads.length, heads, problems: found, clockJumps };
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

function missing(head: Head | undefined, revision: number): string {
  if (head === undefined) return 'the stream is gone';
  return head.revision < revision ? `the stream ends at ${head.revision}` : 'it is not there';
}

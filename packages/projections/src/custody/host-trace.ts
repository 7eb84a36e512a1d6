/** Reads a host's facts from the log into a trace. */

import type { Apqn } from '@apledger/ap';
import type { Boundary } from '@apledger/api';
import { type EventLog, type Moment, packedFacts } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { readFacts } from '../facts.ts';
import { FactsBehind } from './facts-behind.ts';
import { Trace } from './trace.ts';

/** What overlaps this span; undefined = from the beginning, up to now. A commit that a moment falls into counts in whole. */
export interface Range {
  readonly from?: Moment | undefined;
  readonly to?: Moment | undefined;
}

/** A host's history up to the end of a range. */
export interface HostTrace {
  readonly host: string;
  readonly trace: Trace;
  readonly facts: FactsBehind;
  /** The last facts of the host at or before the range's moments, whole commits: revisions, -1 = none. */
  readonly from: number;
  readonly to: number;
  /** The host's first fact. */
  readonly knownSince: Boundary;
  /** Applies what came after the range, up to the log's end: the trace tells then what became of what was open. */
  goOn(): Promise<void>;
}

/** The range lies before the host's first fact: there is nothing to answer from. */
export class NotKnownYet extends Error {
  override readonly name = 'NotKnownYet';
  readonly knownSince: Boundary;

  constructor(host: string, knownSince: Boundary) {
    super(
      `Host ${host} is not known before ${knownSince.occurredAt} (position ${knownSince.position}): of the time before, the ledger knows nothing.`,
    );
    this.knownSince = knownSince;
  }
}

/**
 * Undefined when there is no such host. With `only`, a trace of that queue alone. Throws `NotKnownYet` for a range that ends before the
 * host's first fact, and `CannotFold` for a log that this version cannot read.
 */
export async function traceHost(
  log: EventLog,
  host: string,
  { from, to }: Range,
  only?: Apqn,
): Promise<HostTrace | undefined> {
  const stream = streamOf(host);
  const head = await log.head(stream);
  if (head === undefined) return undefined;
  const last = to === undefined ? head.revision : await endOfCommit(log, stream, to);
  const facts = new FactsBehind(log, stream);
  await facts.load([0]);
  const knownSince = facts.must(0);
  if (last < 0) throw new NotKnownYet(host, knownSince);
  const trace = new Trace(only);
  const apply = async (first: number, to: number): Promise<void> => {
    for await (const page of readFacts(log, { stream, from: first, to }))
      for (const fact of packedFacts(page)) trace.apply(fact);
  };
  await apply(0, last);
  let later: Promise<void> | undefined;
  return {
    host,
    trace,
    facts,
    from: from === undefined ? -1 : await endOfCommit(log, stream, from),
    to: last,
    knownSince,
    goOn: () => {
      later ??= last < head.revision ? apply(last + 1, head.revision) : Promise.resolve();
      return later;
    },
  };
}

/** The last fact at or before the moment, and if that is in the middle of a commit, the commit's last: a commit is done in whole. */
async function endOfCommit(log: EventLog, stream: string, moment: Moment): Promise<number> {
  const revision = await log.revisionAt(stream, moment);
  if (revision < 0) return revision;
  for await (const { cause } of log.readStream(stream, { from: revision, to: revision })) {
    const commit = await log.readCommand(stream, cause);
    return commit.at(-1)?.revision ?? revision;
  }
  return revision;
}

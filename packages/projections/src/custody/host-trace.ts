/** Reads a host's facts from the log into a trace. */
import { setImmediate } from 'node:timers/promises';
import type { Apqn } from '@apledger/ap';
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
}

/** Undefined when there is no such host. With `only`, a trace of that queue alone. Throws `CannotFold` for a log that this version cannot read. */
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
  const trace = new Trace(only);
  if (last >= 0) {
    for await (const page of readFacts(log, { stream, from: 0, to: last })) {
      for (const fact of packedFacts(page)) trace.apply(fact);
      await setImmediate(); // others have questions meanwhile
    }
  }
  return {
    host,
    trace,
    facts: new FactsBehind(log, stream),
    from: from === undefined ? -1 : await endOfCommit(log, stream, from),
    to: last,
  };
}

/** The last fact at or before the moment, and if that is in the middle of a commit, the commit's last: a commit is done in whole. */
export async function endOfCommit(log: EventLog, stream: string, moment: Moment): Promise<number> {
  const revision = await log.revisionAt(stream, moment);
  if (revision < 0) return revision;
  for await (const { cause } of log.readStream(stream, { from: revision, to: revision })) {
    const commit = await log.readCommand(stream, cause);
    return commit.at(-1)?.revision ?? revision;
  }
  return revision;
}

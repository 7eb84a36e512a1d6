/** Reads a host's facts from the log into a trace. */

import type { Apqn } from '@apledger/ap';
import { type EventLog, type Moment, packedFacts } from '@apledger/event-log';
import { OP, pack, parseFact, streamOf } from '@apledger/events';
import { FactsBehind } from './facts-behind.ts';
import { Trace } from './trace.ts';

/** Resets were packed from this version of QueueReset on. */
const FIRST_PACKED_RESET = 3;

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
    const early = await unpackedResets(log, stream, last);
    for await (const page of log.readPacked({ stream, from: 0, to: last })) {
      for (const fact of packedFacts(page)) {
        const payload = fact.length === 0 ? early.get(fact.revision) : undefined;
        if (payload === undefined) trace.apply(fact);
        else {
          const { revision, position, occurredAt } = fact;
          trace.apply({ revision, position, occurredAt, bytes: payload, offset: 0, length: payload.length });
        }
      }
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
async function endOfCommit(log: EventLog, stream: string, moment: Moment): Promise<number> {
  const revision = await log.revisionAt(stream, moment);
  if (revision < 0) return revision;
  for await (const { cause } of log.readStream(stream, { from: revision, to: revision })) {
    const commit = await log.readCommand(stream, cause);
    return commit.at(-1)?.revision ?? revision;
  }
  return revision;
}

/**
 * The resets that older versions wrote without a packed form, packed, by revision. Such a version cannot append after a newer one, so
 * they all lie before the first packed reset, which in a log of this version comes soon.
 */
async function unpackedResets(log: EventLog, stream: string, last: number): Promise<Map<number, Uint8Array>> {
  const resets = new Map<number, Uint8Array>();
  const to = (await firstPackedReset(log, stream, last)) - 1;
  if (to < 0) return resets;
  for await (const { revision, type, version, data } of log.readStream(stream, { from: 0, to }))
    if (type === 'QueueReset' && version < FIRST_PACKED_RESET)
      resets.set(revision, pack(parseFact(type, version, data)));
  return resets;
}

/** Its revision; the one after `last` when there is none. */
async function firstPackedReset(log: EventLog, stream: string, last: number): Promise<number> {
  for await (const page of log.readPacked({ stream, from: 0, to: last }))
    for (const { bytes, offset, length, revision } of packedFacts(page))
      if (length > 0 && bytes[offset] === OP.queuesReset) return revision;
  return last + 1;
}

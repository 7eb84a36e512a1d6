/**
 * How a fact lies in KurrentDB: one JSON event each.
 *
 *     stream    prefix + the name of the fact's stream
 *     id        new with each append call, the same when the call is made again; older events have the fact's id
 *     type      that of the fact
 *     data      the fact's envelope (what the hash covers), so that the database's own tools can show and query it
 *     metadata  hash; packed (base64); isLast (of its commit; older logs do not say); $correlationId and $causationId as the database's projections know them
 */

import { randomUUID } from 'node:crypto';
import { isEnvelope } from '../envelopes.ts';
import { LogError } from '../errors.ts';
import type { PackedEntry } from '../packed.ts';
import type { Commit, RecordedFact } from '../port.ts';
import type { Envelope, SealedFact } from '../seal.ts';
import type { Place, ReadResponse } from './protocol.ts';

/** What is read of an event, from a stream or from $all. */
export interface Event {
  readonly id: string;
  readonly streamId: string;
  readonly revision: number;
  readonly type: string;
  readonly isJson: boolean;
  readonly bytes: Uint8Array;
  readonly metadata: Uint8Array;
  readonly place: Place;
}

/** An event that is to be appended. */
export interface NewEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** The event of a fact of a commit, with an id of its own; `index` is the fact's place in the commit. */
export function newEvent({ hash, packed, canonical }: SealedFact, index: number, commit: Commit): NewEvent {
  const metadata = {
    $correlationId: commit.correlation,
    $causationId: commit.commandId.toLowerCase(),
    hash,
    packed: Buffer.from(packed).toString('base64'),
    isLast: index === commit.facts.length - 1,
  };
  return {
    id: randomUUID(),
    type: commit.facts[index]?.type ?? '',
    data: Buffer.from(canonical),
    metadata: Buffer.from(JSON.stringify(metadata)),
  };
}

/** The event of a message, undefined for a message that brings none. */
export function eventOf(message: ReadResponse): Event | undefined {
  const recorded = message.getEvent()?.getEvent();
  if (recorded === undefined) return undefined;
  const about = recorded.getMetadataMap();
  return {
    id: recorded.getId()?.getString() ?? '',
    streamId: text(recorded.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array()),
    revision: Number(recorded.getStreamRevision()),
    type: about.get('type') ?? '',
    isJson: about.get('content-type') === 'application/json',
    bytes: recorded.getData_asU8(),
    metadata: recorded.getCustomMetadata_asU8(),
    place: {
      commit: Number(recorded.getCommitPosition()),
      prepare: Number(recorded.getPreparePosition()),
    },
  };
}

/** The position of an event of ours: a number of bytes. Throws LogError beyond 2^53. */
export function positionOf({ place: { commit, prepare }, streamId }: Event, place: string): number {
  // An append in one call gets no commit record of its own: both positions are those of the event.
  if (commit === prepare && Number.isSafeInteger(commit)) return commit;
  const reason = `position C:${commit}/P:${prepare} of ${streamId} is none that this log writes`;
  throw new LogError('corrupted', place, reason);
}

/** The fact of an event in a stream of this log. Throws LogError `corrupted` for an event that the log did not write. */
export function factOf(event: Event, prefix: string, place: string): RecordedFact {
  const position = positionOf(event, place);
  const envelope = envelopeOf(event, event.streamId.slice(prefix.length));
  const { hash } = fields(event.metadata);
  if (envelope === undefined || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw foreign(event, position, place);
  }
  return { ...envelope, position, hash };
}

/** The packed form of a fact; `stream` is the number that stands for its stream. */
export function entryOf(event: Event, fact: RecordedFact, stream: number, place: string): PackedEntry {
  const { packed, isLast } = fields(event.metadata);
  if (typeof packed !== 'string') throw foreign(event, fact.position, place);
  const { revision, position } = fact;
  const payload = Buffer.from(packed, 'base64');
  const occurredAt = Date.parse(fact.occurredAt);
  return { stream, revision, position, occurredAt, payload, ...(typeof isLast === 'boolean' && { isLast }) };
}

function envelopeOf(event: Event, stream: string): Envelope | undefined {
  const found = event.isJson ? fields(event.bytes) : {};
  if (!isEnvelope(found)) return undefined;
  if (found.stream !== stream || found.type !== event.type || found.revision !== event.revision)
    return undefined;
  return found;
}

/** The object of a JSON text; empty for anything else. */
export function fields(json: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text(json));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function foreign(event: Event, position: number, place: string): LogError {
  const which = `event ${event.revision} of stream ${event.streamId} (type ${event.type})`;
  return new LogError('corrupted', place, `${which} is no fact of this log: somebody else wrote it there`, {
    remedy: 'take the right to write to these streams from others, and restore the stream from a copy',
    position,
  });
}

/**
 * How a fact lies in KurrentDB: one JSON event each.
 *
 *     stream    prefix + the name of the fact's stream
 *     id, type  those of the fact
 *     data      the fact's envelope (what the hash covers), so that the database's own tools can show and query it
 *     metadata  hash; packed (base64); $correlationId and $causationId as the database's projections know them;
 *               writer, an id of the append call, by which a writer knows its own events again
 */

import type { Position, RecordedEvent } from '@eventstore/db-client';
import { LogError } from '../errors.ts';
import type { PackedEntry } from '../packed.ts';
import type { JsonObject, RecordedFact } from '../port.ts';
import type { Envelope, SealedFact } from '../seal.ts';

/** What is read of an event, from a stream or from $all. */
export type Event = Pick<RecordedEvent, 'streamId' | 'id' | 'revision' | 'type' | 'isJson'> & {
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly position?: Position;
};

/** An event as the client's `appendToStream` takes it. */
export interface NewEvent {
  id: string;
  contentType: 'application/json';
  type: string;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

export function eventOf(sealed: SealedFact, writer: string): NewEvent {
  const envelope = JSON.parse(sealed.canonical) as Envelope;
  const metadata = {
    $correlationId: envelope.correlation,
    $causationId: envelope.cause,
    hash: sealed.hash,
    packed: Buffer.from(sealed.packed).toString('base64'),
    writer,
  };
  return {
    id: envelope.id,
    contentType: 'application/json',
    type: envelope.type,
    data: { ...envelope },
    metadata,
  };
}

/** The position of an event in the log of the database: a number of bytes. Throws LogError beyond 2^53. */
export function positionOf(event: Event, place: string): number {
  const { position } = event;
  if (position === undefined) {
    throw new LogError('io', place, 'the server gives no positions with the events of a stream', {
      remedy: 'use EventStoreDB 22.6 or newer, or KurrentDB',
    });
  }
  // An append in one call gets no commit record of its own: both positions are those of the event.
  if (position.commit !== position.prepare || position.commit > BigInt(Number.MAX_SAFE_INTEGER)) {
    const found = `C:${position.commit}/P:${position.prepare}`;
    throw new LogError(
      'corrupted',
      place,
      `position ${found} of ${event.streamId} is none that this log writes`,
    );
  }
  return Number(position.commit);
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
  const { packed } = fields(event.metadata);
  if (typeof packed !== 'string') throw foreign(event, fact.position, place);
  const { revision, position } = fact;
  const payload = Buffer.from(packed, 'base64');
  return { stream, revision, position, occurredAt: Date.parse(fact.occurredAt), payload };
}

/** The id of the append call that wrote an event. */
export function writerOf(event: Event): unknown {
  return fields(event.metadata).writer;
}

/** The position a read or a subscription of $all begins with. */
export function startAt(position: number): Position {
  return { commit: BigInt(position), prepare: BigInt(position) };
}

/** A key more would escape the hash, which covers the envelope's own. */
const ENVELOPE_KEYS = 11;
const TEXTS = ['id', 'stream', 'type', 'occurredAt', 'recordedAt', 'actor', 'cause', 'correlation'] as const;

function envelopeOf(event: Event, stream: string): Envelope | undefined {
  const found = fields(event.data);
  const { revision, version, data } = found;
  if (!event.isJson || Object.keys(found).length !== ENVELOPE_KEYS) return undefined;
  if (TEXTS.some((name) => typeof found[name] !== 'string')) return undefined;
  if (typeof version !== 'number' || typeof data !== 'object' || data === null || Array.isArray(data))
    return undefined;
  if (found.stream !== stream || found.id !== event.id || found.type !== event.type) return undefined;
  if (typeof revision !== 'number' || BigInt(revision) !== event.revision) return undefined;
  return found as unknown as Envelope & { readonly data: JsonObject };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function foreign(event: Event, position: number, place: string): LogError {
  const which = `event ${event.revision} of stream ${event.streamId} (type ${event.type})`;
  return new LogError('corrupted', place, `${which} is no fact of this log: somebody else wrote it there`, {
    remedy: 'take the right to write to these streams from others, and restore the stream from a copy',
    position,
  });
}

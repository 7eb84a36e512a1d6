/** From the protocol's messages to the fake's own values and back; the errors with the trailers that clients read. */

import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import rpc from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, status } from '@grpc/grpc-js';

export { features, featuresGrpc, gossip, gossipGrpc, rpc, shared, streams, streamsGrpc };

/** An event as a client proposes it. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as the database holds it. */
export interface Stored extends Proposed {
  readonly stream: string;
  readonly revision: number;
  /** Commit and prepare position: the byte of the log at which its record begins. */
  readonly position: number;
  /** .NET ticks since 1970. */
  readonly created: string;
}

export type Expected = number | 'any' | 'no_stream' | 'stream_exists';

/** An error that ends a call, with the trailers by which clients tell what it is. */
export class CallError extends Error {
  readonly code: status;
  readonly metadata = new Metadata();
  readonly details: string;

  constructor(code: status, details: string, trailers: Readonly<Record<string, string>> = {}) {
    super(details);
    this.code = code;
    this.details = details;
    for (const [key, value] of Object.entries(trailers)) this.metadata.set(key, value);
  }
}

export const errors = {
  notLeader: (host: string, port: number) =>
    new CallError(status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    }),
  notReady: () => new CallError(status.UNAVAILABLE, 'Server Is Not Ready'),
  commitTimeout: () => new CallError(status.ABORTED, 'Operation timed out: Commit phase timeout.'),
  unauthenticated: () => new CallError(status.UNAUTHENTICATED, 'Bad HTTP status code: 401'),
  accessDenied: () =>
    new CallError(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  invalidPosition: () => new CallError(status.INVALID_ARGUMENT, 'Trying to read from an invalid position.'),
  invalidArgument: (what: string) => new CallError(status.INVALID_ARGUMENT, `'${what}' is not valid`),
  streamDeleted: (stream: string) =>
    new CallError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': encodeURIComponent(stream),
    }),
  tooLarge: (max: number) =>
    new CallError(status.INVALID_ARGUMENT, `Maximum Append Size of ${max} Exceeded.`, {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(max),
    }),
  wrongVersion: (operation: string, stream: string, expected: Expected, actual: number) =>
    new CallError(
      status.FAILED_PRECONDITION,
      `${operation} failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
      {
        exception: 'wrong-expected-version',
        'stream-name': encodeURIComponent(stream),
        'expected-version': String(
          typeof expected === 'number' ? expected : { no_stream: -1, any: -2, stream_exists: -4 }[expected],
        ),
        'actual-version': String(actual),
      },
    ),
};

export function textOf(identifier: InstanceType<typeof shared.StreamIdentifier> | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

export function identifierOf(stream: string): InstanceType<typeof shared.StreamIdentifier> {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8').toString('base64'));
}

export function uuidOf(uuid: InstanceType<typeof shared.UUID> | undefined): string {
  const structured = uuid?.getStructured();
  if (structured === undefined) return (uuid?.getString() ?? '').toLowerCase();
  const half = (bits: string): string => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
  const hex = half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A proposed event of Append or of BatchAppend. */
export function proposedOf(
  message:
    | InstanceType<typeof streams.AppendReq.ProposedMessage>
    | InstanceType<typeof streams.BatchAppendReq.ProposedMessage>,
): Proposed {
  const map = message.getMetadataMap();
  for (const required of ['type', 'content-type']) {
    if (map.get(required) === undefined) {
      throw new CallError(status.INVALID_ARGUMENT, `Required Metadata Property '${required}' is missing`, {
        exception: 'missing-required-metadata-property',
        'required-metadata-properties': 'type,content-type',
      });
    }
  }
  return {
    id: uuidOf(message.getId()),
    type: map.get('type') ?? '',
    contentType: map.get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

interface Recorded {
  setId(id: InstanceType<typeof shared.UUID>): unknown;
  setStreamIdentifier(stream: InstanceType<typeof shared.StreamIdentifier>): unknown;
  setStreamRevision(revision: string): unknown;
  setPreparePosition(position: string): unknown;
  setCommitPosition(position: string): unknown;
  getMetadataMap(): { set(key: string, value: string): unknown };
  setCustomMetadata(metadata: Uint8Array): unknown;
  setData(data: Uint8Array): unknown;
}

function record<T extends Recorded>(event: Stored, recorded: T): T {
  recorded.setId(new shared.UUID().setString(event.id));
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setPreparePosition(String(event.position));
  recorded.setCommitPosition(String(event.position));
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('content-type', event.contentType);
  recorded.getMetadataMap().set('created', event.created);
  recorded.setCustomMetadata(event.metadata);
  recorded.setData(event.data);
  return recorded;
}

/** An event as `Streams/Read` sends it. */
export function readEvent(event: Stored): InstanceType<typeof streams.ReadResp> {
  const { ReadEvent } = streams.ReadResp;
  const read = new ReadEvent().setEvent(record(event, new ReadEvent.RecordedEvent()));
  read.setCommitPosition(String(event.position));
  return new streams.ReadResp().setEvent(read);
}

interface FilterMessage {
  getStreamIdentifier(): { getRegex(): string; getPrefixList(): string[] } | undefined;
  getEventType(): { getRegex(): string; getPrefixList(): string[] } | undefined;
}

/** Which events of $all a filter lets through. */
export function filterOf(message: FilterMessage | undefined): (event: Stored) => boolean {
  const streamName = message?.getStreamIdentifier();
  const expression = streamName ?? message?.getEventType();
  if (expression === undefined) return () => true;
  const pattern = expression.getRegex() === '' ? undefined : new RegExp(expression.getRegex());
  const prefixes = expression.getPrefixList();
  const passes = (text: string): boolean =>
    pattern === undefined ? prefixes.some((prefix) => text.startsWith(prefix)) : pattern.test(text);
  return (event) => passes(streamName === undefined ? event.type : event.stream);
}

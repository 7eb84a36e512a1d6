/** `Streams/Append`, `BatchAppend`, `Delete`, `Tombstone`. */

import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { type Store, type Written, WrongVersion } from './store.ts';
import {
  CallError,
  type Expected,
  errors,
  identifierOf,
  type Proposed,
  proposedOf,
  rpc,
  shared,
  streams,
  textOf,
} from './wire.ts';

type AppendResponse = InstanceType<typeof streams.AppendResp>;
export type AppendCall = ServerReadableStream<InstanceType<typeof streams.AppendReq>, AppendResponse>;
type BatchRequest = InstanceType<typeof streams.BatchAppendReq>;
type BatchResponse = InstanceType<typeof streams.BatchAppendResp>;
export type BatchCall = ServerDuplexStream<BatchRequest, BatchResponse>;
type DeleteRequest = InstanceType<typeof streams.DeleteReq> | InstanceType<typeof streams.TombstoneReq>;

/** What the server counts of an event against MaxAppendSize. */
function sizeOf(event: Proposed): number {
  return event.type.length * 2 + event.data.length + event.metadata.length;
}

function checkSize(events: readonly Proposed[], maxAppendSize: number): void {
  const size = events.reduce((sum, event) => sum + sizeOf(event), 0);
  if (size > maxAppendSize) throw errors.tooLarge(maxAppendSize);
}

/** Takes in the messages of one append and carries it out. Throws CallError. */
export async function append(call: AppendCall, store: Store, maxAppendSize: number): Promise<AppendResponse> {
  let options: InstanceType<typeof streams.AppendReq.Options> | undefined;
  const events: Proposed[] = [];
  for await (const message of call as AsyncIterable<InstanceType<typeof streams.AppendReq>>) {
    const proposed = message.getProposedMessage();
    if (proposed === undefined) options = message.getOptions();
    else events.push(proposedOf(proposed));
  }
  if (options === undefined) throw errors.invalidArgument('options');
  checkSize(events, maxAppendSize);
  const expected = expectedOf(options, options.getRevision());
  try {
    const written = store.append(textOf(options.getStreamIdentifier()), expected, events);
    const position = new streams.AppendResp.Position();
    position.setCommitPosition(String(written.position)).setPreparePosition(String(written.position));
    const success = new streams.AppendResp.Success()
      .setCurrentRevision(String(written.revision))
      .setPosition(position);
    return new streams.AppendResp().setSuccess(success);
  } catch (error) {
    if (!(error instanceof WrongVersion)) throw error;
    return new streams.AppendResp().setWrongExpectedVersion(wrongVersion(error.actual, expected));
  }
}

function wrongVersion(
  actual: number,
  expected: Expected,
): InstanceType<typeof streams.AppendResp.WrongExpectedVersion> {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual < 0) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(actual));
  if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  return wrong;
}

/** Answers the batches of one call, each when its last message has come. */
export function batchAppend(call: BatchCall, store: Store, maxAppendSize: number): void {
  const batches = new Map<string, { readonly first: BatchRequest; readonly events: Proposed[] }>();
  call.on('data', (request: BatchRequest) => {
    const id = request.getCorrelationId()?.getString() ?? '';
    const batch = batches.get(id) ?? { first: request, events: [] };
    batches.set(id, batch);
    for (const message of request.getProposedMessagesList()) batch.events.push(proposedOf(message));
    if (!request.getIsFinal()) return;
    batches.delete(id);
    call.write(answer(batch.first, batch.events, store, maxAppendSize));
  });
  call.on('end', () => call.end());
}

function answer(
  first: BatchRequest,
  events: readonly Proposed[],
  store: Store,
  maxAppendSize: number,
): BatchResponse {
  const options = first.getOptions();
  const stream = textOf(options?.getStreamIdentifier());
  const response = new streams.BatchAppendResp().setStreamIdentifier(identifierOf(stream));
  response.setCorrelationId(first.getCorrelationId());
  const expected = options === undefined ? 'any' : expectedOf(options, options.getStreamPosition());
  try {
    const deadline = options?.getDeadline();
    if (deadline !== undefined && deadline.toDate().getTime() < Date.now()) {
      return response.setError(failure(4, 'Timeout', new shared.Timeout()));
    }
    checkSize(events, maxAppendSize);
    return response.setSuccess(success(store.append(stream, expected, events)));
  } catch (error) {
    return response.setError(batchFailure(error, stream, expected, maxAppendSize));
  }
}

function success(written: Written): InstanceType<typeof streams.BatchAppendResp.Success> {
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(written.position)).setPreparePosition(String(written.position));
  return new streams.BatchAppendResp.Success()
    .setCurrentRevision(String(written.revision))
    .setPosition(position);
}

function batchFailure(error: unknown, stream: string, expected: Expected, maxAppendSize: number) {
  if (error instanceof WrongVersion) {
    const wrong = new shared.WrongExpectedVersion();
    if (error.actual >= 0) wrong.setCurrentStreamRevision(String(error.actual));
    if (typeof expected === 'number') wrong.setExpectedStreamPosition(String(expected));
    return failure(6, 'WrongExpectedVersion', wrong);
  }
  if (error instanceof CallError && error.metadata.get('exception')[0] === 'stream-deleted') {
    return failure(9, 'StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(identifierOf(stream)));
  }
  if (error instanceof CallError && error.metadata.get('exception')[0] === 'maximum-append-size-exceeded') {
    return failure(
      3,
      'MaximumAppendSizeExceeded',
      new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendSize),
    );
  }
  return failure(2, 'Unknown', new shared.Unknown());
}

function failure(code: number, type: string, details: { serializeBinary(): Uint8Array }) {
  // The one way to a google.protobuf.Any without its package: a Status whose third field is an empty one.
  const status = rpc.Status.deserializeBinary(Uint8Array.of(0x1a, 0));
  status.getDetails()?.pack(details.serializeBinary(), `event_store.client.${type}`);
  return status.setCode(code).setMessage(type);
}

/** `Delete` (soft) and `Tombstone` (hard). */
export function deletion<Response>(
  remove: (stream: string, expected: Expected) => Written,
  respond: (position: number) => Response,
): (call: ServerUnaryCall<DeleteRequest, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    const options = call.request.getOptions();
    const stream = textOf(options?.getStreamIdentifier());
    const expected = options === undefined ? 'any' : expectedOf(options, options.getRevision());
    try {
      callback(null, respond(remove(stream, expected).position));
    } catch (error) {
      if (error instanceof WrongVersion)
        callback(errors.wrongVersion('Delete', stream, expected, error.actual));
      else callback(error as CallError);
    }
  };
}

interface ExpectedOption {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

function expectedOf(options: ExpectedOption, revision: string): Expected {
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream_exists';
  return Number(revision);
}

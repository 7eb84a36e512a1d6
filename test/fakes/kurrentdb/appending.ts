/** `Streams/Append`, `BatchAppend`, `Delete`, `Tombstone`. */

import {
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
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
    const written = await store.append(textOf(options.getStreamIdentifier()), expected, events);
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

/** The node that answers batches. */
export interface AppendingNode {
  readonly store: Store;
  readonly maxAppendSize: number;
  /** Asked before each append of a batch: what happens to it instead. Throws CallError when the call ends with it. */
  admit(): 'hang' | 'lose-answer' | 'not-ready' | undefined;
  running(): Promise<void>;
}

/** Answers the batches of one call, each when its last message has come. */
export function batchAppend(call: BatchCall, node: AppendingNode): void {
  const batches = new Map<string, { readonly first: BatchRequest; readonly events: Proposed[] }>();
  const answered = async (batch: { first: BatchRequest; events: Proposed[] }): Promise<void> => {
    await node.running();
    const fault = node.admit();
    if (fault === 'hang') return;
    const response = await answer(batch.first, batch.events, node, fault === 'not-ready');
    await node.running();
    if (fault === 'lose-answer') throw errors.notReady();
    if (!call.cancelled) call.write(response);
  };
  call.on('data', (request: BatchRequest) => {
    const id = request.getCorrelationId()?.getString() ?? '';
    const batch = batches.get(id) ?? { first: request, events: [] };
    batches.set(id, batch);
    for (const message of request.getProposedMessagesList()) batch.events.push(proposedOf(message));
    if (!request.getIsFinal()) return;
    batches.delete(id);
    answered(batch).catch((error: unknown) => {
      if (!call.cancelled) call.emit('error', error);
    });
  });
  call.on('end', () => call.end());
}

async function answer(
  first: BatchRequest,
  events: readonly Proposed[],
  { store, maxAppendSize }: AppendingNode,
  isNotReady: boolean,
): Promise<BatchResponse> {
  const options = first.getOptions();
  const stream = textOf(options?.getStreamIdentifier());
  const response = new streams.BatchAppendResp().setStreamIdentifier(identifierOf(stream));
  response.setCorrelationId(first.getCorrelationId());
  const expected = options === undefined ? 'any' : expectedOf(options, options.getStreamPosition());
  if (isNotReady) return response.setError(notHandled('Server Is Not Ready'));
  try {
    const deadline = options?.getDeadline();
    if (deadline !== undefined && deadline.toDate().getTime() < Date.now()) {
      return response.setError(failure(4, 'Timeout', new shared.Timeout()));
    }
    checkSize(events, maxAppendSize);
    return response.setSuccess(success(await store.append(stream, expected, events)));
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
  if (error instanceof CallError && error.code === status.ABORTED)
    return failure(10, 'Timeout', new shared.Timeout());
  return failure(2, 'Unknown', new shared.Unknown());
}

/** A request that the node did not take at all: the server gives only a text. */
function notHandled(message: string) {
  const answer = rpc.Status.deserializeBinary(Uint8Array.of(0x1a, 0));
  answer.getDetails()?.pack(new shared.Empty().serializeBinary(), 'google.protobuf.Empty');
  return answer.setMessage(message);
}

function failure(code: number, type: string, details: { serializeBinary(): Uint8Array }) {
  // The one way to a google.protobuf.Any without its package: a Status whose third field is an empty one.
  const answer = rpc.Status.deserializeBinary(Uint8Array.of(0x1a, 0));
  answer.getDetails()?.pack(details.serializeBinary(), `event_store.client.${type}`);
  return answer.setCode(code).setMessage(type);
}

/** `Delete` (soft) and `Tombstone` (hard). */
export function deletion<Response>(
  remove: (stream: string, expected: Expected) => Promise<Written>,
  respond: (position: number) => Response,
): (call: ServerUnaryCall<DeleteRequest, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    const options = call.request.getOptions();
    const stream = textOf(options?.getStreamIdentifier());
    const expected = options === undefined ? 'any' : expectedOf(options, options.getRevision());
    remove(stream, expected).then(
      ({ position }) => callback(null, respond(position)),
      (error: unknown) => {
        if (error instanceof WrongVersion)
          callback(errors.wrongVersion('Delete', stream, expected, error.actual));
        else callback(error as CallError);
      },
    );
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

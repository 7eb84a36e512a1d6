/**
 * The protocol: the official client's generated stubs, loaded with the first log that is opened, and the requests that
 * this adapter makes with them.
 */

import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import type { NewEvent } from './events.ts';

/** Loads gRPC and the stubs. */
export async function loadProtocol() {
  const [grpc, gossip, gossipGrpc, shared, streams, streamsGrpc] = await Promise.all([
    import('@grpc/grpc-js'),
    import('@eventstore/db-client/generated/gossip_pb.js'),
    import('@eventstore/db-client/generated/gossip_grpc_pb.js'),
    import('@eventstore/db-client/generated/shared_pb.js'),
    import('@eventstore/db-client/generated/streams_pb.js'),
    import('@eventstore/db-client/generated/streams_grpc_pb.js'),
  ]);
  return {
    grpc,
    gossip: gossip.default,
    gossipGrpc: gossipGrpc.default,
    shared: shared.default,
    streams: streams.default,
    streamsGrpc: streamsGrpc.default,
  };
}

export type Protocol = Awaited<ReturnType<typeof loadProtocol>>;
export type ReadRequest = InstanceType<Protocol['streams']['ReadReq']>;
export type ReadResponse = InstanceType<Protocol['streams']['ReadResp']>;
export type ReadCall = ClientReadableStream<ReadResponse>;
export type BatchRequest = InstanceType<Protocol['streams']['BatchAppendReq']>;
export type BatchResponse = InstanceType<Protocol['streams']['BatchAppendResp']>;
export type BatchCall = ClientDuplexStream<BatchRequest, BatchResponse>;

/** Where an event begins in the database's log; the two differ only for events that others wrote in transactions. */
export interface Place {
  readonly commit: number;
  readonly prepare: number;
}

/** A read that ends by itself. Forwards it begins with the event at the start, backwards with the one before it. */
export interface Reading {
  readonly from: 'start' | 'end' | number | Place;
  readonly backwards?: boolean;
  readonly count: number;
  /** Of $all only events of streams that begin so. */
  readonly prefixes?: readonly string[];
}

const MOST = 9_007_199_254_740_991;
/** Events of $all that the server looks at before it tells how far it has come. */
const SEARCH_WINDOW = 1000;

/** The requests, for one protocol. */
export class Requests {
  readonly #protocol: Protocol;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  readStream(
    name: string,
    { from, backwards, count }: Reading & { from: 'start' | 'end' | number },
  ): ReadRequest {
    const { streams, shared } = this.#protocol;
    const stream = new streams.ReadReq.Options.StreamOptions();
    stream.setStreamIdentifier(this.identifier(name));
    if (from === 'start') stream.setStart(new shared.Empty());
    else if (from === 'end') stream.setEnd(new shared.Empty());
    else stream.setRevision(String(from));
    const options = this.#options(backwards).setStream(stream).setNoFilter(new shared.Empty());
    return new streams.ReadReq().setOptions(options.setCount(String(Math.min(count, MOST))));
  }

  readAll({ from, backwards, count, prefixes }: Reading): ReadRequest {
    const { streams } = this.#protocol;
    const options = this.#filtered(this.#options(backwards), prefixes).setAll(this.#all(from));
    return new streams.ReadReq().setOptions(options.setCount(String(Math.min(count, MOST))));
  }

  /** All events of streams with these prefixes behind a place, without end, and checkpoints between them. */
  subscribe(from: 'start' | 'end' | Place, prefixes: readonly string[]): ReadRequest {
    const { streams } = this.#protocol;
    const options = this.#filtered(this.#options(false), prefixes).setAll(this.#all(from));
    return new streams.ReadReq().setOptions(
      options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions()),
    );
  }

  /** All events of a stream behind a revision (-1: from its first), without end. */
  subscribeToStream(name: string, after: number): ReadRequest {
    const { streams, shared } = this.#protocol;
    const stream = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(this.identifier(name));
    if (after < 0) stream.setStart(new shared.Empty());
    else stream.setRevision(String(after));
    const options = this.#options(false).setStream(stream).setNoFilter(new shared.Empty());
    return new streams.ReadReq().setOptions(
      options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions()),
    );
  }

  /** One append as the messages of a batch. */
  *batch(
    id: string,
    stream: string,
    revision: number,
    events: readonly NewEvent[],
    maxBytes: number,
  ): Generator<BatchRequest, void, undefined> {
    const { streams, shared } = this.#protocol;
    const correlation = new shared.UUID().setString(id);
    // No deadline: the server would compare it with its own clock.
    const options = new streams.BatchAppendReq.Options().setStreamIdentifier(this.identifier(stream));
    if (revision < 0) options.setNoStream(new shared.Empty());
    else options.setStreamPosition(String(revision));
    let request = new streams.BatchAppendReq().setCorrelationId(correlation).setOptions(options);
    let bytes = 0;
    for (const event of events) {
      if (bytes > maxBytes) {
        yield request;
        request = new streams.BatchAppendReq().setCorrelationId(correlation);
        bytes = 0;
      }
      const message = new streams.BatchAppendReq.ProposedMessage();
      message.setId(new shared.UUID().setString(event.id)).setData(event.data);
      message.setCustomMetadata(event.metadata);
      message.getMetadataMap().set('type', event.type).set('content-type', 'application/json');
      request.addProposedMessages(message);
      bytes += event.data.length + event.metadata.length;
    }
    yield request.setIsFinal(true);
  }

  identifier(name: string) {
    return new this.#protocol.shared.StreamIdentifier().setStreamName(Buffer.from(name, 'utf8'));
  }

  #options(backwards = false) {
    const { streams, shared } = this.#protocol;
    const { FORWARDS, BACKWARDS } = streams.ReadReq.Options.ReadDirection;
    const uuid = new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty());
    return new streams.ReadReq.Options()
      .setReadDirection(backwards ? BACKWARDS : FORWARDS)
      .setResolveLinks(false)
      .setUuidOption(uuid);
  }

  #all(from: Reading['from']) {
    const { streams, shared } = this.#protocol;
    const all = new streams.ReadReq.Options.AllOptions();
    if (from === 'start') return all.setStart(new shared.Empty());
    if (from === 'end') return all.setEnd(new shared.Empty());
    const { commit, prepare } = typeof from === 'number' ? { commit: from, prepare: from } : from;
    const position = new streams.ReadReq.Options.Position();
    return all.setPosition(position.setCommitPosition(String(commit)).setPreparePosition(String(prepare)));
  }

  #filtered(
    options: InstanceType<Protocol['streams']['ReadReq']['Options']>,
    prefixes: readonly string[] | undefined,
  ) {
    const { streams, shared } = this.#protocol;
    if (prefixes === undefined) return options.setNoFilter(new shared.Empty());
    const { FilterOptions } = streams.ReadReq.Options;
    const names = new FilterOptions.Expression().setPrefixList([...prefixes]);
    const filter = new FilterOptions().setStreamIdentifier(names).setMax(SEARCH_WINDOW);
    return options.setFilter(filter.setCheckpointintervalmultiplier(1));
  }
}

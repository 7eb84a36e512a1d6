/** Where messages come from. */
import { DeliverPolicy, type JetStreamManager, jetstream, type StreamInfo } from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

/** Messages that are fetched ahead of the reader. */
export const PREFETCH = 500;
/** How long one request for messages stands. Half of it without a sign of life, twice, and the client asks what became of it. */
const PULL_MS = 4000;
export const CONSUME = { max_messages: PREFETCH, expires: PULL_MS } as const;

/** A message from the stream. */
export interface StreamMessage {
  readonly seq: number;
  readonly subject: string;
  readonly headers: MsgHdrs | undefined;
  readonly data: Uint8Array;
  /** Says that it, and every one before it, was handled. */
  ack(): void;
}

export interface Source extends AsyncIterable<StreamMessage> {
  /** Ends the iteration: what was fetched and not handed out is dropped. */
  stop(): void;
}

export interface SourceOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly info: StreamInfo;
  readonly filter: string;
  /** Sequence number to begin with; not asked for when the subscription has one already. */
  readonly start: () => Promise<number>;
}

/** Remembers nothing: the reader knows where to begin. */
export async function ephemeralSource(options: SourceOptions): Promise<Source> {
  const { connection, info, filter } = options;
  const consumer = await jetstream(connection).consumers.get(info.config.name, {
    filter_subjects: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: await options.start(),
  });
  const messages = await consumer.consume(CONSUME);
  return {
    stop: () => messages.stop(),
    async *[Symbol.asyncIterator]() {
      for await (const { seq, subject, headers, data } of messages)
        yield { seq, subject, headers, data, ack: () => undefined };
    },
  };
}

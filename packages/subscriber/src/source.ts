/**
 * Messages of the stream that match a filter, strictly in its order, each once for as long as this process lives.
 *
 * A durable consumer alone does not give that: what was on its way to a process that died, or over a connection that broke, comes again
 * only after a while, behind newer messages. But consumers number their deliveries. Where a number is missing, the messages between are
 * read from the stream itself before anything newer is handed out; what then comes late is known by its sequence number, and dropped.
 */
import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type MsgHdrs, type NatsConnection, nanos } from '@nats-io/transport-node';
import { BrokerError } from './broker.ts';
import { nextMessage } from './place.ts';

/** Messages that are fetched ahead of the reader. */
const PREFETCH = 500;
/** After this time without an acknowledgement the broker sends a message again. */
const ACK_WAIT_MS = 10_000;

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
  /** Sequence number to begin with; of no effect for a durable consumer that is there already. */
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
  const messages = await consumer.consume({ max_messages: PREFETCH, abort_on_missing_resource: true });
  return {
    stop: () => messages.stop(),
    async *[Symbol.asyncIterator]() {
      for await (const { seq, subject, headers, data } of messages)
        yield { seq, subject, headers, data, ack: () => undefined };
    },
  };
}

/** Remembers at the broker, under a name, what was acknowledged. Throws BrokerError `other-configuration`. */
export async function durableSource(options: SourceOptions, name: string): Promise<Source> {
  const stream = options.info.config.name;
  const consumer = (await consumerOf(options.manager, stream, name)) ?? (await create(options, name));
  const { filter_subject, ack_policy } = consumer.config;
  if (filter_subject !== options.filter || ack_policy !== AckPolicy.All) {
    throw new BrokerError(
      'other-configuration',
      `subscription ${name} exists and is for ${filter_subject ?? 'something else'}, not ${options.filter}. Take another name, or delete it: nats consumer rm ${stream} ${name}`,
    );
  }
  const handle = await jetstream(options.connection).consumers.get(stream, name);
  const messages = await handle.consume({ max_messages: PREFETCH, abort_on_missing_resource: true });
  return new DurableSource(options, consumer, messages);
}

async function consumerOf(
  manager: JetStreamManager,
  stream: string,
  name: string,
): Promise<ConsumerInfo | undefined> {
  try {
    return await manager.consumers.info(stream, name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
      return undefined;
    throw error;
  }
}

const create = async ({ manager, info, filter, start }: SourceOptions, name: string): Promise<ConsumerInfo> =>
  manager.consumers.add(info.config.name, {
    durable_name: name,
    filter_subject: filter,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: await start(),
    ack_policy: AckPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: 2 * PREFETCH,
  });

class DurableSource implements Source {
  readonly #manager: JetStreamManager;
  readonly #stream: string;
  readonly #filter: string;
  readonly #messages: ConsumerMessages;
  /** Of the last message that was on its way to this process or the ones before. */
  readonly #sentBefore: number;
  #lastSequence: number;
  #lastDelivery = -1;
  #stopped = false;

  constructor({ manager, info, filter }: SourceOptions, consumer: ConsumerInfo, messages: ConsumerMessages) {
    this.#manager = manager;
    this.#stream = info.config.name;
    this.#filter = filter;
    this.#messages = messages;
    this.#lastSequence = Math.max(consumer.ack_floor.stream_seq, (consumer.config.opt_start_seq ?? 1) - 1);
    this.#sentBefore = consumer.delivered.stream_seq;
  }

  stop(): void {
    this.#stopped = true;
    this.#messages.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    yield* this.#missed(this.#sentBefore + 1);
    for await (const message of this.#messages) {
      const { deliverySequence } = message.info;
      const isNext = deliverySequence === this.#lastDelivery + 1;
      this.#lastDelivery = deliverySequence;
      if (!isNext) yield* this.#missed(message.seq);
      if (this.#stopped) return;
      if (message.seq <= this.#lastSequence) message.ack();
      else {
        this.#lastSequence = message.seq;
        yield message;
      }
    }
  }

  /** The messages between the last one and this sequence number, from the stream. Their acknowledgement is that of the next one. */
  async *#missed(below: number): AsyncGenerator<StreamMessage, void, undefined> {
    while (!this.#stopped && this.#lastSequence + 1 < below) {
      const next = await nextMessage(this.#manager, this.#stream, this.#lastSequence + 1, this.#filter);
      if (next === undefined || next.seq >= below) return;
      this.#lastSequence = next.seq;
      yield {
        seq: next.seq,
        subject: next.subject,
        headers: next.header,
        data: next.data,
        ack: () => undefined,
      };
    }
  }
}

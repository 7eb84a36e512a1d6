/**
 * Messages of the stream that match a filter, strictly in its order, each once for as long as this process lives.
 *
 * A durable consumer of JetStream alone does not give that: what was on its way to a process that died, or over a connection that broke,
 * comes again only after a while, and behind newer messages. So a subscription is a row of consumers, `<name>@1`, `<name>@2`, ...: each
 * time it is resumed, and whenever a delivery is missing (they are numbered), the next one begins right behind what was handled, and the
 * one before is deleted only then. A process that is killed, at any moment, leaves at least one that knows the place.
 */
import { BrokerError } from '@apledger/nats';
import {
  AckPolicy,
  type ConsumerInfo,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { CONSUME, PREFETCH, type Source, type SourceOptions, type StreamMessage } from './source.ts';

/** After this time without an acknowledgement the broker sends a message again: no harm, it is known by its sequence number. */
const ACK_WAIT_MS = 30_000;

/** One consumer of the row. */
interface Generation {
  readonly number: number;
  readonly info: ConsumerInfo;
}

/**
 * Remembers at the broker, under a name, what was acknowledged. Throws BrokerError `other-configuration` when the name is in use for
 * another filter.
 */
export async function durableSource(options: SourceOptions, name: string): Promise<Source> {
  const source = new DurableSource(options, name);
  await source.open();
  return source;
}

class DurableSource implements Source {
  readonly #options: SourceOptions;
  readonly #stream: string;
  readonly #name: string;
  /** Sequence number of the last message handed out, and of the last delivery by the present consumer. */
  #lastSequence = 0;
  #lastDelivery = 0;
  #generation = 0;
  #messages: ConsumerMessages | undefined;
  #stopped = false;

  constructor(options: SourceOptions, name: string) {
    this.#options = options;
    this.#stream = options.info.config.name;
    this.#name = name;
  }

  /** Goes on where the name's consumers were, or starts anew. */
  async open(): Promise<void> {
    const { filter, start } = this.#options;
    const known = await this.#generations();
    for (const { info } of known) {
      const { filter_subject = 'something else' } = info.config;
      if (filter_subject === filter) continue;
      throw new BrokerError(
        'other-configuration',
        `subscription ${this.#name} exists and is for ${filter_subject}, not ${filter}. Take another name, or delete it: nats consumer rm ${this.#stream} ${info.name}`,
      );
    }
    this.#lastSequence = known.length === 0 ? (await start()) - 1 : Math.max(...known.map(handledUpTo));
    this.#generation = Math.max(0, ...known.map(({ number }) => number));
    await this.#succeed(known);
  }

  stop(): void {
    this.#stopped = true;
    this.#messages?.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    while (!this.#stopped && this.#messages !== undefined) {
      yield* this.#delivered(this.#messages);
      if (this.#stopped || this.#options.connection.isClosed()) return;
      const known = await this.#generations();
      if (known.some(({ number }) => number > this.#generation)) {
        throw new BrokerError('refused', `another process has taken over the subscription ${this.#name}`);
      }
      await this.#succeed(known);
    }
  }

  /** What the present consumer delivers, until one is missing or the consumer is. */
  async *#delivered(messages: ConsumerMessages): AsyncGenerator<StreamMessage, void, undefined> {
    try {
      for await (const message of messages) {
        const { deliverySequence } = message.info;
        if (deliverySequence !== this.#lastDelivery + 1) return;
        this.#lastDelivery = deliverySequence;
        if (this.#stopped) return;
        if (message.seq <= this.#lastSequence) message.ack();
        else yield this.#handOut(message);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    } finally {
      messages.stop();
    }
  }

  #handOut(message: JsMsg): StreamMessage {
    this.#lastSequence = message.seq;
    return message;
  }

  /** The next consumer of the row, behind the last message; then those before are no longer needed. */
  async #succeed(known: readonly Generation[]): Promise<void> {
    const { connection, manager, filter } = this.#options;
    this.#generation += 1;
    this.#lastDelivery = 0;
    const consumer = `${this.#name}@${this.#generation}`;
    await manager.consumers.add(this.#stream, {
      durable_name: consumer,
      description: 'subscription of apledger',
      filter_subject: filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#lastSequence + 1,
      ack_policy: AckPolicy.All,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: 2 * PREFETCH,
    });
    const handle = await jetstream(connection).consumers.get(this.#stream, consumer);
    this.#messages = await handle.consume({ ...CONSUME, abort_on_missing_resource: true });
    if (this.#stopped) this.#messages.stop();
    for (const { info } of known) await this.#remove(info.name);
  }

  async #remove(consumer: string): Promise<void> {
    try {
      await this.#options.manager.consumers.delete(this.#stream, consumer);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #generations(): Promise<readonly Generation[]> {
    const found: Generation[] = [];
    for await (const info of this.#options.manager.consumers.list(this.#stream)) {
      const [name, number] = info.name.split('@');
      if (name === this.#name && number !== undefined) found.push({ number: Number(number), info });
    }
    return found;
  }
}

/** Sequence number up to which everything was handled. */
const handledUpTo = ({ info }: Generation): number =>
  Math.max(info.ack_floor.stream_seq, (info.config.opt_start_seq ?? 1) - 1);

const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError
    ? error.code === JetStreamApiCodes.ConsumerNotFound
    : error instanceof Error && /consumer (deleted|not found)/i.test(error.message);

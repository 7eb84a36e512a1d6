/** Where messages come from. */
import {
  type ConsumerMessages,
  DeliverPolicy,
  type JetStreamManager,
  jetstream,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';

/** Messages that are fetched ahead of the reader. */
export const PREFETCH = 500;
/** How long one request for messages stands. Half of it without a sign of life, twice, and the client asks what became of it. */
const PULL_MS = 4000;
/** Before a consumer is asked for again. */
const PAUSE_MS = 500;
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
  const source = new EphemeralSource(options, await options.start());
  await source.open();
  return source;
}

/**
 * The client's ordered consumer makes itself anew where a delivery or a sign of life is missing. It does not where its server lives and brings
 * nothing: a cluster can put it on a replica that never catches up. So after a silence the stream is asked whether it has grown.
 */
class EphemeralSource implements Source {
  readonly #options: SourceOptions;
  #next: number;
  #messages: ConsumerMessages | undefined;
  #isStopped = false;
  /** Since when nothing came, in ms; undefined while the reader has something. */
  #silentSince: number | undefined;
  /** How long the stream was when a consumer was last made for that: what it grew by may be for others. */
  #lookedAt = 0;

  constructor(options: SourceOptions, start: number) {
    this.#options = options;
    this.#next = start;
  }

  async open(): Promise<void> {
    const { connection, info, filter } = this.#options;
    const consumer = await jetstream(connection).consumers.get(info.config.name, {
      filter_subjects: filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#next,
    });
    this.#messages = await consumer.consume(CONSUME);
    if (this.#isStopped) this.#messages.stop();
  }

  stop(): void {
    this.#isStopped = true;
    this.#messages?.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage, void, undefined> {
    while (this.#messages !== undefined) {
      const messages = this.#messages;
      let isStuck = false;
      const watch = setInterval(async () => {
        if (!(await this.#isStuck())) return;
        isStuck = true;
        messages.stop();
      }, PULL_MS);
      try {
        this.#silentSince = performance.now();
        for await (const { seq, subject, headers, data } of messages) {
          this.#silentSince = undefined;
          this.#next = seq + 1;
          yield { seq, subject, headers, data, ack: () => undefined };
          this.#silentSince = performance.now();
        }
      } finally {
        clearInterval(watch);
      }
      if (!isStuck || this.#isOver) return;
      await this.#openAgain();
    }
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#options.connection.isClosed();
  }

  /** As often as it takes: once a subscription stands, a broker that goes away is waited for. */
  async #openAgain(): Promise<void> {
    while (!this.#isOver)
      try {
        return await this.open();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
  }

  /** Whether the stream has messages behind the last one that came, which nobody looked for yet. */
  async #isStuck(): Promise<boolean> {
    const isSilent = (): boolean =>
      performance.now() - (this.#silentSince ?? Number.POSITIVE_INFINITY) >= PULL_MS;
    if (!isSilent()) return false;
    const { manager, info } = this.#options;
    // While the broker is away nothing is known.
    const last = await manager.streams.info(info.config.name).then(
      ({ state }) => state.last_seq,
      () => 0,
    );
    if (!isSilent() || last < this.#next || last <= this.#lookedAt) return false;
    this.#lookedAt = last;
    return true;
  }
}

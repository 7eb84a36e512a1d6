/** Subscriptions: from messages to facts with their types. */
import { type FactOf, type FactType, hostOf, InvalidFact, parseFact, UnknownFact } from '@apledger/events';
import { BrokerError, brokerError, isOfBroker } from '@apledger/nats';
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { MsgHdrsImpl, type NatsConnection } from '@nats-io/transport-node';
import {
  type FactMessage,
  MalformedMessage,
  parseFactMessage,
  type RecordedEnvelope,
} from '../cloud-event.ts';
import { unreadableMessage } from '../dead-letters.ts';
import { parseSubject, STREAM_NAME, subjectFilter } from '../subjects.ts';
import { Chains } from './chains.ts';
import { durableSource } from './durable.ts';
import { type From, startSequence } from './place.ts';
import { ephemeralSource, PREFETCH, type Source, type StreamMessage } from './source.ts';

/** A fact as it reaches a subscriber: brought up to date, with the envelope in which it was recorded. */
export type Received<T extends FactType = FactType> = {
  [K in T]: FactOf<K> & { readonly host: string; readonly recorded: RecordedEnvelope };
}[T];

/** A message that is no fact, that does not continue the chain of its host, or one of a type or version that this apledger does not know. It is in the stream all the same. */
export interface Unreadable {
  readonly subject: string;
  /** Sequence number in the stream. */
  readonly sequence: number;
  readonly reason: string;
  /** The fact as recorded, when only its data cannot be read: it is from the future. */
  readonly recorded?: RecordedEnvelope;
}

export interface SubscribeOptions<T extends FactType = FactType> {
  readonly connection: NatsConnection;
  /**
   * Under this name the broker remembers what was handled, and a later subscription goes on there. Letters, digits, - and _. One process at
   * a time has it: another that subscribes under the same name takes it over. Without a name nothing is remembered.
   */
  readonly name?: string;
  readonly host?: string;
  readonly mdev?: string;
  /** Facts about an mdev while this guest has it open. */
  readonly guest?: string;
  /** Facts of these types only; all types by default. Several are picked out here, as old servers filter by one subject only. */
  readonly types?: readonly T[];
  /**
   * Where to begin, `new` by default. Where a subscription of this name is there already it goes on where it was; a position then still
   * means that facts up to it were handled, and don't come again.
   */
  readonly from?: From;
  /** Name of the JetStream stream, APLEDGER by default. */
  readonly stream?: string;
  /** Told of what cannot be read; by default a letter goes to `apledger.v1.dead.message.<name>`. */
  readonly onUnreadable?: (message: Unreadable) => void | Promise<void>;
  /** Drains the subscription when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Facts in the order of the log, for one `for await` loop. Asking for the next fact says that the one before was handled; a fact whose
 * handling threw, or which the loop was left at, was not, and comes again to the next subscription of this name.
 */
export interface Subscription<T extends FactType = FactType> extends AsyncIterable<Received<T>> {
  /** Ends the loop behind the fact that is being handled, which then counts as handled. Resolves when the broker knows. */
  drain(): Promise<void>;
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Subscribes; when this resolves, no later fact is missed. Throws BrokerError `no-stream`, `other-configuration`, `denied` or
 * `unreachable`. Once it stands, a broker that goes away is waited for.
 */
export async function subscribe<T extends FactType = FactType>(
  options: SubscribeOptions<T>,
): Promise<Subscription<T>> {
  const { connection, name, host, mdev, guest, types, from = 'new', stream = STREAM_NAME } = options;
  if (name !== undefined && !NAME.test(name))
    throw new TypeError(`the name of a subscription has letters, digits, - and _: ${name}`);
  const type = types?.length === 1 ? types[0] : undefined;
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const info = await streamInfo(manager, stream);
    const start = (): Promise<number> => startSequence(manager, info, from);
    const source = { connection, manager, info, filter: subjectFilter({ host, mdev, guest, type }), start };
    return new Facts(
      options,
      await (name === undefined ? ephemeralSource(source) : durableSource(source, name)),
    );
  } catch (error) {
    throw isOfBroker(error) ? brokerError(error, connection.getServer()) : error;
  }
}

async function streamInfo(manager: JetStreamManager, stream: string): Promise<StreamInfo> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)) throw error;
    throw new BrokerError('no-stream', `there is no stream ${stream}: start a relay, it creates it`, {
      cause: error,
    });
  }
}

/** A message that is shaped like a fact. */
interface Arriving {
  readonly subject: string;
  readonly sequence: number;
  readonly recorded: RecordedEnvelope;
}

class Facts<T extends FactType> implements Subscription<T> {
  readonly #options: SubscribeOptions<T>;
  readonly #source: Source;
  readonly #types: ReadonlySet<string> | undefined;
  /** Of hosts whose facts all come; undefined where a filter leaves gaps. */
  readonly #chains: Chains<Arriving> | undefined;
  #unacknowledged = 0;
  /** Position of the last fact of each stream: what comes again is older, and dropped. */
  readonly #positions = new Map<string, number>();
  readonly #after: number;
  #onEnd = (): void => {};
  // Node 20 knows no Promise.withResolvers.
  readonly #ended = new Promise<void>((resolve) => {
    this.#onEnd = resolve;
  });
  #begun = false;
  #draining = false;

  constructor(options: SubscribeOptions<T>, source: Source) {
    const { from, types, signal, mdev, guest } = options;
    this.#options = options;
    this.#source = source;
    this.#types = types === undefined ? undefined : new Set(types);
    const isWhole = mdev === undefined && guest === undefined && types?.length !== 1;
    this.#chains = isWhole ? new Chains() : undefined;
    this.#after = typeof from === 'object' && 'position' in from ? from.position : 0;
    signal?.addEventListener('abort', () => this.#stop(), { once: true });
    if (signal?.aborted) this.#stop();
  }

  async drain(): Promise<void> {
    this.#stop();
    if (this.#begun) await this.#ended;
    if (!this.#options.connection.isClosed()) await this.#options.connection.flush();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Received<T>, void, undefined> {
    if (this.#begun) throw new TypeError('a subscription is for one loop');
    this.#begun = true;
    try {
      for await (const message of this.#source) {
        for (const arrival of await this.#taken(message)) {
          const fact = await this.#factOf(arrival);
          if (fact !== undefined) yield fact;
        }
        // What is held shall come again to a process that begins anew; but the broker sends only so much unacknowledged.
        this.#unacknowledged = this.#chains?.isHolding ? this.#unacknowledged + 1 : 0;
        if (this.#unacknowledged === 0 || this.#unacknowledged > PREFETCH) message.ack();
        if (this.#draining) return;
      }
      // A source that ends by itself has lost its connection for good.
      if (!this.#draining) throw new BrokerError('unreachable', 'the connection was closed');
    } catch (error) {
      throw isOfBroker(error) ? brokerError(error, this.#options.connection.getServer()) : error;
    } finally {
      this.#stop();
      this.#onEnd();
    }
  }

  #stop(): void {
    this.#draining = true;
    this.#source.stop();
  }

  /** What a message brings: nothing, its own fact, or with it one that was held. */
  async #taken(message: StreamMessage): Promise<readonly Arriving[]> {
    const { subject, seq: sequence } = message;
    // Of a message on a strange subject the type is not known: it is not skipped, but reported.
    if (
      this.#chains === undefined &&
      !this.#isWanted(parseSubject(subject)?.type ?? [...(this.#types ?? [])][0] ?? '')
    )
      return [];
    let recorded: RecordedEnvelope;
    try {
      recorded = parseFactMessage(factMessageOf(message));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      await this.#report({ subject, sequence, reason: error.message });
      return [];
    }
    const arrival = { subject, sequence, recorded };
    if (this.#chains === undefined) {
      const { stream, position } = recorded;
      if (position <= (this.#positions.get(stream) ?? 0)) return [];
      this.#positions.set(stream, position);
      return [arrival];
    }
    const { facts, misfits } = this.#chains.take(arrival);
    for (const { arrival: misfit, reason } of misfits)
      await this.#report({ subject: misfit.subject, sequence: misfit.sequence, reason });
    return facts;
  }

  /** The fact that arrived; undefined when it is not wanted, was handled before, or cannot be read. */
  async #factOf({ subject, sequence, recorded }: Arriving): Promise<Received<T> | undefined> {
    const { type, version, data, position, stream } = recorded;
    if (position <= this.#after || !this.#isWanted(type)) return undefined;
    try {
      return { ...parseFact(type, version, data), host: hostOf(stream) ?? '', recorded } as Received<T>;
    } catch (error) {
      if (!(error instanceof UnknownFact || error instanceof InvalidFact)) throw error;
      await this.#report({ subject, sequence, reason: error.message, recorded });
      return undefined;
    }
  }

  #isWanted(type: string): boolean {
    return this.#types === undefined || this.#types.has(type);
  }

  async #report(unreadable: Unreadable): Promise<void> {
    const { onUnreadable, connection, name, stream = STREAM_NAME } = this.#options;
    if (onUnreadable !== undefined) return onUnreadable(unreadable);
    const { reason, subject, sequence } = unreadable;
    const letter = unreadableMessage(name, { reason, subject, sequence, stream });
    const headers = MsgHdrsImpl.fromRecord(
      Object.fromEntries(Object.entries(letter.headers).map(([key, value]) => [key, [value]])),
    );
    connection.publish(letter.subject, letter.body, { headers });
  }
}

const decoder = new TextDecoder();

function factMessageOf({ subject, headers, data }: StreamMessage): FactMessage {
  const record: Record<string, string> = {};
  for (const [name, values] of headers ?? []) record[name] = values[0] ?? '';
  return { subject, headers: record, body: decoder.decode(data) };
}

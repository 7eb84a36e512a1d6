/**
 * Acknowledged publishes, many at once, in order and without a gap.
 *
 * Each message names the sequence number that it follows, and the message of this relay there, so the broker takes it only in its place:
 * whatever gets lost, comes twice or comes between, the stream has the log's facts in order, each once. (The number alone would let the
 * next message pass when a stranger's has taken the place of one.) Two relays that publish the same log do the same; for whoever comes second
 * the broker answers "duplicate" with the very number that was expected.
 *
 * The client's `js.publish` spends a timer and a promise on each message, which is several times slower with thousands outstanding.
 */
import type { FactMessage } from '@apledger/events';
import { BrokerError } from '@apledger/subscriber';
import {
  createInbox,
  type Msg,
  MsgHdrsImpl,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';

/** Bounds of what may be on its way: a broker that hangs must not fill this process. */
const MAX_OUTSTANDING = 4096;
const MAX_OUTSTANDING_BYTES = 16 * 1024 * 1024;
/** Once full, it waits until this share is left: filling up by single messages would cost a wake-up each. */
const REFILL_BELOW = 0.5;
/** Without any acknowledgement for so long, the connection or the stream's leader is taken for lost. */
const ACK_TIMEOUT_MS = 5000;
const CHECK_INTERVAL_MS = 1000;

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_PLACE: ReadonlySet<number> = new Set([10070, 10071, 10164]);
const TOO_LARGE = 10054;

interface Ack {
  readonly seq?: number;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/** The stream did not end where this relay believed: somebody else wrote to it, or a message got lost on the way. */
export class WrongPlace extends Error {
  override readonly name = 'WrongPlace';
}

/** The broker will not take this one message, whatever happens. */
export class Unpublishable extends Error {
  override readonly name = 'Unpublishable';
  readonly position: number;
  constructor(position: number, reason: string) {
    super(reason);
    this.position = position;
  }
}

export interface PublishListener {
  /** The stream has the fact at this position, as this message: now, or it had it before. */
  onStored(position: number, sequence: number): void;
  /** All that was sent is acknowledged, up to this position. */
  onIdle(position: number): void;
}

interface Outstanding {
  readonly bytes: number;
  readonly position: number;
}

/**
 * Publishes behind the message `sequence`; what goes wrong once ends it for good, with the reason in `broken`.
 */
export class Publisher {
  readonly #connection: NatsConnection;
  readonly #listener: PublishListener;
  readonly #inbox = createInbox();
  readonly #subscription: Subscription;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #broken = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #sequence: number;
  /** Of the message before, if this publisher sent it: of older ones the broker may have forgotten the id. */
  #lastId = '';
  #bytes = 0;
  #heardAt = performance.now();
  #waiting: { readonly share: number; readonly resolve: () => void } | undefined;

  constructor(connection: NatsConnection, sequence: number, listener: PublishListener) {
    this.#connection = connection;
    this.#listener = listener;
    this.#sequence = sequence;
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#answered(message) : this.fail(error)),
    });
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
  }

  /** Aborted once it cannot go on; its reason says why. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  get isFull(): boolean {
    return this.#outstanding.size >= MAX_OUTSTANDING || this.#bytes >= MAX_OUTSTANDING_BYTES;
  }

  get isIdle(): boolean {
    return this.#outstanding.size === 0;
  }

  /** Sends one message; `id` is what the broker knows a duplicate by, `position` what an error will be about. */
  publish(message: FactMessage, id: string, position: number): void {
    if (this.isIdle) this.#heardAt = performance.now();
    const headers: Record<string, string[]> = {};
    for (const name in message.headers) headers[name] = [message.headers[name] ?? ''];
    headers['Nats-Msg-Id'] = [id];
    headers['Nats-Expected-Last-Sequence'] = [String(this.#sequence)];
    if (this.#lastId !== '') headers['Nats-Expected-Last-Msg-Id'] = [this.#lastId];
    this.#lastId = id;
    this.#sequence += 1;
    const bytes = message.body.length;
    this.#outstanding.set(this.#sequence, { bytes, position });
    this.#bytes += bytes;
    this.#connection.publish(message.subject, message.body, {
      headers: MsgHdrsImpl.fromRecord(headers),
      reply: `${this.#inbox}.${this.#sequence}`,
    });
  }

  /** Resolves when there is room for another message, or it is broken. */
  async room(): Promise<void> {
    if (this.isFull) await this.#until(REFILL_BELOW);
  }

  /** Resolves when everything is acknowledged, or it is broken. */
  async idle(): Promise<void> {
    if (!this.isIdle) await this.#until(0);
  }

  fail(reason: Error): void {
    this.#broken.abort(reason);
    this.#wake();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#subscription.unsubscribe();
  }

  /** Resolves when no more than this share of the window is outstanding, or it is broken. */
  #until(share: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { share, resolve };
      this.#wake();
    });
  }

  #wake(): void {
    const { share, resolve } = this.#waiting ?? {};
    if (share === undefined || resolve === undefined) return;
    const room =
      this.#outstanding.size <= share * MAX_OUTSTANDING && this.#bytes <= share * MAX_OUTSTANDING_BYTES;
    if (!room && !this.broken.aborted) return;
    this.#waiting = undefined;
    resolve();
  }

  #answered(message: Msg): void {
    const sequence = Number(message.subject.slice(this.#inbox.length + 1));
    const sent = this.#outstanding.get(sequence);
    if (sent === undefined) return;
    this.#heardAt = performance.now();
    if (message.headers?.code === 503) {
      this.fail(new BrokerError('unreachable', 'no JetStream server takes the facts at the moment'));
      return;
    }
    const { seq = 0, error } = message.json<Ack>();
    if (error !== undefined) this.fail(refusal(error, sent.position));
    else {
      this.#listener.onStored(sent.position, seq);
      if (seq !== sequence) this.fail(new WrongPlace(`it is message ${seq}, and not ${sequence}`));
    }
    if (this.broken.aborted) return;
    this.#outstanding.delete(sequence);
    this.#bytes -= sent.bytes;
    if (this.isIdle) this.#listener.onIdle(sent.position);
    this.#wake();
  }

  #check(): void {
    if (this.isIdle || performance.now() - this.#heardAt < ACK_TIMEOUT_MS) return;
    this.fail(new BrokerError('unreachable', `no acknowledgement for ${ACK_TIMEOUT_MS} ms`));
  }
}

function refusal({ err_code = 0, description = '' }: NonNullable<Ack['error']>, position: number): Error {
  if (WRONG_PLACE.has(err_code)) return new WrongPlace(description);
  if (err_code === TOO_LARGE) return new Unpublishable(position, description);
  return new BrokerError('refused', `the broker does not store: ${description} [${err_code}]`);
}

/**
 * Publishing facts in order and without a gap.
 *
 * Each message names the sequence number that it follows, and the message of this relay there, so the broker takes it only in its place:
 * whatever gets lost, comes twice or comes between, the stream has the log's facts in order, each once. (The number alone would let the
 * next message pass when a stranger's has taken the place of one.) Of two relays that publish the same log, the one that comes second is
 * refused, and finds the facts when it looks what came between.
 *
 * The id by which the broker knows a duplicate has a part that nobody can guess: a fact's own id follows from the id of its command, so a
 * stranger could publish something under it beforehand, and the broker would drop the fact.
 */
import { randomUUID } from 'node:crypto';
import { type Ack, type ApiError, BrokerError, type Link, Publisher } from '@apledger/nats';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import type { FactMessage } from '../cloud-event.ts';

/** Bounds of what may be on its way: a broker that hangs must not fill this process. */
const MAX_OUTSTANDING = 4096;
const MAX_OUTSTANDING_BYTES = 16 * 1024 * 1024;
/** Once full, it waits until this share is left: filling up by single messages would cost a wake-up each. */
const REFILL_BELOW = 0.5;
/** Without any acknowledgement for so long, the connection or the stream's leader is taken for lost. */
const ACK_TIMEOUT_MS = 5000;

/** https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const WRONG_PLACE: ReadonlySet<number> = new Set([10070, 10071, 10164]);
const TOO_LARGE = 10054;

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

interface PublishListener {
  /** The stream has the fact at this position, as this message. */
  onStored(position: number, sequence: number): void;
  /** All that was sent is acknowledged, up to this position. */
  onIdle(position: number): void;
}

/**
 * Publishes behind the message `sequence`. The first thing that goes wrong ends it for good, with the reason in `broken`.
 */
export class FactPublisher {
  readonly #publisher: Publisher;
  readonly #link: Link;
  readonly #listener: PublishListener;
  readonly #broken = new AbortController();
  readonly #secret = randomUUID();
  #sequence: number;
  /** Of the message before, if this publisher sent it: of older ones the broker may have forgotten the id. */
  #lastId = '';
  #waiting: { readonly share: number; readonly resolve: () => void } | undefined;

  constructor(link: Link, sequence: number, listener: PublishListener) {
    this.#link = link;
    this.#publisher = new Publisher(link, { patienceMs: ACK_TIMEOUT_MS });
    this.#listener = listener;
    this.#sequence = sequence;
    link.events.on('lost', this.fail);
    link.events.on('denied', this.fail);
    if (link.broken !== undefined) this.fail(link.broken);
  }

  /** Aborted once it cannot go on; its reason says why. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  get isFull(): boolean {
    const { outstanding, outstandingBytes } = this.#publisher;
    return outstanding >= MAX_OUTSTANDING || outstandingBytes >= MAX_OUTSTANDING_BYTES;
  }

  get isIdle(): boolean {
    return this.#publisher.outstanding === 0;
  }

  /** Sends the message of the fact at the position. */
  publish(message: FactMessage, position: number): void {
    const id = `${position}.${this.#secret}`;
    const headers: Record<string, string[]> = {};
    for (const name in message.headers) headers[name] = [message.headers[name] ?? ''];
    headers['Nats-Msg-Id'] = [id];
    headers['Nats-Expected-Last-Sequence'] = [String(this.#sequence)];
    if (this.#lastId !== '') headers['Nats-Expected-Last-Msg-Id'] = [this.#lastId];
    this.#lastId = id;
    this.#sequence += 1;
    const sequence = this.#sequence;
    this.#publisher.send(message.subject, message.body, MsgHdrsImpl.fromRecord(headers), (outcome) =>
      this.#answered(outcome, position, sequence),
    );
  }

  /** Resolves when there is room for another message, or it is broken. */
  async room(): Promise<void> {
    if (this.isFull) await this.#until(REFILL_BELOW);
  }

  /** Resolves when everything is acknowledged, or it is broken. */
  async idle(): Promise<void> {
    if (!this.isIdle) await this.#until(0);
  }

  readonly fail = (reason: Error): void => {
    this.#broken.abort(reason);
    this.#wake();
  };

  close(): void {
    this.#link.events.off('lost', this.fail);
    this.#link.events.off('denied', this.fail);
    this.#publisher.close();
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
    const { outstanding, outstandingBytes } = this.#publisher;
    const room = outstanding <= share * MAX_OUTSTANDING && outstandingBytes <= share * MAX_OUTSTANDING_BYTES;
    if (!room && !this.broken.aborted) return;
    this.#waiting = undefined;
    resolve();
  }

  #answered(outcome: Ack | BrokerError, position: number, expected: number): void {
    if (this.broken.aborted) return;
    if (outcome instanceof BrokerError) this.fail(outcome);
    else if ('refused' in outcome) this.fail(refusal(outcome.refused, position));
    else {
      const { sequence } = outcome;
      if (sequence !== expected) this.fail(new WrongPlace(`it is message ${sequence}, and not ${expected}`));
      else this.#listener.onStored(position, sequence);
    }
    if (this.broken.aborted) return;
    if (this.isIdle) this.#listener.onIdle(position);
    this.#wake();
  }
}

function refusal({ err_code, description }: ApiError, position: number): Error {
  if (WRONG_PLACE.has(err_code)) return new WrongPlace(description);
  if (err_code === TOO_LARGE) return new Unpublishable(position, description);
  return new BrokerError('refused', `the broker does not store: ${description} [${err_code}]`);
}

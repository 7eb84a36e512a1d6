/**
 * Acknowledged publishes to JetStream, many at once, over one inbox.
 *
 * The client's own `js.publish` waits with a timer and a promise chain for each message, which is several times slower with thousands
 * outstanding.
 */

import type { Msg, MsgHdrs, Subscription } from '@nats-io/transport-node';
import { BrokerError } from './errors.ts';
import type { Link } from './link.ts';

/** An error in a reply of the JetStream API: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

/** The server's word on a publish. */
export type Ack =
  | {
      readonly sequence: number;
      readonly duplicate: boolean;
      /** It was sent more than once, so a duplicate may be this very publish. */
      readonly again: boolean;
    }
  | { readonly refused: ApiError; readonly again: boolean };

export interface PublisherOptions {
  /** How long a publish may take; without `repeats`, how long no publish at all is acknowledged while some wait. */
  readonly patienceMs: number;
  /**
   * Sends a publish without an acknowledgement again, byte for byte, when this says that its refusal passes, or nobody answers: for
   * messages that the server knows by their id and stores once. Without it a publish that nobody takes fails.
   */
  readonly repeats?: (refusal: ApiError) => boolean;
}

interface Outstanding {
  readonly subject: string;
  readonly body: Uint8Array | string;
  readonly headers: MsgHdrs;
  readonly settle: (outcome: Ack | BrokerError) => void;
  readonly since: number;
  sentAt: number;
  attempts: number;
}

const REPEAT_MS = 3000;
const SWEEP_MS = 100;
const NO_RESPONDERS = 503;

export class Publisher {
  readonly #link: Link;
  readonly #options: PublisherOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #outstanding = new Map<string, Outstanding>();
  #bytes = 0;
  #serial = 0;
  #heardAt = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(link: Link, options: PublisherOptions) {
    this.#link = link;
    this.#options = options;
    this.#inbox = link.inbox();
    this.#subscription = link.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
      },
    });
    link.events.on('back', this.#sendAllAgain);
    link.events.on('denied', this.#deny);
  }

  /** Publishes that are not acknowledged yet. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  get outstandingBytes(): number {
    return this.#bytes;
  }

  /**
   * Publishes; `settle` is called once, later: with BrokerError `unreachable` when nobody acknowledged in time (it is then not known
   * whether the message was stored), with `denied` when this user may not.
   */
  send(
    subject: string,
    body: Uint8Array | string,
    headers: MsgHdrs,
    settle: (outcome: Ack | BrokerError) => void,
  ): void {
    const since = performance.now();
    this.#serial += 1;
    const token = this.#serial.toString(36);
    const entry = { subject, body, headers, settle, since, sentAt: 0, attempts: 0 };
    this.#outstanding.set(token, entry);
    this.#bytes += body.length;
    this.#send(token, entry);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
  }

  /** Forgets what is outstanding. */
  close(): void {
    this.#link.events.off('back', this.#sendAllAgain);
    this.#link.events.off('denied', this.#deny);
    this.#subscription.unsubscribe();
    clearInterval(this.#sweeper);
  }

  #send(token: string, entry: Outstanding): void {
    entry.sentAt = performance.now();
    entry.attempts += 1;
    try {
      const { subject, body, headers } = entry;
      this.#link.nc.publish(subject, body, { headers, reply: `${this.#inbox}.${token}` });
    } catch {
      queueMicrotask(() => this.#settle(token, this.#silent('the connection was closed')));
    }
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const entry = this.#outstanding.get(token);
    if (entry === undefined) return; // the second answer to one that was sent twice
    this.#heardAt = performance.now();
    const again = entry.attempts > 1;
    if (message.headers?.code === NO_RESPONDERS) {
      if (this.#options.repeats !== undefined) this.#soon(entry);
      else this.#settle(token, this.#silent('no JetStream server takes the message at the moment'));
      return;
    }
    const { seq, duplicate, error } = message.json<{ seq?: number; duplicate?: boolean; error?: ApiError }>();
    if (error === undefined)
      this.#settle(token, { sequence: seq ?? 0, duplicate: duplicate ?? false, again });
    else if (this.#options.repeats?.(error) === true) this.#soon(entry);
    else this.#settle(token, { refused: error, again });
  }

  /** Lets the next sweep send it again. */
  #soon(entry: Outstanding): void {
    entry.sentAt = performance.now() - REPEAT_MS;
  }

  #settle(token: string, outcome: Ack | BrokerError): void {
    const entry = this.#outstanding.get(token);
    if (entry === undefined) return;
    this.#outstanding.delete(token);
    this.#bytes -= entry.body.length;
    if (this.#outstanding.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    entry.settle(outcome);
  }

  #sweep(): void {
    const { patienceMs, repeats } = this.#options;
    const now = performance.now();
    for (const [token, entry] of this.#outstanding) {
      const since = repeats === undefined ? Math.max(entry.since, this.#heardAt) : entry.since;
      if (now - since >= patienceMs) this.#giveUp(token, entry);
      else if (repeats !== undefined && this.#link.broken === undefined && now - entry.sentAt >= REPEAT_MS)
        this.#send(token, entry);
    }
  }

  #giveUp(token: string, { attempts }: Outstanding): void {
    const times = attempts > 1 ? `, after ${attempts} attempts` : '';
    this.#settle(token, this.#silent(`no acknowledgement within ${this.#options.patienceMs} ms${times}`));
  }

  #silent(reason: string): BrokerError {
    return new BrokerError('unreachable', reason, { place: this.#link.place });
  }

  readonly #sendAllAgain = (): void => {
    if (this.#options.repeats === undefined) return;
    for (const [token, entry] of this.#outstanding) this.#send(token, entry);
  };

  readonly #deny = (
    reason: BrokerError,
    { operation, subject }: { operation: string; subject: string },
  ): void => {
    if (operation !== 'publish') return;
    for (const [token, entry] of this.#outstanding)
      if (entry.subject === subject) this.#settle(token, reason);
  };
}

/**
 * Acknowledged publishes, many at once, over one inbox.
 *
 * A publish without an acknowledgement is sent again, byte for byte: the server knows it by its message id and
 * stores it once. The client's own `js.publish` waits with a timer and a promise chain for each (measured five
 * times slower with thousands outstanding).
 */

import type { Msg, MsgHdrs, Subscription } from '@nats-io/transport-node';
import type { LogError } from '../errors.ts';
import type { Broker } from './broker.ts';
import { type ApiError, isPassing } from './faults.ts';

/** The server's word on a publish. */
export type Ack =
  | {
      readonly sequence: number;
      readonly duplicate: boolean;
      /** It was sent more than once, so a duplicate may be this very publish. */
      readonly again: boolean;
    }
  | { readonly refused: ApiError; readonly again: boolean };

interface Outstanding {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers: MsgHdrs;
  readonly deadline: number;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: unknown) => void;
  sentAt: number;
  attempts: number;
}

const ACK_WAIT_MS = 3000;
const SWEEP_MS = 100;

export class Publisher {
  readonly #broker: Broker;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #outstanding = new Map<string, Outstanding>();
  #serial = 0;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#inbox = broker.inbox();
    this.#subscription = broker.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(message);
      },
    });
    broker.events.on('back', () => this.#sendAllAgain());
    broker.events.on('denied', (error) => {
      if (error.operation === 'publish') this.#fail(error.subject, broker.denial(error));
    });
  }

  /** Throws LogError `unreachable` when nobody acknowledged in time: then it is not known whether it was stored. */
  publish(subject: string, body: Uint8Array, headers: MsgHdrs): Promise<Ack> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.#broker.timeoutMs;
      this.#serial += 1;
      const token = this.#serial.toString(36);
      const entry = { subject, body, headers, deadline, resolve, reject, sentAt: 0, attempts: 0 };
      this.#outstanding.set(token, entry);
      this.#send(token, entry);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    });
  }

  close(): void {
    this.#subscription.unsubscribe();
    clearInterval(this.#sweeper);
  }

  #send(token: string, entry: Outstanding): void {
    entry.sentAt = performance.now();
    entry.attempts += 1;
    try {
      const { subject, body, headers } = entry;
      this.#broker.nc.publish(subject, body, { headers, reply: `${this.#inbox}.${token}` });
    } catch (error) {
      this.#settle(token)?.reject(error); // the connection was closed
    }
  }

  #answered(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const entry = this.#outstanding.get(token);
    if (entry === undefined) return; // the second answer to one that was sent twice
    if (message.headers?.code === 503) {
      this.#soon(entry); // nobody takes the subject now
      return;
    }
    const { seq, duplicate, error } = message.json<{ seq?: number; duplicate?: boolean; error?: ApiError }>();
    if (error !== undefined && isPassing(error)) {
      this.#soon(entry);
      return;
    }
    this.#settle(token);
    const again = entry.attempts > 1;
    if (error !== undefined) entry.resolve({ refused: error, again });
    else entry.resolve({ sequence: seq ?? 0, duplicate: duplicate ?? false, again });
  }

  /** Lets the next sweep send it again. */
  #soon(entry: Outstanding): void {
    entry.sentAt = performance.now() - ACK_WAIT_MS;
  }

  #settle(token: string): Outstanding | undefined {
    const entry = this.#outstanding.get(token);
    this.#outstanding.delete(token);
    if (this.#outstanding.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    return entry;
  }

  #sweep(): void {
    const now = performance.now();
    for (const [token, entry] of this.#outstanding) {
      if (now >= entry.deadline) this.#giveUp(token, entry);
      else if (this.#broker.connected && now - entry.sentAt >= ACK_WAIT_MS) this.#send(token, entry);
    }
  }

  #giveUp(token: string, entry: Outstanding): void {
    this.#settle(token);
    const reason = `no acknowledgement within ${this.#broker.timeoutMs} ms, after ${entry.attempts} attempts`;
    entry.reject(this.#broker.silent(reason));
  }

  #sendAllAgain(): void {
    for (const [token, entry] of this.#outstanding) this.#send(token, entry);
  }

  #fail(subject: string, error: LogError): void {
    for (const [token, entry] of this.#outstanding) {
      if (entry.subject === subject) this.#settle(token)?.reject(error);
    }
  }
}

/** One connection for the whole life of its user: the client reconnects by itself, the link says when it is down and when up again. */

import { EventEmitter, once } from 'node:events';
import { createInbox, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import type { ServerOptions } from './address.ts';
import { closeNats, connectNats, inboxPrefixOf, placeOf } from './connect.ts';
import { BrokerError, brokerError, notPermitted } from './errors.ts';

/** `lost`: the connection broke, maybe for good. `back`: it stands again, maybe to another server. `denied`: on a subject. */
interface LinkEvents {
  lost: [BrokerError];
  back: [];
  denied: [BrokerError, PermissionViolationError];
}

export class Link {
  readonly nc: NatsConnection;
  /** The servers as they were given, without credentials: for messages. */
  readonly place: string;
  readonly events = new EventEmitter<LinkEvents>();
  readonly #inboxPrefix: string;
  /** Why there is no connection now. */
  #broken: BrokerError | undefined;

  private constructor(nc: NatsConnection, options: ServerOptions) {
    this.nc = nc;
    this.place = placeOf(options);
    this.#inboxPrefix = inboxPrefixOf(options);
    this.events.setMaxListeners(0);
    void this.#watch();
    void nc.closed().then((error) => {
      const reason = error instanceof Error ? error : new Error('the connection was closed');
      this.#lose(brokerError(reason, this.place));
    });
  }

  /** Connects as connectNats does, and throws as it does. */
  static async open(options: ServerOptions, name: string, timeoutMs?: number): Promise<Link> {
    return new Link(await connectNats(options, name, timeoutMs), options);
  }

  /** Why there is no connection now, undefined when there is one. */
  get broken(): BrokerError | undefined {
    return this.#broken;
  }

  /** A subject for answers to this connection. */
  inbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  /** Throws BrokerError when the connection has ended for good. */
  check(): void {
    if (this.nc.isClosed()) throw this.#broken ?? new BrokerError('unreachable', 'the connection was closed');
  }

  /**
   * Resolves when the connection stands; at once if it does. Rejects with the signal's reason; throws BrokerError when it has ended for
   * good.
   */
  async standing(signal: AbortSignal): Promise<void> {
    this.check();
    signal.throwIfAborted();
    if (this.#broken === undefined) return;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      await Promise.race([
        once(this.events, 'back', { signal: either }),
        once(this.events, 'lost', { signal: either }), // it ended for good
      ]);
    } catch {
      throw either.reason;
    } finally {
      over.abort();
    }
    this.check();
  }

  /** Sends what was written, and ends; also when the connection breaks meanwhile. */
  async close(): Promise<void> {
    if (this.#broken !== undefined) await this.nc.close();
    else await closeNats(this.nc);
  }

  #lose(reason: BrokerError): void {
    this.#broken = reason;
    this.events.emit('lost', reason);
  }

  async #watch(): Promise<void> {
    for await (const status of this.nc.status()) {
      if (status.type === 'disconnect')
        this.#lose(brokerError(new Error('the connection was lost'), this.place));
      else if (status.type === 'reconnect') {
        this.#broken = undefined;
        this.events.emit('back');
      } else if (status.type === 'error' && status.error instanceof PermissionViolationError)
        this.events.emit('denied', notPermitted(status.error, this.place), status.error);
    }
  }
}

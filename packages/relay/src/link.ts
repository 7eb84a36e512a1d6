/** One connection for the relay's whole life: the client reconnects by itself, and the link tells when it is down and when up again. */
import { type BrokerError, brokerError, connectBroker, notPermitted } from '@apledger/subscriber';
import {
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
} from '@nats-io/transport-node';

export class Link {
  readonly connection: NatsConnection;
  readonly #place: string;
  #down = new AbortController();
  #up: PromiseWithResolvers<void> | undefined;

  private constructor(connection: NatsConnection, place: string) {
    this.connection = connection;
    this.#place = place;
    void this.#watch();
    void connection.closed().then((reason) => {
      if (reason instanceof Error) this.#lose(brokerError(reason, place));
      else this.#lose(brokerError(new Error('the connection was closed'), place));
      this.#up?.resolve();
    });
  }

  /** Throws BrokerError `unreachable` or `denied`. */
  static async open(url: string, options: NodeConnectionOptions): Promise<Link> {
    const place = url.replace(/[^/@]*@/, '');
    return new Link(await connectBroker(url, { name: 'apledger relay', ...options }), place);
  }

  /** Aborted when the connection that stands now is lost, with the reason. */
  get down(): AbortSignal {
    return this.#down.signal;
  }

  /** Resolves when the connection stands; at once if it does. Throws BrokerError when it has ended for good. */
  async standing(signal: AbortSignal): Promise<void> {
    if (this.connection.isClosed()) throw this.#down.signal.reason;
    if (!this.#down.signal.aborted) return;
    this.#up ??= Promise.withResolvers();
    const { resolve, promise } = this.#up;
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    if (this.connection.isClosed() && !signal.aborted) throw this.#down.signal.reason;
  }

  /** Sends what was written, and ends. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    if (this.#down.signal.aborted) await this.connection.close();
    else await this.connection.drain();
  }

  #lose(reason: BrokerError): void {
    this.#down.abort(reason);
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect')
        this.#lose(brokerError(new Error('the connection was lost'), this.#place));
      else if (status.type === 'reconnect') {
        this.#down = new AbortController();
        this.#up?.resolve();
        this.#up = undefined;
      } else if (status.type === 'error' && status.error instanceof PermissionViolationError)
        this.#lose(notPermitted(status.error, this.#place));
    }
  }
}

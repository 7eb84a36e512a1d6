/**
 * The ledger as a NATS micro service: takes requests, hands them to the endpoints, sends what they answer.
 *
 * Several of these share the requests by their queue group. Each request runs on its own; only commands for one
 * host wait for each other, in the command handler. Nothing listens here: the broker brings everything.
 */

import { Problem, type ProblemMessage } from '@apledger/api';
import { asProblem, type Current, type LogLedger, WrittenReply } from '@apledger/ledger';
import { SERVICE_ROOT } from '@apledger/messages';
import { brokenNats, brokerError, closeNats } from '@apledger/nats';
import { errorText, jsonText } from '@apledger/text';
import { type Service, type ServiceMsg, Svcm } from '@nats-io/services';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { Edge } from '../access/edge.ts';
import type { Call } from './call.ts';
import { forDiscovery, metadataWithin } from './discovery.ts';
import { type Endpoint, GROUPS } from './endpoint.ts';
import { endpoints } from './endpoints.ts';
import { callerOf, Replays } from './identity.ts';
import { Meter } from './meter.ts';

const SERVICE_NAME = 'apledger';
/** Of the service's interface, not of the package. */
const SERVICE_VERSION = '1.0.0';
/** Requests under way in one instance; more are told to come again, and the queue group has other members. */
const MAX_IN_FLIGHT = 256;
/** What a message may hold beside a reply's body. */
const HEADER_BYTES = 1024;
const MAX_HEADLINE = 300;
/** For brokers that do not say: their default. */
const DEFAULT_MAX_PAYLOAD = 1024 * 1024;
/** How long draining waits for the broker and for the log. */
const DRAIN_MS = 20_000;

const encoder = new TextEncoder();

export interface ServeOptions {
  readonly ledger: LogLedger;
  readonly connection: NatsConnection;
  /** Count `Nats-Request-Info` as who asks; see actor.ts. */
  readonly trustsRequestInfo: boolean;
  /** Who may do what; without it, all whom the broker lets through may do everything. */
  readonly edge?: Edge | undefined;
  /** Told what an operator should know, a line each. */
  readonly report: (line: string) => void;
}

/** One instance of the service, from `serve` on until `drain`. */
export class LedgerService {
  readonly #ledger: LogLedger;
  readonly #connection: NatsConnection;
  readonly #trustsRequestInfo: boolean;
  readonly #edge: Edge | undefined;
  readonly #replays = new Replays();
  readonly #report: (line: string) => void;
  readonly #meters = new Map<string, Meter>();
  readonly #inFlight = new Set<Promise<void>>();
  #service: Service | undefined;
  #isConnected = true;

  private constructor({ ledger, connection, trustsRequestInfo, edge, report }: ServeOptions) {
    this.#edge = edge;
    this.#trustsRequestInfo = trustsRequestInfo;
    this.#ledger = ledger;
    this.#connection = connection;
    this.#report = report;
  }

  /** Registers the endpoints; resolves when the broker has taken them. Throws BrokerError when it does not let us. */
  static async serve(options: ServeOptions): Promise<LedgerService> {
    const service = new LedgerService(options);
    await service.#register();
    void service.#watch();
    return service;
  }

  /** As discovery knows it. */
  get id(): string {
    return this.#service?.info().id ?? '';
  }

  /** Resolves when the service has ended; with a reason when nobody asked it to. */
  async ended(): Promise<string | undefined> {
    const stopped = this.#service?.stopped ?? Promise.resolve(null);
    const error = await Promise.race([this.#connection.closed(), stopped]);
    // When the connection closes, so does the service, which then knows less about why.
    const reason = this.#connection.isClosed() ? ((await this.#connection.closed()) ?? error) : error;
    return reason instanceof Error ? this.#explained(reason).message : undefined;
  }

  /** Takes no more requests, answers those that came, and closes the connection. */
  async drain(): Promise<void> {
    const expired = Promise.withResolvers<'expired'>();
    const timer = setTimeout(() => expired.resolve('expired'), DRAIN_MS);
    const end = await Promise.race([this.#drained(), this.#connection.closed(), expired.promise]);
    clearTimeout(timer);
    if (end === 'expired')
      this.#report(
        `gave up draining after ${DRAIN_MS} ms; ${this.#inFlight.size} requests were not answered`,
      );
    await this.#connection.close();
  }

  async #drained(): Promise<void> {
    // Without a connection there is nobody who could be told of it, or be answered; it may break meanwhile.
    if (this.#isConnected) await Promise.race([this.#service?.stop(), brokenNats(this.#connection)]);
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    if (this.#isConnected) await closeNats(this.#connection);
  }

  /** What a message of this broker holds. */
  get #maxPayload(): number {
    return this.#connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD;
  }

  async #register(): Promise<void> {
    const connection = forDiscovery(this.#connection, this.#report);
    const metadata = metadataWithin(endpoints, this.#maxPayload, connection.getServer());
    const service = await new Svcm(asLibraryConnection(connection)).add({
      name: SERVICE_NAME,
      version: SERVICE_VERSION,
      description: 'The ledger of crypto adapter assignments: commands and queries about AP queues.',
      statsHandler: async (endpoint) => this.#meters.get(endpoint.subject)?.report(endpoint),
    });
    this.#service = service;
    const groups = new Map(GROUPS.map((group) => [group, service.addGroup(`${SERVICE_ROOT}.${group}`)]));
    for (const [index, endpoint] of endpoints.entries()) {
      const { group, name, subject } = endpoint;
      const meter = new Meter();
      this.#meters.set(`${SERVICE_ROOT}.${group}.${subject}`, meter);
      groups.get(group)?.addEndpoint(name, {
        subject,
        metadata: { ...metadata[index] },
        handler: (_, message) => this.#take(endpoint, meter, message),
      });
    }
    // The broker's refusal of a subscription comes before its answer to a ping.
    await this.#connection.flush();
    if (service.isStopped) throw this.#explained(await service.stopped);
  }

  #take(endpoint: Endpoint, meter: Meter, message: ServiceMsg): void {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) {
      const problem = `${MAX_IN_FLIGHT} requests are under way here; ask again.`;
      this.#failed(endpoint, meter, message, new Problem(503, 'overloaded', problem));
      return;
    }
    const started = performance.now();
    const work = this.#answer(endpoint, message)
      .catch((error: unknown) => this.#failed(endpoint, meter, message, error))
      .finally(() => {
        meter.inFlight -= 1;
        meter.answered(performance.now() - started);
        this.#inFlight.delete(work);
      });
    meter.inFlight += 1;
    this.#inFlight.add(work);
  }

  async #answer(endpoint: Endpoint, message: ServiceMsg): Promise<void> {
    const maxReplyBytes = this.#maxPayload - HEADER_BYTES;
    let current: Current | undefined;
    const onMemory = (known: Current): void => {
      current = known;
    };
    const call = { ...this.#callOf(message, maxReplyBytes), onMemory };
    const caller = this.#edge && (await callerOf(call, this.#edge, this.#replays, this.#ledger.access.at));
    const reply = await endpoint.answer(this.#ledger, caller === undefined ? call : { ...call, caller });
    message.respond(encoded(endpoint, reply, maxReplyBytes), currentHeaders(current));
  }

  #callOf(message: ServiceMsg, maxReplyBytes: number): Call {
    const given = new Map<string, string>();
    for (const [name, values] of message.headers ?? []) given.set(name.toLowerCase(), values.at(-1) ?? '');
    const { subject, data } = message;
    return {
      subject,
      headers: given,
      body: data,
      maxReplyBytes,
      trustsRequestInfo: this.#trustsRequestInfo,
    };
  }

  #failed(endpoint: Endpoint, meter: Meter, message: ServiceMsg, error: unknown): void {
    const problem = asProblem(error);
    meter.failed(problem.code, problem.message);
    if (problem.status >= 500) this.#report(`${endpoint.name}: ${problem.message}`);
    if (problem.code === 'internal') this.#report(error instanceof Error ? `${error.stack}` : String(error));
    try {
      message.respondError(problem.status, headline(problem), jsonText(messageOf(problem)));
    } catch (unsent) {
      this.#report(`${endpoint.name}: the reply could not be sent: ${errorText(unsent)}`);
    }
  }

  #explained(error: unknown): Error {
    return brokerError(error, this.#connection.getServer());
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') {
        this.#isConnected = false;
        this.#report('lost the broker; reconnecting');
      } else if (status.type === 'reconnect') {
        this.#isConnected = true;
        this.#report(`reconnected to ${status.server}`);
      } else if (status.type === 'error') this.#report(this.#explained(status.error).message);
    }
  }
}

/** The services package names an older copy of the client's types, which differ by an optional property or two. */
const asLibraryConnection = (connection: NatsConnection) =>
  connection as unknown as ConstructorParameters<typeof Svcm>[0];

/** The problem as the body of an error reply. */
export const messageOf = ({ code, message, details }: Problem): ProblemMessage => ({
  code,
  message,
  ...details,
});

function encoded(endpoint: Endpoint, reply: unknown, maxBytes: number): Uint8Array {
  const whole = reply instanceof WrittenReply ? reply.json : encoder.encode(JSON.stringify(reply));
  if (whole.length <= maxBytes) return whole;
  const short = endpoint.shortened && encoder.encode(JSON.stringify(endpoint.shortened(reply)));
  if (short !== undefined && short.length <= maxBytes) return short;
  throw new Problem(
    413,
    'reply-too-large',
    `The reply has ${whole.length} bytes; a message of this broker holds ${maxBytes} (max_payload).`,
  );
}

/** Up to where an answer from memory is complete; no headers for one from the log. */
function currentHeaders(current: Current | undefined): Parameters<ServiceMsg['respond']>[1] {
  if (current === undefined) return {};
  const given = headers();
  given.set('Apledger-Current-To', current.time.toISOString());
  given.set('Apledger-Position', String(current.position));
  // The services package names an older copy of the client's types.
  return { headers: given } as unknown as Parameters<ServiceMsg['respond']>[1];
}

/** For the header that tools show: one line of plain characters. The body has the whole. */
const headline = ({ code, message }: Problem): string =>
  `${code}: ${message}`.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_HEADLINE);

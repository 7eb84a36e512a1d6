/** A ledger behind a service: the same over its HTTP API. */
import {
  MAX_PAGE,
  type Operation,
  type OperationName,
  operations,
  Problem,
  type Receipt,
  type Reply,
  type Request,
  type RecordedFact as ShownFact,
} from '@apledger/api';
import { Api, type ApiOptions, followFacts } from '@apledger/client';
import { newCommandId, type Submission } from '@apledger/command-handler';
import type { RecordedFact } from '@apledger/event-log';
import { parseFact } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import type { Filtered, Ledger, Wanted } from './ledger.ts';

/** The service waits 30 seconds each time, and a write to a real host ends within three minutes. */
const MAX_ASKED = 6;

export class ServiceLedger implements Ledger {
  readonly #server: string;
  readonly #secret: string | undefined;
  readonly #onProgress: (text: string) => void;
  readonly #api: Api;
  /** Folded here, from the facts that the service has. */
  readonly #hosts = new Map<string, HostState>();

  /** Throws Problem for what is no address of a service. */
  constructor(
    server: string,
    { onProgress = () => {}, ...options }: ApiOptions & { readonly onProgress?: (text: string) => void } = {},
  ) {
    if (!/^https?:\/\/[^/?#@]+\/?$/.test(server) || !URL.canParse(server)) {
      // What stands before an @ may be a password.
      const shown = server.includes('@') ? '(an address with a user or a password)' : server;
      const isBare = /^[\w.-]+(?::\d+)?$/.test(server) && URL.canParse(`http://${server}`);
      throw new Problem(
        400,
        'no-such-log',
        `--server ${shown}: no address of a service; write ${isBare ? `http://${server} or https://${server}` : 'http://127.0.0.1:8642'}.`,
      );
    }
    this.#server = server;
    this.#secret = options.secret;
    this.#onProgress = onProgress;
    this.#api = new Api(server, options);
  }

  /** What takes minutes is asked for until it is done. */
  async ask<Name extends OperationName>(name: Name, request: Request<Name>): Promise<Reply<Name>> {
    const { http, request: declared }: Operation = operations[name];
    if (http === undefined) throw new TypeError(`${name} has no address over HTTP`);
    const named = 'run' in declared.properties ? { ...request, run: crypto.randomUUID() } : request;
    for (;;) {
      try {
        return await this.#api.call(http, named);
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'not-done')) throw error;
        this.#onProgress(error.message);
      }
    }
  }

  /** Asks on, with the same id, while the agent of an observed host has not settled the command. */
  async submit(submission: Submission): Promise<Receipt> {
    const { commandId = newCommandId() } = submission;
    for (let asked = 1; ; asked++) {
      try {
        return await this.#api.submit({ ...submission, commandId });
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'not-settled') || asked === MAX_ASKED) throw error;
      }
    }
  }

  async state(host: string): Promise<HostState | undefined> {
    const state = this.#hosts.get(host) ?? new HostState();
    for await (const fact of this.facts({ host, after: state.position })) {
      evolve(state, parseFact(fact.type, fact.version, fact.data));
      state.place(fact.revision, fact.position, Date.parse(fact.occurredAt));
    }
    this.#hosts.set(host, state);
    return state.isRegistered ? state : undefined;
  }

  async *facts({ after = 0, ...wanted }: Filtered): AsyncGenerator<RecordedFact> {
    for (let from = after, isEnd = false; !isEnd; ) {
      const page = await this.#page({ ...wanted, after: from, limit: MAX_PAGE });
      for (const fact of page.events) yield recorded(fact);
      from = page.after;
      isEnd = page.isEnd;
    }
  }

  async *follow({ after = 0, ...wanted }: Wanted, signal: AbortSignal): AsyncGenerator<RecordedFact> {
    for await (const delivery of followFacts({
      server: this.#server,
      secret: this.#secret,
      signal,
      after,
      ...wanted,
    }))
      if ('fact' in delivery) yield recorded(delivery.fact);
  }

  async move(): Promise<void> {}

  async close(): Promise<void> {}

  /** A host that is not there has no facts. */
  async #page(request: Request<'events'>): Promise<Reply<'events'>> {
    try {
      return await this.ask('events', request);
    } catch (error) {
      if (error instanceof Problem && error.code === 'unknown-host')
        return { events: [], after: 0, isEnd: true, guests: {} };
      throw error;
    }
  }
}

/** As the log has it: the host is the stream's. */
function recorded({ host: _, ...fact }: ShownFact): RecordedFact {
  return fact as unknown as RecordedFact;
}

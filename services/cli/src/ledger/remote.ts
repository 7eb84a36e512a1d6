/** A ledger behind a service: the same answers over its HTTP API. */
import {
  type Api,
  ApiProblem,
  answer,
  followFacts,
  openApi,
  type RecordedFact as ShownFact,
} from '@apledger/client';
import type { Head, Moment, RecordedFact, Verification } from '@apledger/event-log';
import {
  type AuditReport,
  type CustodyQueries,
  type HostView,
  type HostViewJson,
  type Range,
  viewOfJson,
} from '@apledger/projections';
import type { WhatIf } from '@apledger/what-if';
import { Failure } from '../failure.ts';
import type { Ledger, Question, Wanted } from './ledger.ts';
import { RemoteCommands } from './remote-commands.ts';

const PAGE = 1000;

export class RemoteLedger implements Ledger {
  readonly commands: RemoteCommands;
  readonly custody: CustodyQueries;
  readonly #server: string;
  readonly #api: Api;

  /** Throws Failure for what is no address of a service. */
  constructor(server: string) {
    if (!/^https?:\/\/[^/?#]+\/?$/.test(server) || !URL.canParse(server))
      throw new Failure(2, `--server ${server}: no address of a service; write http://127.0.0.1:8642.`);
    this.#server = server;
    this.#api = openApi(server);
    this.commands = new RemoteCommands(this.#api, (host, after) => this.facts({ host, after }));
    this.custody = custodyOf(this.#api);
  }

  async lastPosition(): Promise<number> {
    const { position } = await answer(this.#api.GET('/hosts', { params: { query: { limit: 1 } } }));
    return position ?? 0;
  }

  async hosts(): Promise<readonly string[]> {
    const names: string[] = [];
    for (let after: string | null = ''; after !== null; ) {
      const query: { after: string; limit: number } = { after, limit: PAGE };
      const page = await answer(this.#api.GET('/hosts', { params: { query } }));
      names.push(...page.hosts.map(({ host }) => host));
      after = page.next;
    }
    return names;
  }

  async hostAt(host: string, moment?: Moment): Promise<HostView | undefined> {
    const params = { path: { host }, query: momentQuery(moment) };
    const view = await known(answer(this.#api.GET('/hosts/{host}', { params })));
    return view && viewOfJson(view as HostViewJson);
  }

  async *facts({ after = 0, host, types }: Wanted): AsyncGenerator<RecordedFact> {
    for (let from = after, isEnd = false; !isEnd; ) {
      const query = { ...wantedQuery({ after: from, host, types }), limit: PAGE };
      const page = await known(answer(this.#api.GET('/events', { params: { query } })));
      if (page === undefined) return; // no such host, hence no facts
      for (const fact of page.events) yield recorded(fact);
      from = page.after;
      isEnd = page.isEnd;
    }
  }

  async *follow({ after = 0, host, types }: Wanted, signal: AbortSignal): AsyncGenerator<RecordedFact> {
    const options = { server: this.#server, signal, ...wantedQuery({ after, host, types }) };
    for await (const delivery of followFacts(options)) if ('fact' in delivery) yield recorded(delivery.fact);
  }

  async whatIf({ host, steps, moment }: Question): Promise<WhatIf | undefined> {
    const body = { steps: [...steps], ...momentQuery(moment) };
    try {
      const call = this.#api.POST('/hosts/{host}/what-if', { params: { path: { host } }, body });
      const found = (await known(answer(call))) as (WhatIf & { before: HostView }) | undefined;
      return found && { ...found, before: viewOfJson(found.before), after: viewOfJson(found.after) };
    } catch (error) {
      throw error instanceof ApiProblem && error.code === 'invalid-step'
        ? new Failure(2, error.message)
        : error;
    }
  }

  async verify(noted: readonly Head[]): Promise<Verification> {
    const heads = noted.map(({ stream, revision, hash }) => ({ stream, revision, hash }));
    return answer(this.#api.POST('/recompute', { body: { heads } }));
  }

  async rebuild(): Promise<void> {
    await answer(this.#api.POST('/rebuild', { body: {} }));
  }
}

/** As the log has it: the host is the stream's. */
function recorded({ host: _, ...fact }: ShownFact): RecordedFact {
  return fact as RecordedFact;
}

const momentQuery = (moment: Moment | undefined) => {
  if (moment === undefined) return {};
  if ('revision' in moment) throw new TypeError('a service is asked about positions and times');
  return moment;
};

const wantedQuery = ({
  after,
  host,
  types,
}: {
  readonly after: number;
  readonly host: string | undefined;
  readonly types: readonly string[] | undefined;
}) => ({
  after,
  ...(host === undefined ? {} : { host }),
  ...(types === undefined ? {} : { types: [...types] }),
});

/** Undefined for a host that is not there. */
async function known<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'unknown-host') return undefined;
    throw error;
  }
}

function custodyOf(api: Api): CustodyQueries {
  return {
    custody: (host, apqn, range) => {
      const params = { path: { host }, query: { apqn, ...rangeQuery(range) } };
      return known(answer(api.GET('/hosts/{host}/custody', { params })));
    },
    guestHistory: (host, guest, range) => {
      const params = { path: { host, guest }, query: rangeQuery(range) };
      return known(answer(api.GET('/hosts/{host}/guests/{guest}/history', { params })));
    },
    exposures: async (host, range) => {
      const params = { path: { host }, query: rangeQuery(range) };
      return (await known(answer(api.GET('/hosts/{host}/exposures', { params }))))?.exposures;
    },
    audit: async ({ host, guest, from, to }) => {
      const query = {
        format: 'json' as const,
        ...(host === null ? {} : { host }),
        ...(guest === null ? {} : { guest }),
        ...rangeQuery({ from: from ?? undefined, to: to ?? undefined }),
      };
      const report = answer(api.GET('/report', { params: { query } }));
      return (await known(report.catch(noSuchGuest))) as AuditReport | undefined;
    },
  };
}

/** A guest that was not there is in a report of nothing. */
function noSuchGuest(error: unknown): AuditReport {
  if (error instanceof ApiProblem && error.code === 'unknown-guest')
    return { scope: { host: null, guest: null, from: null, to: null }, heads: [], hosts: [] };
  throw error;
}

function rangeQuery({ from, to }: Range = {}): { readonly from?: string; readonly to?: string } {
  return {
    ...(from === undefined ? {} : { from: momentText(from) }),
    ...(to === undefined ? {} : { to: momentText(to) }),
  };
}

const momentText = (moment: Moment): string => {
  const { position, time } = { position: undefined, time: undefined, ...momentQuery(moment) };
  return time ?? String(position);
};

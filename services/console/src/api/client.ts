/** Asking the service. Every call may be aborted, and fails with an `ApiProblem` that says what was wrong and what helps. */
import type { HostViewJson } from '@apledger/projections/host';
import type { Moment } from '../model/moment.ts';
import type { CustodyReport, FactsPage, HostPage, Receipt, Refusal, WhatIf } from './shapes.ts';

const BASE = '/api/v1';

/** The service said no (RFC 9457), or there was no answer (`status` 0). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  /** A refused command explains itself. */
  readonly refusal: Refusal | undefined;

  constructor(status: number, code: string, message: string, refusal?: Refusal) {
    super(message);
    this.status = status;
    this.code = code;
    this.refusal = refusal;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

function urlOf(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? BASE + path : `${BASE}${path}?${new URLSearchParams(given)}`;
}

const momentQuery = (moment: Moment): Query =>
  moment.kind === 'now' ? {} : moment.kind === 'time' ? { time: moment.time } : { position: moment.position };

async function problemOf(response: Response): Promise<ApiProblem> {
  const said: unknown = await response.json().catch(() => ({}));
  const { code, title, detail, errno, explanation, conflicts, remedy } = said as Partial<
    Record<string, unknown>
  >;
  const message = [detail, title, `the service answered ${response.status}`].find(
    (text) => typeof text === 'string',
  );
  const isRefusal = typeof errno === 'string';
  const refusal = isRefusal ? ({ errno, explanation, conflicts, remedy } as Refusal) : undefined;
  return new ApiProblem(response.status, typeof code === 'string' ? code : 'unknown', message ?? '', refusal);
}

async function ask<T>(path: string, query: Query, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(urlOf(path, query), {
      ...init,
      headers: { accept: 'application/json', ...init.headers },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiProblem(0, 'unreachable', 'The service does not answer. Is it running?');
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

const hostPath = (host: string): string => `/hosts/${encodeURIComponent(host)}`;
const abortable = (signal: AbortSignal | undefined): RequestInit => (signal === undefined ? {} : { signal });

/** The hosts by name, those after `after` first. */
export const fetchHosts = (
  moment: Moment,
  page: { after?: string; limit?: number } = {},
  signal?: AbortSignal,
) => ask<HostPage>('/hosts', { ...momentQuery(moment), ...page }, abortable(signal));

/** One host as of a moment; undefined when it was not there. */
export async function fetchHost(
  host: string,
  moment: Moment,
  signal?: AbortSignal,
): Promise<HostViewJson | undefined> {
  try {
    return await ask<HostViewJson>(hostPath(host), momentQuery(moment), abortable(signal));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}

export interface FactsQuery {
  readonly after?: number;
  readonly limit?: number;
  readonly host?: string | undefined;
  readonly types?: readonly string[];
}

/** Facts in log order. */
export const fetchFacts = ({ types, ...query }: FactsQuery, signal?: AbortSignal) =>
  ask<FactsPage>('/events', { ...query, types: types?.join(',') }, abortable(signal));

/** Who could use a queue, when. */
export const fetchCustody = (host: string, apqn: string, signal?: AbortSignal) =>
  ask<CustodyReport>(`${hostPath(host)}/custody`, { apqn }, abortable(signal));

/** What these steps would do to the host as it is at the moment; nothing is changed. */
export const tryOut = (host: string, steps: readonly string[], moment: Moment, signal?: AbortSignal) =>
  ask<WhatIf>(
    `${hostPath(host)}/what-if`,
    {},
    { ...posted({ steps, ...momentQuery(moment) }), ...abortable(signal) },
  );

const posted = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Where the live stream of facts is. */
export const streamUrl = (after: number, host: string | undefined): string =>
  urlOf('/events/stream', { after, host });

export interface Sending {
  readonly host: string;
  readonly command: object;
  readonly commandId: string;
  readonly actor: string;
  readonly correlation: string;
  /** The revision that it was decided on; the service refuses the command when the host is elsewhere. */
  readonly revision: number;
}

/** Gives a command. */
export function send({ host, command, commandId, actor, correlation, revision }: Sending): Promise<Receipt> {
  const init = posted(command);
  const headers = {
    ...init.headers,
    'idempotency-key': commandId,
    'if-match': `"${revision}"`,
    'apledger-actor': actor,
    'apledger-correlation': correlation,
  };
  return ask<Receipt>(`${hostPath(host)}/commands`, {}, { ...init, headers });
}

/** What the page asks the service. Every question may be aborted, and fails with a `Problem` or `Unreachable` that says what was wrong. */
import { Problem, type Request, type Span, type WhatIf } from '@apledger/api';
import { Api, problemOf, Unreachable } from '@apledger/client';
import type { FactType } from '@apledger/events';
import type { FactFilters } from '../model/find.ts';
import type { Moment } from '../model/moment.ts';

const api = new Api('');

const momentQuery = (moment: Moment) =>
  moment.kind === 'now' ? {} : moment.kind === 'time' ? { time: moment.time } : { position: moment.position };

/** The hosts by name, those that sort after `after` first. */
export const fetchHosts = (
  moment: Moment,
  page: { readonly after?: string; readonly limit?: number; readonly find?: string } = {},
  signal?: AbortSignal,
) => api.get('/hosts', { ...momentQuery(moment), ...page }, { signal });

/** One host as of a moment; undefined when it was not there. */
export async function fetchHost(host: string, moment: Moment, signal?: AbortSignal) {
  try {
    return await api.get('/hosts/{host}', { host, ...momentQuery(moment) }, { signal });
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return undefined;
    throw error;
  }
}

/** Who had each mdev of the host open last, as of a position. */
export const fetchGuests = (host: string, position: number, signal?: AbortSignal) =>
  api.get('/hosts/{host}/guests', { host, position }, { signal });

/** Facts of the log. */
export interface FactsQuery extends FactFilters {
  readonly after?: number;
  readonly limit?: number;
  readonly host?: string | undefined;
  readonly types?: readonly FactType[];
  /** The last moment: digits are a position. */
  readonly until?: string;
  readonly order?: 'newest' | 'oldest';
}

/** Facts in log order, unless the newest are to come first; a page may be empty and yet not the last. */
export const fetchFacts = ({ host, ...rest }: FactsQuery, signal?: AbortSignal) =>
  api.get('/events', { ...rest, ...(host === undefined ? {} : { host }) }, { signal });

/** Gives a command. A refused one is answered as well. */
export const send: Api['submit'] = (submission) => api.submit(submission);

/** Who could use a queue, when. */
export const fetchCustody = (host: string, apqn: string, limit: number | undefined, signal?: AbortSignal) =>
  api.get('/hosts/{host}/custody', { host, apqn, ...(limit === undefined ? {} : { limit }) }, { signal });

/** What was passed on without a reset in the span, and what stands open at its end. */
export const fetchExposures = (host: string, span: Span, signal?: AbortSignal) =>
  api.get('/hosts/{host}/exposures', { host, ...span }, { signal });

/** Whether the facts of a host are those that were written. */
export const fetchChain = (host: string, signal?: AbortSignal) =>
  api.get('/hosts/{host}/chain', { host }, { signal });

/** What differs between two moments. */
export const fetchDiff = (
  host: string,
  span: { readonly from: string; readonly to: string },
  signal?: AbortSignal,
) => api.get('/hosts/{host}/diff', { host, ...span }, { signal });

/** What a plan is to reach: a desired state, or what a procedure does. */
export type PlanRequest = Pick<Request<'plan'>, 'desired' | 'procedure'>;

/** The steps that lead there from the host as it is now; nothing is changed. */
export const fetchPlan = (host: string, request: PlanRequest, signal?: AbortSignal) =>
  api.post('/hosts/{host}/plan', { host, ...request }, { signal });

/** An audit report as a file; it may be longer than a text may be. */
export async function fetchReport(scope: Request<'report'>, signal?: AbortSignal): Promise<Blob> {
  const query = new URLSearchParams(Object.entries(scope));
  const response = await fetch(`/api/v1/report?${query}`, { signal: signal ?? null }).catch(() => undefined);
  if (response === undefined) throw new Unreachable('The service does not answer.');
  if (response.ok) return response.blob();
  throw problemOf(response, await response.json().catch(() => undefined));
}

/** What these steps, at least one, would do to the host as it is at the moment; nothing is changed. */
export const tryOut = (
  host: string,
  steps: readonly string[],
  moment: Moment,
  signal?: AbortSignal,
): Promise<WhatIf> => api.post('/hosts/{host}/what-if', { host, steps, ...momentQuery(moment) }, { signal });

/** How far the log is sealed. */
export const fetchEvidence = (signal?: AbortSignal) => api.get('/evidence', {}, { signal });

/** The evidence file of a fact. */
export const fetchProof = (position: number, signal?: AbortSignal) =>
  api.get('/proof', { position }, { signal });

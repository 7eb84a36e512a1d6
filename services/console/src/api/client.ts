/** What the page asks the service. Every question may be aborted, and fails with an `ApiProblem` or `Unreachable` that says what was wrong. */
import { ApiProblem, answer, type Command, openApi, type Refusal } from '@apledger/client';
import type { FactType } from '@apledger/events';
import type { Moment } from '../model/moment.ts';

const api = openApi('');

const momentQuery = (moment: Moment) =>
  moment.kind === 'now' ? {} : moment.kind === 'time' ? { time: moment.time } : { position: moment.position };
const abortable = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** The hosts by name, those that sort after `after` first. */
export const fetchHosts = (
  moment: Moment,
  page: { readonly after?: string; readonly limit?: number } = {},
  signal?: AbortSignal,
) =>
  answer(api.GET('/hosts', { params: { query: { ...momentQuery(moment), ...page } }, ...abortable(signal) }));

/** One host as of a moment; undefined when it was not there. */
export async function fetchHost(host: string, moment: Moment, signal?: AbortSignal) {
  const params = { path: { host }, query: momentQuery(moment) };
  try {
    return await answer(api.GET('/hosts/{host}', { params, ...abortable(signal) }));
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}

export interface FactsQuery {
  readonly after?: number;
  readonly limit?: number;
  readonly host?: string | undefined;
  readonly types?: readonly FactType[];
}

/** Facts in log order. */
export const fetchFacts = ({ host, types, ...rest }: FactsQuery, signal?: AbortSignal) =>
  answer(
    api.GET('/events', {
      params: {
        query: {
          ...rest,
          ...(host === undefined ? {} : { host }),
          ...(types === undefined ? {} : { types: [...types] }),
        },
      },
      ...abortable(signal),
    }),
  );

export interface Sending {
  readonly host: string;
  readonly command: Command;
  readonly commandId: string;
  readonly actor: string;
  readonly correlation: string;
  /** The revision that it was decided on; the service does nothing when the host is elsewhere. */
  readonly revision: number;
}

/** Gives a command. */
export const send = ({ host, command, commandId, actor, correlation, revision }: Sending) =>
  answer(
    api.POST('/hosts/{host}/commands', {
      params: {
        path: { host },
        header: {
          'Idempotency-Key': commandId,
          'If-Match': `"${revision}"`,
          'Apledger-Actor': encodeURIComponent(actor),
          'Apledger-Correlation': correlation,
        },
      },
      body: command,
    }),
  );

/** Why a command was refused; undefined when it failed in another way. */
export function refusalOf(error: unknown): Refusal | undefined {
  return error instanceof ApiProblem && error.body.errno !== undefined ? (error.body as Refusal) : undefined;
}

/** Who could use a queue, when. */
export const fetchCustody = (host: string, apqn: string, signal?: AbortSignal) =>
  answer(
    api.GET('/hosts/{host}/custody', { params: { path: { host }, query: { apqn } }, ...abortable(signal) }),
  );

/** What these steps, at least one, would do to the host as it is at the moment; nothing is changed. */
export const tryOut = (host: string, steps: readonly string[], moment: Moment, signal?: AbortSignal) =>
  answer(
    api.POST('/hosts/{host}/what-if', {
      params: { path: { host } },
      body: { steps: [...steps], ...momentQuery(moment) },
      ...abortable(signal),
    }),
  );

export type CustodyReport = Awaited<ReturnType<typeof fetchCustody>>;
export type CustodyInterval = CustodyReport['intervals'][number];
export type Holder = CustodyInterval['holder'];
export type Boundary = NonNullable<CustodyInterval['from']>;
export type WhatIf = Awaited<ReturnType<typeof tryOut>>;
export type TriedStep = WhatIf['steps'][number];
export type Share = WhatIf['lost'][number];

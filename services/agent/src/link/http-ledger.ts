/** The ledger over HTTP, with a token or a client certificate. Of Node itself only: its `fetch` shows no certificates. */
import type { RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import { Refused, type RemoteLedger, remoteLedger, Unreachable } from './ledger.ts';

/** What an answer may take beyond what the ledger was asked to wait. */
const GRACE_MS = 30_000;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

export interface HttpLedgerOptions {
  /** `https://ledger.example:8643` */
  readonly url: string;
  readonly host: string;
  /** `apl_…`, where a token says who this is. */
  readonly token?: string | undefined;
  /** PEM, where a certificate does. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** PEM of those who sign the ledger's certificate. */
  readonly ca?: string | undefined;
}

/** Throws Error for what is no address of a ledger. */
export function httpLedger(options: HttpLedgerOptions): RemoteLedger {
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(options.url) || !URL.canParse(options.url))
    throw new Error(`${options.url} is no address of a ledger; write https://ledger.example:8642`);
  const { protocol, hostname } = new URL(options.url);
  if (options.token !== undefined && protocol === 'http:' && !LOOPBACK.has(hostname))
    throw new Error(
      `${options.url}: a token is shown over https:// only, or to this machine; write https://`,
    );
  const { host } = options;
  const base = `/api/v1/hosts/${encodeURIComponent(host)}/agent`;
  return remoteLedger((question, request, signal, waitMs) => {
    switch (question) {
      case 'hello':
        return send(options, 'POST', `${base}/hello`, request, signal, waitMs);
      case 'observe':
        return send(options, 'POST', `${base}/commits`, request, signal, waitMs);
      case 'commands':
        return send(options, 'GET', `${base}/commands?${queryOf(request)}`, undefined, signal, waitMs);
      case 'events':
        return send(
          options,
          'GET',
          `/api/v1/events?${queryOf({ ...request, host })}`,
          undefined,
          signal,
          waitMs,
        );
      default:
        return question satisfies never;
    }
  });
}

const queryOf = (request: object): URLSearchParams =>
  new URLSearchParams(
    Object.entries(request).map(([name, value]): [string, string] => [name, String(value)]),
  );

async function send(
  { url, token, certificate, ca }: HttpLedgerOptions,
  method: string,
  path: string,
  body: object | undefined,
  signal: AbortSignal,
  waitMs: number,
): Promise<unknown> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: 'application/json',
    ...(content !== undefined && {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(content),
    }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs + GRACE_MS)]);
  const options = { method, headers, signal: limit, ...certificate, ...(ca !== undefined && { ca }) };
  let status: number;
  let said: string;
  try {
    [status, said] = await exchange(new URL(path, url), options, content);
  } catch (error) {
    throw signal.aborted ? error : new Unreachable(`${url}: ${reasonOf(error)}`);
  }
  const answer = jsonOf(said);
  if (status === 200 && answer !== undefined) return answer;
  const { code, detail } = (answer ?? {}) as { readonly code?: string; readonly detail?: string };
  if (code === undefined || status >= 500 || status === 429)
    throw new Unreachable(`${url}: answered ${status}: ${detail ?? 'it is no ledger by its answer'}`);
  throw new Refused(code, detail ?? code);
}

/** Node's HTTP takes as long to load as a fifth of the command line, which begins without it. */
async function exchange(
  url: URL,
  options: RequestOptions,
  content: string | undefined,
): Promise<[status: number, text: string]> {
  const { request: send } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      text(response).then((said) => resolve([response.statusCode ?? 0, said]), reject);
    });
    request.on('error', reject);
    request.end(content);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error && String(error.code)) || error.message : String(error);

/** Calls of the API, each with the types of its request and its reply. */
import type { OperationName, Operations, Receipt, Reply, Request } from '@apledger/api';
import type { Command } from '@apledger/events';
import { problemOf, refusedReceipt, unreachable } from './problem.ts';

type Method = 'GET' | 'POST';
type At<M extends Method, Path extends string = string> = {
  [Name in OperationName]: Operations[Name] extends { http: { method: M; path: Path } } ? Name : never;
}[OperationName];
/** The addresses of the API that take the method. */
export type PathOf<M extends Method> = Extract<Operations[At<M>], { http: object }>['http']['path'];

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A command for a host, and who gives it. */
export interface Submission {
  readonly host: string;
  readonly command: Command;
  /** For the log; `anonymous` without it. */
  readonly actor?: string;
  /** A UUID. What was done under it is not done again. The service makes one when there is none. */
  readonly commandId?: string;
  /** What the command belongs to. */
  readonly correlation?: string;
  /** The revision that it was decided on, `none` = no such host yet: the service does nothing when the host is elsewhere. */
  readonly expected?: number | 'none';
}

/** Up to where an answer is complete that the service gave from memory, since its log was away. */
export interface Current {
  /** Every fact that was recorded by then counts. */
  readonly time: Date;
  /** Position of the last fact that counts. */
  readonly position: number;
}

export interface ApiOptions {
  /** Told of every answer that the service gave from memory. */
  readonly onMemory?: ((current: Current) => void) | undefined;
  /** Of a token or a session; pages have a cookie instead. */
  readonly secret?: string | undefined;
}

/** Every call throws Problem when the service says no, and Unreachable when nobody answers or it is no ledger. */
export class Api {
  readonly #place: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #onMemory: ApiOptions['onMemory'];

  /** `server` is where the service is, `http://127.0.0.1:8642`; '' = where this page is from. */
  constructor(server: string, { onMemory, secret }: ApiOptions = {}) {
    this.#headers = bearer(secret);
    this.#place = server.replace(/\/$/, '');
    this.#onMemory = onMemory;
  }

  /** `request` has what the path names and what the query string shall hold. */
  get<Path extends PathOf<'GET'>>(
    path: Path,
    request: Request<At<'GET', Path>>,
    options?: CallOptions,
  ): Promise<Reply<At<'GET', Path>>> {
    return this.call({ method: 'GET', path }, request, options);
  }

  /** `request` has what the path names and what the body shall hold. */
  post<Path extends PathOf<'POST'>>(
    path: Path,
    request: Request<At<'POST', Path>>,
    options?: CallOptions,
  ): Promise<Reply<At<'POST', Path>>> {
    return this.call({ method: 'POST', path }, request, options);
  }

  /** Gives a command. A refused one is answered by a receipt too: the refusal is recorded. */
  async submit({ host, command, ...rest }: Submission, options?: CallOptions): Promise<Receipt> {
    const { actor, commandId, correlation, expected } = rest;
    const headers: Record<string, string> = {};
    if (commandId !== undefined) headers['idempotency-key'] = commandId;
    if (actor !== undefined) headers['apledger-actor'] = encodeURIComponent(actor);
    if (correlation !== undefined) headers['apledger-correlation'] = encodeURIComponent(correlation);
    if (expected === 'none') headers['if-none-match'] = '*';
    else if (expected !== undefined) headers['if-match'] = `"${expected}"`;
    const path = `/hosts/${encodeURIComponent(host)}/commands`;
    const { response, body } = await this.#fetch('POST', path, command, headers, options);
    if (response.ok && body !== undefined) return body as Receipt;
    return refusedReceipt(body) ?? fail(response, body);
  }

  /** The call that `get` and `post` make, for an address whose types are known elsewhere. */
  async call<T>(
    { method, path }: { readonly method: Method; readonly path: string },
    request: object,
    options?: CallOptions,
  ): Promise<T> {
    const rest = new Map(Object.entries(request).filter(([, value]) => value !== undefined));
    const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = encodeURIComponent(String(rest.get(name)));
      rest.delete(name);
      return value;
    });
    const query = new URLSearchParams(
      [...rest].map(([name, value]): [string, string] => [name, String(value)]),
    );
    const { response, body } =
      method === 'GET'
        ? await this.#fetch(method, rest.size === 0 ? address : `${address}?${query}`, undefined, {}, options)
        : await this.#fetch(method, address, Object.fromEntries(rest), {}, options);
    return response.ok && body !== undefined ? (body as T) : fail(response, body);
  }

  async #fetch(
    method: Method,
    address: string,
    content: object | undefined,
    headers: Readonly<Record<string, string>>,
    { signal }: CallOptions = {},
  ): Promise<{ readonly response: Response; readonly body: unknown }> {
    try {
      const response = await fetch(`${this.#place}/api/v1${address}`, {
        method,
        headers: {
          ...this.#headers,
          ...(content === undefined ? headers : { 'content-type': 'application/json', ...headers }),
        },
        ...(content === undefined ? {} : { body: JSON.stringify(content) }),
        ...(signal === undefined ? {} : { signal }),
      });
      const time = response.headers.get('apledger-current-to');
      if (time !== null)
        this.#onMemory?.({
          time: new Date(time),
          position: Number(response.headers.get('apledger-position')),
        });
      return { response, body: bodyOf(await response.text()) };
    } catch (error) {
      if (signal?.aborted) throw error;
      throw unreachable(this.#place, error);
    }
  }
}

/** The header that shows a secret. */
export const bearer = (secret: string | undefined): Readonly<Record<string, string>> =>
  secret === undefined ? {} : { authorization: `Bearer ${secret}` };

/** The text as JSON; undefined when it is none: then it is not from a ledger. */
function bodyOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fail(response: Response, body: unknown): never {
  throw problemOf(response, body);
}

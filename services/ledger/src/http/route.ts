/** A route: one address of the API, how OpenAPI describes it, and what answers. */
import { HostName } from '@apledger/events';
import {
  type AnsweredOperation,
  type Caller,
  type Current,
  hostNameOf,
  isOnTheLog,
  type LogLedger,
  WrittenReply,
} from '@apledger/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TObject } from 'typebox';
import {
  type Description,
  json,
  namesIn,
  pathParameters,
  queryParameter,
  waitParameter,
} from './description.ts';
import { ifNoneMatch, MAX_REPLY_BYTES, sendJson, version, withDigest, withETag } from './reply.ts';
import { bodyOf, fromPath, fromQuery, waitMsOf, withNamed } from './request.ts';
import type { Streams } from './streams.ts';

/** What routes work on. */
export interface Service {
  readonly ledger: LogLedger;
  readonly streams: Streams;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Below /api/v1, with `{name}` for what varies. */
  readonly path: string;
  readonly description: Description;
  /** Answers for as long as the client listens. */
  readonly isEndless?: boolean;
  /** Of the body; default: as everywhere. */
  readonly maxRequestBytes?: number | undefined;
  handle(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<unknown>;
}

/** An answer from the log, or from memory while it is away; then headers say up to where it is complete. */
export async function readFor<T>(
  { ledger }: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (ledger: LogLedger) => Promise<T>,
): Promise<T> {
  let current: Current | undefined;
  const onMemory = (known: Current): void => {
    current = known;
  };
  const answer = await ledger.read(work, { waitMs: waitMsOf(request), onMemory });
  if (current !== undefined)
    void reply
      .header('apledger-current-to', current.time.toISOString())
      .header('apledger-position', current.position);
  return answer;
}

/** The route of an operation at its address. GET: what the path does not name is in the query string. POST: it is the body. */
export function routeOf(operation: AnsweredOperation): Route {
  const { http, name, summary, request, reply, maxRequestBytes } = operation;
  if (http === undefined) throw new TypeError(`${name} has no address over HTTP`);
  const { method, path, hasETag = false } = http;
  const inPath = namesIn(path);
  const inQuery =
    method === 'GET' ? Object.keys(request.properties).filter((field) => !inPath.includes(field)) : [];
  const body = without(request, inPath);
  const ok = json('The answer', reply);
  const needsLog = isOnTheLog(name);
  return {
    method,
    path,
    maxRequestBytes,
    description: {
      operationId: name,
      summary,
      parameters: [
        ...pathParameters(path, { host: HostName, ...request.properties }),
        ...inQuery.map((field) => queryParameter(request, field)),
        ...(method === 'GET' ? [ifNoneMatch] : []),
        ...(needsLog ? [] : [waitParameter]),
      ],
      ...(method === 'POST' ? { body } : {}),
      responses:
        method === 'GET'
          ? { 200: { ...ok, headers: version }, 304: { description: 'It has not changed', headers: version } }
          : { 200: ok },
    },
    handle: async (service, asked, sent) => {
      const { host, ...named } = asked.params as Readonly<Record<string, string>>;
      const inPath = fromPath(request, named);
      const given =
        method === 'GET'
          ? { ...fromQuery(request, asked), ...inPath }
          : withNamed(bodyOf(asked, maxRequestBytes), inPath);
      const work = (ledger: LogLedger) => operation.answer(ledger, given, scopeOf(host, asked.caller));
      const answer = needsLog ? await work(service.ledger) : await readFor(service, asked, sent, work);
      if (hasETag) return withETag(answer as { readonly revision: number }, asked, sent);
      if (method === 'GET') return withDigest(answer, asked, sent);
      return answer instanceof WrittenReply ? sendJson(sent, answer) : answer;
    },
  };
}

const scopeOf = (host: string | undefined, caller: Caller | undefined) => ({
  host: host === undefined ? '' : hostNameOf(host),
  maxReplyBytes: MAX_REPLY_BYTES,
  caller,
});

/** The schema of what the path does not name. */
function without(request: TObject, inPath: readonly string[]): TObject {
  const { properties, required = [] } = request;
  if (!inPath.some((name) => Object.hasOwn(properties, name))) return request;
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)));
  const needed = (required as readonly string[]).filter((name) => !inPath.includes(name));
  return { ...request, properties: rest, required: needed } as unknown as TObject;
}

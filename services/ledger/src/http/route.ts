/** A route: one address of the API, how OpenAPI describes it, and what answers. */
import { createHash } from 'node:crypto';
import { Problem } from '@apledger/api';
import { HostName } from '@apledger/events';
import {
  type AnsweredOperation,
  type Caller,
  type Current,
  checker,
  checkHeaderNames,
  hostNameOf,
  isOnTheLog,
  jsonOf,
  type LogLedger,
  MAX_WAIT_S,
  WrittenReply,
  waitOf,
} from '@apledger/ledger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type TObject, type TSchema } from 'typebox';
import type { Streams } from './streams.ts';

/** A reply as JSON ends here, so that a page of large facts does not become a gigabyte of text. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: TSchema;
  readonly style?: 'form';
  readonly explode?: boolean;
}

/** A media type's schema, in the body of a request or of an answer. */
export interface Content {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: TSchema }>>;
}

/** What the OpenAPI document says of a route; errors that every route has are added there. */
export interface Description {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly body?: TSchema;
  /** By status. */
  readonly responses: Readonly<Record<number, Content>>;
}

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

export const json = (description: string, schema: TSchema): Content => ({
  description,
  content: { 'application/json': { schema } },
});

const namesIn = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

const isRequired = ({ required }: TObject, name: string): boolean => required?.includes(name) ?? false;

/** The path's own names, the host among them, whose schema no operation has. */
export function pathParameters(path: string, schemas: Readonly<Record<string, TSchema>>): Parameter[] {
  return namesIn(path).map((name) => {
    const schema = schemas[name];
    if (schema === undefined) throw new TypeError(`${path}: no schema for {${name}}`);
    return { name, in: 'path', required: true, schema };
  });
}

export const waitParameter: Parameter = {
  name: 'Apledger-Wait',
  in: 'header',
  description: `only the newest will do: so many seconds, at most ${MAX_WAIT_S}, are waited for a log that is away`,
  schema: { type: 'number', minimum: 0, maximum: MAX_WAIT_S } as TSchema,
};

/** How long the client waits for the log, in ms; undefined when it does not say. Throws Problem. */
export function waitMsOf({ headers: { 'apledger-wait': text } }: FastifyRequest): number | undefined {
  if (text === undefined) return undefined;
  return waitOf('apledger-wait', String(text));
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

const version = {
  ETag: {
    description: 'the version of the answer, in quotes: the revision where it has one',
    schema: { type: 'string' } as TSchema,
  },
};

/** The answer, or 304 where the client has it already. */
function withETag(
  answer: { readonly revision: number },
  { headers }: FastifyRequest,
  reply: FastifyReply,
): unknown {
  const tag = `"${answer.revision}"`;
  void reply.header('etag', tag).header('cache-control', 'no-cache');
  return isKnown(tag, headers) ? reply.code(304).send() : answer;
}

/** Whether the client has that version already. */
function isKnown(tag: string, headers: FastifyRequest['headers']): boolean {
  const known = headers['if-none-match']?.split(',').map((text) => text.trim().replace(/^W\//, ''));
  return known?.some((each) => each === tag || each === '*') === true;
}

/** An answer that no revision names: its version is what it says. Anyone who asks again and again is sent it once. */
function withDigest(answer: unknown, { headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const bytes = answer instanceof WrittenReply ? answer.json : Buffer.from(JSON.stringify(answer));
  const tag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  void reply.header('etag', tag).header('cache-control', 'private, no-cache');
  return isKnown(tag, headers) ? reply.code(304).send() : sendJson(reply, new WrittenReply(bytes));
}

/** A reply that was made into JSON already. */
export const sendJson = (reply: FastifyReply, { json }: WrittenReply): FastifyReply =>
  reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(json.buffer, json.byteOffset, json.byteLength));

/** The path's texts as what the schema asks for. */
const fromPath = (schema: TObject, named: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(named).map(([name, text]) => {
      const { type }: Property = schema.properties[name] ?? {};
      return [name, converted(type, text)];
    }),
  );

/** The schema of what the path does not name. */
function without(request: TObject, inPath: readonly string[]): TObject {
  const { properties, required = [] } = request;
  if (!inPath.some((name) => Object.hasOwn(properties, name))) return request;
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)));
  const needed = (required as readonly string[]).filter((name) => !inPath.includes(name));
  return { ...request, properties: rest, required: needed } as unknown as TObject;
}

/** The body, and what the path has named. Throws Problem for what both name. */
function withNamed(body: unknown, named: Readonly<Record<string, unknown>>): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || Object.keys(named).length === 0)
    return body;
  checkNamedOnce(body, named);
  return { ...body, ...named };
}

function checkNamedOnce(given: object, named: object): void {
  const twice = Object.keys(named).filter((name) => Object.hasOwn(given, name));
  if (twice.length > 0)
    throw new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
      problems: twice.map((name) => `${name}: the path names it`),
    });
}

const scopeOf = (host: string | undefined, caller: Caller | undefined) => ({
  host: host === undefined ? '' : hostNameOf(host),
  maxReplyBytes: MAX_REPLY_BYTES,
  caller,
});

/** The body as JSON; the server hands bytes on as they came. */
export const bodyOf = ({ body }: FastifyRequest, maxBytes?: number): unknown =>
  jsonOf(Buffer.isBuffer(body) ? body : new Uint8Array(), undefined, maxBytes);

const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'an ETag that is known: 304 without a body when it is still right',
  schema: { type: 'string' } as TSchema,
};

type Property = TSchema & { readonly type?: string; readonly description?: string };

export function queryParameter(schema: TObject, name: string): Parameter {
  const property: Property = schema.properties[name] ?? {};
  return {
    name,
    in: 'query',
    required: isRequired(schema, name),
    ...(property.description === undefined ? {} : { description: property.description }),
    schema: property,
    ...(property.type === 'array' ? { style: 'form', explode: false } : {}),
  };
}

/** Of all routes: who sends one where it counts for nothing has not misspelt it. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['apledger-actor', 'apledger-correlation', 'apledger-wait']);
const checkNothing = checker(Type.Object({}, { additionalProperties: false }));

/** What nobody would look at, as a misspelt condition, or a moment beside the body that has it. Throws Problem. */
export function checkSent({
  method,
  headers,
  query,
}: Pick<FastifyRequest, 'method' | 'headers' | 'query'>): void {
  checkHeaderNames(Object.keys(headers), OWN_HEADERS);
  if (method === 'POST') checkNothing({ ...(query as object) });
}

/**
 * A query string's texts as what the schema asks for, where they are that; the rest is left to the validator. Throws
 * Problem for what the path has named already.
 */
export function fromQuery(
  schema: TObject,
  { query, params }: Pick<FastifyRequest, 'query' | 'params'>,
): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  checkNamedOnce(query as object, params as object);
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    const { type }: Property = (Object.hasOwn(schema.properties, name) && schema.properties[name]) || {};
    Object.defineProperty(given, name, {
      enumerable: true,
      value: typeof value === 'string' ? converted(type, value) : value,
    });
  }
  return given;
}

function converted(type: string | undefined, text: string): unknown {
  // What is too large a number is told so by its bounds.
  if (type === 'integer' && /^-?\d{1,300}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return type === 'array' ? text.split(',') : text;
}

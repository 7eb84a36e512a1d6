/** What a request brings as text, as the values that its schema asks for; and what it must not bring. */
import { Problem } from '@apledger/api';
import { checker, checkHeaderNames, jsonOf, waitOf } from '@apledger/ledger';
import type { FastifyRequest } from 'fastify';
import Type, { type TObject } from 'typebox';
import type { Property } from './description.ts';

/** How long the client waits for the log, in ms; undefined when it does not say. Throws Problem. */
export function waitMsOf({ headers: { 'apledger-wait': text } }: FastifyRequest): number | undefined {
  if (text === undefined) return undefined;
  return waitOf('apledger-wait', String(text));
}

/** The path's texts as what the schema asks for. */
export const fromPath = (schema: TObject, named: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(named).map(([name, text]) => {
      const { type }: Property = schema.properties[name] ?? {};
      return [name, converted(type, text)];
    }),
  );

/** The body, and what the path has named. Throws Problem for what both name. */
export function withNamed(body: unknown, named: Readonly<Record<string, unknown>>): unknown {
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

/** The body as JSON; the server hands bytes on as they came. */
export const bodyOf = ({ body }: FastifyRequest, maxBytes?: number): unknown =>
  jsonOf(Buffer.isBuffer(body) ? body : new Uint8Array(), undefined, maxBytes);

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

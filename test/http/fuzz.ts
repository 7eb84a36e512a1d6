/** Requests made from the OpenAPI document: as it asks for them, and as it does not. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';

/** A schema of the document, as far as it is used there. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}
interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface FuzzRequest {
  readonly operationId: string;
  readonly method: string;
  /** Below /api/v1, with its query string. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export const document = JSON.parse(
  readFileSync(new URL('../../docs/schemas/openapi.json', import.meta.url), 'utf8'),
) as Document;

/** The schema with every reference replaced by what it names; none of ours is recursive. */
export function whole(schema: Schema): Schema {
  if (schema.$ref !== undefined)
    return whole(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  const inside = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(inside)
      : typeof value === 'object' && value !== null
        ? whole(value as Schema)
        : value;
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inside(value)])) as Schema;
}

/** What is there to be found, by the name of the property: else nothing but 404 would be seen. */
export type Names = Readonly<Record<string, readonly string[]>>;

/** Values that a schema describes. */
export function valid(schema: Schema, names: Names, name = ''): fc.Arbitrary<unknown> {
  const described = describedBy(schema, names, name);
  const known = names[name]?.map((text) => (schema.type === 'integer' ? Number(text) : text));
  if (known === undefined || schema.const !== undefined || schema.type === 'array') return described;
  return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: described });
}

function describedBy(schema: Schema, names: Names, name: string): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const among = schema.anyOf ?? schema.oneOf;
  if (among !== undefined) return fc.oneof(...among.map((each) => valid(each, names)));
  switch (schema.type) {
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valid(schema.items ?? {}, names, name), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 5, 5),
      });
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([key, each]) => [key, valid(each, names, key)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      );
    case 'string':
      if (schema.format === 'uuid') return fc.uuid();
      if (schema.pattern !== undefined) return fc.stringMatching(new RegExp(schema.pattern));
      return fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 40, 40) });
    default:
      return fc.jsonValue();
  }
}

const junk = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom(
    '',
    '..',
    '../..',
    '%2e%2e',
    '%00',
    '\u0000',
    '%',
    '*',
    '-1',
    '1e9',
    '9'.repeat(30),
    'null',
  ),
  fc.constantFrom('__proto__', 'constructor', '{}', '[]', '"', "' OR 1=1 --", '<script>', 'x'.repeat(5000)),
  fc.constantFrom('2999-01-01T00:00:00Z', '0000-00-00T00:00:00Z', '2026-02-30T25:61:00Z', '🜁'.repeat(50)),
  fc.integer().map(String),
);

/** The value with something in it replaced, left out or added. */
const mutated = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(value, fc.nat(), fc.nat({ max: 3 }), fc.jsonValue(), junk)
    .map(([original, seed, kind, other, text]) => changed(original, seed, kind, other, text));

function changed(value: unknown, seed: number, kind: number, other: unknown, text: string): unknown {
  if (typeof value !== 'object' || value === null) return kind % 2 === 0 ? other : text;
  const keys = Object.keys(value);
  const key = keys[seed % (keys.length + 1)];
  if (key === undefined) return kind === 0 ? other : { ...value, [text]: other };
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
  if (kind === 0) delete copy[key];
  else copy[key] = changed(copy[key], Math.floor(seed / 7), kind, other, text);
  return copy;
}

const bodies = (schema: Schema, names: Names): fc.Arbitrary<string> => {
  const right = valid(schema, names);
  const asText = (value: unknown): string => JSON.stringify(value) ?? '';
  return fc.oneof(
    { weight: 6, arbitrary: right.map(asText) },
    { weight: 4, arbitrary: mutated(right).map(asText) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: junk },
    { weight: 1, arbitrary: fc.tuple(right, fc.nat()).map(([value, at]) => cut(asText(value), at)) },
  );
};
const cut = (text: string, at: number): string => text.slice(0, at % (text.length + 1));

const texts = ({ schema, name }: Parameter, names: Names): fc.Arbitrary<string> => {
  const right = valid(schema, names, name).map((value) =>
    Array.isArray(value)
      ? value.join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value),
  );
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: junk });
};

/** Header fields take neither line ends nor what is beyond Latin-1: those are for test/http/raw.test.ts. */
const fieldValue = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '?').slice(0, 2000);
const segment = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Commands are what changes anything. */
const COMMAND_WEIGHT = 5;

/** Requests to every operation of the document. */
export function requests(names: Names): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      weight: operation.operationId === 'command' ? COMMAND_WEIGHT : 1,
      arbitrary: toOperation(path, method, operation, names),
    })),
  );
  const strayed = fc
    .tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'),
      fc.array(junk, { maxLength: 5 }),
    )
    .map(
      ([method, parts]): FuzzRequest => ({
        operationId: 'none',
        method,
        url: `/${parts.map((part) => encodeURI(part.toWellFormed())).join('/')}`,
        headers: {},
        body: undefined,
      }),
    );
  return fc.oneof({ weight: 12, arbitrary: fc.oneof(...operations) }, { weight: 1, arbitrary: strayed });
}

function toOperation(
  path: string,
  method: string,
  { operationId, parameters, requestBody }: Operation,
  names: Names,
): fc.Arbitrary<FuzzRequest> {
  // Headers are conditions, and most of them contradict each other: few at a time, or nothing would ever be done.
  const given = fc.record(
    Object.fromEntries(
      parameters.map((parameter) => [
        parameter.name,
        parameter.required === true
          ? texts(parameter, names)
          : fc.oneof(
              { weight: parameter.in === 'header' ? 8 : 1, arbitrary: fc.constant(undefined) },
              { weight: 1, arbitrary: texts(parameter, names) },
            ),
      ]),
    ),
  );
  const body =
    requestBody === undefined
      ? fc.constant(undefined)
      : bodies(whole(requestBody.content['application/json'].schema), names);
  const type = fc.oneof(
    { weight: 20, arbitrary: fc.constant('application/json') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('text/plain', 'application/xml', '', 'application/json; charset=latin1'),
    },
  );
  return fc.tuple(given, body, type).map(([values, text, contentType]): FuzzRequest => {
    const of = (place: string) =>
      parameters.flatMap(({ name, in: there }) =>
        there === place && values[name] !== undefined ? [[name, values[name]] as const] : [],
      );
    const query = of('query').map(([name, value]) => `${segment(name)}=${segment(value)}`);
    return {
      operationId,
      method: method.toUpperCase(),
      url: `${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => segment(values[name] ?? ''))}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      headers: {
        ...Object.fromEntries(of('header').map(([name, value]) => [name.toLowerCase(), fieldValue(value)])),
        ...(text === undefined ? {} : { 'content-type': contentType }),
      },
      body: text,
    };
  });
}

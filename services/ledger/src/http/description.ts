/** What the OpenAPI document says of a route: its parameters, and the forms of its answers. */
import { MAX_WAIT_S } from '@apledger/ledger';
import type { TObject, TSchema } from 'typebox';

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

/** A form of JSON. */
export const json = (description: string, schema: TSchema): Content => ({
  description,
  content: { 'application/json': { schema } },
});

/** What varies in a path, `{name}`, by name. */
export const namesIn = (path: string): readonly string[] =>
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

/** The schema of one property, as far as texts are read by it. */
export type Property = TSchema & { readonly type?: string; readonly description?: string };

/** A property of the request that stands in the query string. */
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

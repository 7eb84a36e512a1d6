/** The OpenAPI 3.1 document: made from the routes and from the schemas that check requests, so it cannot say otherwise. */
import {
  AuditReport,
  Boundary,
  CardView,
  CommandBody,
  CustodyInterval,
  Exposure,
  FactBody,
  GuestView,
  Holder,
  HostHead,
  HostView,
  MdevView,
  PlugView,
  ProblemBody,
  Receipt,
  RecordedFact,
  RefusalBody,
  recordedFacts,
  Share,
  ViewChange,
} from '@apledger/api';
import {
  CardModel,
  Conflict,
  commandSchemas,
  factSchemas,
  Hardware,
  ledgerFactSchemas,
  MatrixIds,
} from '@apledger/events';
import type { TSchema } from 'typebox';
import type { Content } from './description.ts';
import { PROBLEM_JSON } from './problem.ts';
import type { Route } from './route.ts';

export const API = '/api/v1';
const SCHEMAS = '#/components/schemas/';

/** Schemas with a name of their own; found by identity wherever they are part of another. */
const named = new Map<TSchema, string>([
  ...Object.entries(commandSchemas).map(([type, schema]) => [schema, `${type}Command`] as const),
  ...Object.entries(factSchemas).map(([type, schema]) => [schema, `${type}Data`] as const),
  ...Object.entries(ledgerFactSchemas).map(([type, schema]) => [schema, `${type}Data`] as const),
  ...[...recordedFacts].map(([type, schema]) => [schema, type] as const),
  [CommandBody, 'Command'],
  [RecordedFact, 'RecordedFact'],
  [Receipt, 'Receipt'],
  [FactBody, 'Fact'],
  [HostHead, 'Head'],
  [HostView, 'HostView'],
  [CardView, 'CardView'],
  [MdevView, 'MdevView'],
  [PlugView, 'PlugView'],
  [GuestView, 'GuestView'],
  [MatrixIds, 'MatrixIds'],
  [CardModel, 'CardModel'],
  [Conflict, 'Conflict'],
  [Hardware, 'Hardware'],
  [Boundary, 'Boundary'],
  [Holder, 'Holder'],
  [CustodyInterval, 'CustodyInterval'],
  [Exposure, 'Exposure'],
  [AuditReport, 'AuditReport'],
  [ViewChange, 'ViewChange'],
  [Share, 'Share'],
  [ProblemBody, 'Problem'],
  [RefusalBody, 'Refusal'],
]);
/** Unions whose members say in a property which one they are. */
const discriminated = new Map<TSchema, Readonly<Record<string, string>>>([
  [CommandBody, mapping(Object.keys(commandSchemas), (type) => `${type}Command`)],
  [RecordedFact, mapping([...recordedFacts.keys()], (type) => type)],
]);

function mapping(types: readonly string[], nameOf: (type: string) => string): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, SCHEMAS + nameOf(type)]));
}

/** The schema as JSON, with a reference in place of every part that has a name. */
function refer(schema: unknown): unknown {
  const name = named.get(schema as TSchema);
  return name === undefined ? spelled(schema) : { $ref: SCHEMAS + name };
}

function spelled(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(refer);
  if (typeof schema !== 'object' || schema === null) return schema;
  const types = discriminated.get(schema as TSchema);
  const fields = Object.entries(schema).map(([key, value]) => [
    types !== undefined && key === 'anyOf' ? 'oneOf' : key,
    refer(value),
  ]);
  if (types !== undefined) fields.push(['discriminator', { propertyName: 'type', mapping: types }]);
  return Object.fromEntries(fields);
}

const errors: Readonly<Record<string, Content>> = {
  '4XX': {
    description: 'It cannot be carried out as asked, and changed nothing',
    content: { [PROBLEM_JSON]: { schema: ProblemBody } },
  },
  '5XX': {
    description: 'The ledger or its log cannot serve; 503 = come again, with the same id',
    content: { [PROBLEM_JSON]: { schema: ProblemBody } },
  },
};

const contents = (responses: Readonly<Record<string, Content>>): object =>
  Object.fromEntries(
    Object.entries(responses).map(([status, { content, headers, description }]) => [
      status,
      {
        description,
        ...(headers === undefined ? {} : { headers: refer(headers) }),
        ...(content === undefined ? {} : { content: refer(content) }),
      },
    ]),
  );

const operationOf = ({ description: { body, parameters, responses, ...rest } }: Route): object => ({
  ...rest,
  parameters: parameters.map((parameter) => ({ ...parameter, schema: refer(parameter.schema) })),
  ...(body === undefined
    ? {}
    : { requestBody: { required: true, content: { 'application/json': { schema: refer(body) } } } }),
  responses: contents({ ...responses, ...errors }),
});

/** The document of these routes. */
export function openApiDocument(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'apledger',
      version: '1.0.0',
      summary: 'The ledger of IBM Z crypto adapter assignments',
      description:
        'Commands, questions as of any moment, and the feed of facts. docs/http-api.md shows each.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: API }],
    paths,
    components: {
      schemas: Object.fromEntries([...named].map(([schema, name]) => [name, spelled(schema)])),
    },
  };
}

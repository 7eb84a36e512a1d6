/** The schemas as JSON Schema documents, for readers that are not TypeScript. */
import type { TSchema } from 'typebox/type';
import { commandSchemas } from './commands.ts';
import { type FactType, factSchemas } from './facts.ts';
import { factVersion } from './upcast.ts';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Where the generated documents live; keys of `schemaDocuments()` are file names in there. */
export const documentsUrl: URL = new URL('../../../docs/schemas/', import.meta.url);

/** `urn:apledger:fact:QueueReset:3`: what the schema of a fact's data is called, also in CloudEvents. */
const factSchemaId = (type: FactType): string => `urn:apledger:fact:${type}:${factVersion(type)}`;

const named = (id: string, title: string, schema: TSchema): object => ({ $id: id, title, ...schema });

function factDocument(): object {
  const types = Object.keys(factSchemas) as FactType[];
  return {
    $schema: DIALECT,
    $id: 'urn:apledger:facts',
    title: 'What can happen on a host',
    oneOf: types.map((type) => ({
      type: 'object',
      required: ['type', 'version', 'data'],
      properties: {
        type: { const: type },
        version: { const: factVersion(type) },
        data: { $ref: factSchemaId(type) },
      },
    })),
    $defs: Object.fromEntries(
      types.map((type) => [type, named(factSchemaId(type), type, factSchemas[type])]),
    ),
  };
}

function commandDocument(): object {
  const id = (type: string) => `urn:apledger:command:${type}`;
  const schemas = Object.entries(commandSchemas);
  return {
    $schema: DIALECT,
    $id: 'urn:apledger:commands',
    title: 'What a host can be told to do',
    oneOf: schemas.map(([type]) => ({ $ref: id(type) })),
    $defs: Object.fromEntries(schemas.map(([type, schema]) => [type, named(id(type), type, schema)])),
  };
}

const text = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

/** The text of each generated file, by its name. */
export const schemaDocuments = (): Readonly<Record<string, string>> => ({
  'facts.json': text(factDocument()),
  'commands.json': text(commandDocument()),
});

/** The desired state as a JSON Schema document, for editors and other programs. */
import { DesiredHost } from './desired.ts';
import { ID_PATTERN } from './ids.ts';

/** Where the generated document lies. */
export const desiredSchemaUrl = new URL('../../../docs/schemas/desired-host.json', import.meta.url);

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/**
 * Ids are texts: apledger reads every scalar of the file as text, and an editor that reads `5` as a number has to be let through, too.
 */
export const desiredSchemaDocument = (): object => ({
  $schema: DIALECT,
  ...(JSON.parse(JSON.stringify(DesiredHost), withNumbers) as object),
});

/** An id may be written without quotes: a number for who reads YAML with numbers. */
function withNumbers(this: unknown, key: string, value: unknown): unknown {
  if (key === '$id' || typeof value !== 'object' || value === null) return value;
  const { type, pattern, ...rest } = value as { readonly type?: unknown; readonly pattern?: unknown };
  if (type !== 'string' || pattern !== ID_PATTERN) return value;
  return {
    ...rest,
    anyOf: [
      { type: 'integer', minimum: 0, maximum: 255 },
      { type: 'string', pattern },
    ],
  };
}

/** The text of the file. */
export const desiredSchemaText = (): string => `${JSON.stringify(desiredSchemaDocument(), null, 2)}\n`;

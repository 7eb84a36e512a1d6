/** Any fact that the schemas allow, for property tests. Nothing says that it can follow another one. */
import { formatCard } from '@apledger/ap';
import fc from 'fast-check';
import { type Fact, type FactType, factSchemas } from '../facts.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
}

/** Lists stay so short, unless they are of ids: 256 of these are usual. */
const MAX_ITEMS = 12;
/** Numbers without a bound are bytes at least. */
const BYTE = 255;

function valueBy(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valueBy));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? BYTE });
    case 'string':
      return schema.pattern === undefined
        ? fc.string({ unit: 'grapheme', minLength: schema.minLength ?? 0, maxLength: 40 })
        : fc
            .stringMatching(new RegExp(schema.pattern))
            .filter(({ length }) => length <= (schema.maxLength ?? Number.POSITIVE_INFINITY));
    case 'array':
      return listOf(schema);
    case 'object':
      return objectOf(schema);
    default:
      throw new Error(`a schema that nothing is known of: ${JSON.stringify(schema).slice(0, 200)}`);
  }
}

/** Lists name nothing twice. */
function listOf({ items = {}, minItems = 0, maxItems = MAX_ITEMS }: Schema): fc.Arbitrary<unknown[]> {
  const maxLength = items.type === 'integer' ? Math.min(maxItems, BYTE + 1) : Math.min(maxItems, MAX_ITEMS);
  const size = items.type === 'integer' ? 'max' : 'small';
  return fc.uniqueArray(valueBy(items), { minLength: minItems, maxLength, size });
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<object> {
  const values = Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, valueBy(of)]));
  return fc.record(values, { requiredKeys: [...required] });
}

/** What schemas leave open and only such values fill: names of devices. */
const device = fc.oneof(
  fc.nat({ max: BYTE }).map(formatCard),
  fc.stringMatching(/^[0-9a-f]{2}\.00[0-9a-f]{2}$/),
);

/** Facts of the type. */
export const factOf = (type: FactType): fc.Arbitrary<Fact> =>
  valueBy(factSchemas[type] as unknown as Schema).chain((data) =>
    type === 'OnlineChanged'
      ? device.map((name) => ({ type, data: { ...(data as object), device: name } }) as Fact)
      : fc.constant({ type, data } as Fact),
  );

/** By type: a test that must meet each of them goes through it. */
export const FACT_TYPES = Object.keys(factSchemas) as readonly FactType[];

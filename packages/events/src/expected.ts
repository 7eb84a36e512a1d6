/** What a schema asks for, in the words of people: no regular expression, no word of JSON Schema. */
import type { TLocalizedValidationError } from 'typebox/error';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

const typesText = (types: string | readonly string[]): string =>
  [types]
    .flat()
    .map((type) => TYPES[type] ?? type)
    .join(' or ');

/** `schema` is the whole one that was checked: its part that was not met says in its description what it stands for. */
export function expectedText(error: TLocalizedValidationError, schema: object): string {
  switch (error.keyword) {
    case 'pattern':
    case 'format':
      return `expected: ${descriptionAt(schema, error.schemaPath) ?? 'text of another form'}`;
    case 'type':
      return `must be ${typesText(error.params.type)}`;
    case 'enum':
      return `must be one of ${error.params.allowedValues.join(', ')}`;
    case 'minimum':
      return `must be ${error.params.limit} or more`;
    case 'maximum':
      return `must be ${error.params.limit} or less`;
    case 'minLength':
      return error.params.limit === 1 ? 'is empty' : `must have ${error.params.limit} or more characters`;
    case 'maxLength':
      return `must have ${error.params.limit} characters or fewer`;
    case 'minItems':
      return error.params.limit === 1 ? 'is empty' : `must have ${error.params.limit} or more items`;
    case 'maxItems':
      return `must have ${error.params.limit} items or fewer`;
    default:
      return error.message;
  }
}

/** The description of the part of a schema that a path like `#/properties/apqn` names. */
function descriptionAt(schema: object, path: string): string | undefined {
  let part: unknown = schema;
  for (const name of path.split('/').slice(1)) {
    if (typeof part !== 'object' || part === null) return undefined;
    part = Reflect.get(part, name.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  const description: unknown =
    typeof part === 'object' && part !== null ? Reflect.get(part, 'description') : undefined;
  return typeof description === 'string' ? description : undefined;
}

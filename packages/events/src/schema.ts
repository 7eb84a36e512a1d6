/** Facts and commands are checked when they enter: validators compiled from the schemas, each at its first use. */
import { Compile, type Validator } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import type { TSchema } from 'typebox/type';
import { type Command, type CommandType, commandSchemas } from './commands.ts';
import { expectedText } from './expected.ts';
import { type Fact, factSchemas } from './facts.ts';
import { isLedgerFactType, LEDGER_FACT_VERSION, type LedgerFact, ledgerFactSchemas } from './ledger-facts.ts';
import { factVersion, isFactType, upcast } from './upcast.ts';

/** More problems than these help nobody. */
const MAX_PROBLEMS = 20;

/** The data of a fact is not what its schema asks for: the log was damaged, or a writer did not check. */
export class InvalidFact extends Error {
  override readonly name = 'InvalidFact';
  readonly type: string;
  readonly version: number;
  readonly problems: readonly string[];
  constructor(type: string, version: number, problems: readonly string[]) {
    super(`${type} (version ${version}) is not valid: ${problems.join('; ')}`);
    this.type = type;
    this.version = version;
    this.problems = problems;
  }
}

/** The type is unknown here, or its version newer than ours. */
export class UnknownFact extends Error {
  override readonly name = 'UnknownFact';
  readonly type: string;
  readonly version: number;
  constructor(type: string, version: number) {
    super(`${type} (version ${version}) was written by a newer apledger; upgrade this one to read it`);
    this.type = type;
    this.version = version;
  }
}

const validators = new Map<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validator: Validator = Compile(schema);
  validators.set(schema, validator);
  return validator;
}

/** The problems of a value, each as `path: what was expected`; empty when there is none. */
export function problemsOf(schema: TSchema, value: unknown): readonly string[] {
  const validator = validatorOf(schema);
  return validator.Check(value) ? [] : readable(schema, validator.Errors(value));
}

/**
 * The validator tells of every branch of a union and of every unexpected property twice; a reader wants one line a place.
 */
function readable(schema: TSchema, errors: readonly TLocalizedValidationError[]): readonly string[] {
  const problems = new Map<string, string>();
  const allowed = new Map<string, unknown[]>();
  for (const error of errors) {
    const path = error.instancePath.slice(1).replaceAll('/', '.') || 'value';
    const key = `${path} ${error.keyword}`;
    if (error.keyword === 'boolean') continue;
    if (error.keyword === 'const') {
      const values = allowed.get(path) ?? [];
      values.push(error.params.allowedValue);
      allowed.set(path, values);
    } else if (error.keyword === 'additionalProperties') {
      problems.set(key, `${path}: unknown property ${error.params.additionalProperties.join(', ')}`);
    } else if (error.keyword === 'required') {
      problems.set(key, `${path}: ${error.params.requiredProperties.join(', ')} missing`);
    } else if (error.keyword !== 'anyOf') {
      problems.set(key, `${path}: ${expectedText(error, schema)}`);
    }
  }
  for (const [path, values] of allowed) {
    problems.set(path, `${path}: must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`);
  }
  return [...problems.values()].slice(0, MAX_PROBLEMS);
}

/**
 * The fact that was written with this type and version, brought up to date.
 * Throws `UnknownFact` for what a newer apledger wrote and `InvalidFact` for data that its schema refuses.
 */
export function parseFact(type: string, version: number, data: unknown): Fact {
  if (!isFactType(type)) throw new UnknownFact(type, version);
  checkVersion(type, version, factVersion(type));
  return checked(type, version, factSchemas[type], upcast(type, version, data)) as Fact;
}

/**
 * The fact about the ledger that was written with this type and version. Throws as `parseFact`.
 */
export function parseLedgerFact(type: string, version: number, data: unknown): LedgerFact {
  if (!isLedgerFactType(type)) throw new UnknownFact(type, version);
  checkVersion(type, version, LEDGER_FACT_VERSION);
  return checked(type, version, ledgerFactSchemas[type], data) as LedgerFact;
}

function checkVersion(type: string, version: number, newest: number): void {
  if (!Number.isInteger(version) || version < 1)
    throw new InvalidFact(type, version, ['version: must be an integer, 1 or more']);
  if (version > newest) throw new UnknownFact(type, version);
}

function checked(type: string, version: number, schema: TSchema, data: unknown): object {
  const problems = problemsOf(schema, data);
  if (problems.length > 0) throw new InvalidFact(type, version, problems);
  return { type, data };
}

/** A command from outside, or what is wrong with it: readable lines of the form `path: what was expected`. */
export function parseCommand(
  value: unknown,
): { readonly command: Command } | { readonly problems: readonly string[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: ['value: must be an object with a type'] };
  }
  const type: unknown = 'type' in value ? value.type : undefined;
  if (typeof type !== 'string' || !isCommandType(type)) {
    return { problems: [`type: must be one of ${Object.keys(commandSchemas).join(', ')}`] };
  }
  const wrong = problemsOf(commandSchemas[type], value);
  // Only now: its schema bounds how deep it is.
  const problems = wrong.length > 0 ? wrong : unpaired(value).slice(0, MAX_PROBLEMS);
  return problems.length > 0 ? { problems } : { command: value as Command };
}

/**
 * Texts with half of a surrogate pair, each as `path: what was expected`. JSON can spell them and no UTF-8 can: a log would not keep
 * what was asked for.
 */
export function unpaired(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'string')
    return value.isWellFormed() ? [] : [`${path || 'value'}: must be text, without half of a surrogate pair`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    unpaired(inner, path === '' ? key : `${path}.${key}`),
  );
}

const isCommandType = (type: string): type is CommandType => Object.hasOwn(commandSchemas, type);

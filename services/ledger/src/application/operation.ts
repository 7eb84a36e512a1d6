/** A question that the ledger answers: its schemas, and the function. How it gets here is a transport's matter. */
import { unpaired } from '@apledger/events';
import type { Static, TObject, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Ledger } from './ledger.ts';
import { Problem } from './problem.ts';

/** More problems than these help nobody. */
const MAX_PROBLEMS = 20;

/** What a schema describes, never written to. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

/** What a request is about beside its own properties. */
export interface Scope {
  /** The host that path or subject names; '' for questions about all of them. */
  readonly host: string;
  /** What the answer may have as JSON. */
  readonly maxReplyBytes: number;
}

export interface Operation {
  readonly name: string;
  /** One sentence, for documents and discovery. */
  readonly does: string;
  readonly request: TObject;
  readonly reply: TSchema;
  /** Checks the request and answers. Throws what `asProblem` makes an error reply of. */
  answer(ledger: Ledger, request: unknown, scope: Scope): Promise<unknown>;
}

/** An operation whose request is checked against its schema before `answer` sees it. */
export function operation<Request extends TObject, Reply extends TSchema>(
  { name, does }: Pick<Operation, 'name' | 'does'>,
  schemas: { readonly request: Request; readonly reply: Reply },
  answer: (ledger: Ledger, request: Static<Request>, scope: Scope) => Promise<Immutable<Static<Reply>>>,
): Operation {
  const check = checker(schemas.request);
  return {
    name,
    does,
    ...schemas,
    answer: async (ledger, request, scope) => answer(ledger, check(request), scope),
  };
}

/** A function that gives a value back when it is what the schema describes, and throws Problem otherwise. */
export function checker<Request extends TObject>(schema: Request): (value: unknown) => Static<Request> {
  const validator: Validator = Compile(schema);
  return (value) => {
    if (!validator.Check(value)) throw invalid(reasons(validator, value));
    // Only now: its schema bounds how deep it is.
    const halves = unpaired(value);
    if (halves.length > 0) throw invalid(halves);
    return value as Static<Request>;
  };
}

const invalid = (problems: readonly string[]): Problem =>
  new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
    problems: [...new Set(problems)].slice(0, MAX_PROBLEMS),
  });

function reasons(validator: Validator, value: unknown): readonly string[] {
  return validator.Errors(value).flatMap(({ instancePath, keyword, message, params }) => {
    if (keyword === 'boolean') return []; // says of an unknown property again that it is not wanted
    const names = 'additionalProperties' in params ? `: ${String(params.additionalProperties)}` : '';
    return `${instancePath.slice(1).replaceAll('/', '.') || 'value'}: ${message}${names}`;
  });
}

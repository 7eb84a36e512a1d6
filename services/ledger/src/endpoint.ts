/** What an endpoint is: a subject, the schemas that its metadata publishes, and the function that answers. */
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { type Call, checkHeaders, jsonOf } from './call.ts';
import type { Ledger } from './ledger.ts';
import { Problem, ProblemBody } from './problem.ts';

/** More problems than these help nobody. */
const MAX_PROBLEMS = 20;

export type Group = 'command' | 'query';

export interface Endpoint {
  readonly group: Group;
  readonly name: string;
  /** Below the group's subject; `*` stands for a host's name. */
  readonly subject: string;
  /** For `$SRV.INFO`: what it does, and JSON Schemas of request, reply and error reply. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The reply's body. Throws what `asProblem` makes an error reply of. */
  answer(ledger: Ledger, call: Call): Promise<unknown>;
  /** The same reply without what made it too large for one message. */
  shortened?(reply: unknown): unknown;
}

/** What a schema describes, never written to. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

interface Description {
  readonly group: Group;
  readonly name: string;
  readonly subject: string;
  readonly does: string;
}

export const metadataOf = (does: string, request: TSchema, reply: TSchema): Record<string, string> => ({
  description: does,
  request_schema: JSON.stringify(request),
  reply_schema: JSON.stringify(reply),
  error_schema: JSON.stringify(ProblemBody),
});

/** A question: the request is checked against its schema before `answer` sees it. An empty body is `{}`. */
export function query<Request extends TSchema, Reply extends TSchema>(
  { name, subject, does }: Omit<Description, 'group'>,
  schemas: { readonly request: Request; readonly reply: Reply },
  answer: (ledger: Ledger, request: Static<Request>, call: Call) => Promise<Immutable<Static<Reply>>>,
): Endpoint {
  const validator: Validator = Compile(schemas.request);
  return {
    group: 'query',
    name,
    subject,
    metadata: metadataOf(does, schemas.request, schemas.reply),
    answer: async (ledger, call) => {
      checkHeaders(call);
      return answer(ledger, checked<Static<Request>>(validator, jsonOf(call, {})), call);
    },
  };
}

function checked<Request>(validator: Validator, value: unknown): Request {
  if (validator.Check(value)) return value as Request;
  const lines = validator.Errors(value).flatMap(({ instancePath, keyword, message, params }) => {
    if (keyword === 'boolean') return []; // says of an unknown property again that it is not wanted
    const names = 'additionalProperties' in params ? `: ${String(params.additionalProperties)}` : '';
    return `${instancePath.slice(1).replaceAll('/', '.') || 'value'}: ${message}${names}`;
  });
  throw new Problem(400, 'invalid-request', 'The request is not what this query asks for.', {
    problems: [...new Set(lines)].slice(0, MAX_PROBLEMS),
  });
}

/** The operations as transports carry them: a declaration of packages/api, and the answer to a request of unknown form. */
import { type Operation, type OperationName, operations, Problem } from '@apledger/api';
import { problemsOf, unpaired } from '@apledger/events';
import type { Static, TObject } from 'typebox';
import { permitted } from './access/permit.ts';
import type { Answer, Limits } from './answer.ts';
import { answers } from './answers/index.ts';
import { isLong } from './elsewhere.ts';
import type { LogLedger } from './log-ledger.ts';

/** More problems than these help nobody. */
const MAX_PROBLEMS = 20;

export interface Scope extends Omit<Limits, 'sees'> {
  /** The host that path or subject names; '' for questions about all of them. */
  readonly host: string;
}

export interface AnsweredOperation extends Operation {
  /** Checks the request and answers, with a WrittenReply where it was answered elsewhere. Throws what `asProblem` makes an error reply of. */
  answer(ledger: LogLedger, request: unknown, scope: Scope): Promise<unknown>;
}

function answered(name: OperationName): AnsweredOperation {
  const declared: Operation = operations[name];
  // The one place where the type of a request is what its schema has checked.
  const answer = answers[name] as unknown as Answer<never>;
  const check = checker(declared.request);
  return {
    ...declared,
    answer: async (ledger, given, { host, ...limits }) => {
      const checked = check(given);
      const request = (declared.scope === 'host' ? { ...checked, host } : checked) as never;
      const sees = await permitted(ledger, declared, request, limits.caller);
      const { elsewhere } = ledger;
      const { maxReplyBytes } = limits;
      // What somebody may see is known in this thread only.
      if (elsewhere !== undefined && sees === undefined && isLong(name, request))
        return elsewhere.answer(name, request, { maxReplyBytes });
      return answer(ledger, request, { ...limits, sees });
    },
  };
}

/** Operations on the log itself: memory is no answer. */
const ON_THE_LOG: ReadonlySet<string> = new Set([
  'verify',
  'recompute',
  'rebuild',
  'agent-hello',
  'agent-observe',
  'agent-commands',
]);
/** By the declared name of an operation, `agent-hello`. */
export const isOnTheLog = (name: string): boolean => ON_THE_LOG.has(name);

/** Every operation, in the order of packages/api. */
export const answeredOperations: readonly AnsweredOperation[] = (
  Object.keys(operations) as OperationName[]
).map(answered);

/** A function that gives a value back when it is what the schema describes, and throws Problem otherwise. */
export function checker<Request extends TObject>(schema: Request): (value: unknown) => Static<Request> {
  return (value) => {
    const wrong = problemsOf(schema, value);
    // Only now: its schema bounds how deep it is.
    const problems = wrong.length > 0 ? wrong : unpaired(value);
    if (problems.length > 0) throw invalid(problems);
    return value as Static<Request>;
  };
}

const invalid = (problems: readonly string[]): Problem =>
  new Problem(400, 'invalid-request', 'The request is not what this asks for.', {
    problems: [...new Set(problems)].slice(0, MAX_PROBLEMS),
  });

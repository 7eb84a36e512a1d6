/** Why a request was not carried out: what the error reply says, in its headers and in its body. */

import { LogError, type LogErrorCode } from '@apledger/event-log';
import { InvalidFact, UnknownFact } from '@apledger/events';
import { ImpossibleFact } from '@apledger/host';
import { CannotFold } from '@apledger/projections';
import { visible } from '@apledger/text';
import Type, { type Static } from 'typebox';

/** The body of every error reply. A refused command is none: the ledger did what it was asked, and has recorded it. */
export const ProblemBody = Type.Object({
  code: Type.String({ description: 'for programs: one of the words in docs/nats-service.md' }),
  message: Type.String({ description: 'for people: the thing, the reason and what helps' }),
  problems: Type.Optional(Type.Array(Type.String(), { description: 'each as path: what was expected' })),
  expected: Type.Optional(Type.Union([Type.Integer(), Type.Literal('none')])),
  actual: Type.Optional(
    Type.Union([Type.Integer(), Type.Literal('none')], { description: 'where the stream ends' }),
  ),
});
export type ProblemBody = Static<typeof ProblemBody>;

export type ProblemCode =
  | 'not-json'
  | 'invalid-command'
  | 'invalid-step'
  | 'invalid-request'
  | 'invalid-header'
  | 'invalid-host'
  | 'no-such-moment'
  | 'no-identity'
  | 'unknown-host'
  | 'unknown-mdev'
  | 'unknown-guest'
  | 'wrong-revision'
  | 'request-too-large'
  | 'reply-too-large'
  | 'overloaded'
  | 'unreadable-log'
  | 'internal'
  | `log-${LogErrorCode}`;

/** `Nats-Service-Error-Code`: the meaning that HTTP gives these numbers. */
export type Status = 400 | 403 | 404 | 409 | 413 | 500 | 503;

/** Ends a request; becomes an error reply. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: Status;
  readonly code: ProblemCode;
  readonly details: Omit<ProblemBody, 'code' | 'message'>;

  constructor(
    status: Status,
    code: ProblemCode,
    message: string,
    details: Omit<ProblemBody, 'code' | 'message'> = {},
    cause?: unknown,
  ) {
    super(visible(message), cause === undefined ? {} : { cause });
    this.status = status;
    this.code = code;
    const { problems, ...others } = details;
    this.details = problems === undefined ? others : { ...others, problems: problems.map(visible) };
  }

  body(): ProblemBody {
    return { code: this.code, message: this.message, ...this.details };
  }
}

/** Faults of the log that are about what is stored, not about whether it can be reached. */
const UNREADABLE: ReadonlySet<LogErrorCode> = new Set([
  'corrupted',
  'missing',
  'newer-version',
  'not-a-log',
  'other-configuration',
]);

/** Any error as the problem that its asker is told of. What nobody foresaw says nothing of the inside. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof LogError) {
    const status = error.code === 'too-large' ? 413 : UNREADABLE.has(error.code) ? 500 : 503;
    return new Problem(status, `log-${error.code}`, error.message, {}, error);
  }
  if (
    error instanceof CannotFold ||
    error instanceof InvalidFact ||
    error instanceof UnknownFact ||
    error instanceof ImpossibleFact
  )
    return new Problem(500, 'unreadable-log', error.message, {}, error);
  return new Problem(
    500,
    'internal',
    "The ledger failed in a way that nobody foresaw; its own output says more. The log is as it was, or has the command's facts: ask again with the same command id.",
    {},
    error,
  );
}

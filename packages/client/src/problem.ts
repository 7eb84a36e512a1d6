/** What can go wrong with a call: the service says no, or nobody answers. */
import type { components } from './schema.ts';

export type ProblemBody = components['schemas']['Problem'] & Partial<components['schemas']['Refusal']>;

/** The service's own answer (RFC 9457): `code` for programs, the message for people. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  readonly body: ProblemBody;
  constructor(body: ProblemBody) {
    super([body.detail, ...(body.problems ?? [])].join(' '));
    this.status = body.status;
    this.code = body.code;
    this.body = body;
  }
}

/** Nobody answered, or it was no ledger. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export const isUnreachable = (error: unknown): error is Unreachable => error instanceof Unreachable;

/** The problem that a response tells of, in its body or by its status alone. */
export function problemOf(response: Response, body: unknown): Error {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body)
    return new ApiProblem(body as ProblemBody);
  return new Unreachable(`${response.url}: answered ${response.status}, and is no ledger by its answer`);
}

/** A failed fetch, in words: which place, and why. */
export function unreachable(place: string, error: unknown): Unreachable {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason =
    cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause);
  return new Unreachable(`${place}: ${reason}; is the service running there?`, { cause: error });
}

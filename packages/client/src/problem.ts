/** What can go wrong with a call: the service says no, or nobody answers. */
import { Problem, type ProblemBody, type ProblemCode, type Receipt, type RefusalBody } from '@apledger/api';

/** Nobody answered, or it was no ledger. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The problem that a response tells of, in its body (RFC 9457) or by its status alone. */
export function problemOf(response: Response, body: unknown): Problem | Unreachable {
  if (!isProblem(body))
    return new Unreachable(`${response.url}: answered ${response.status}, and is no ledger by its answer`);
  const { status, code, detail, problems = [] } = body;
  return new Problem(status, code as ProblemCode, [detail, ...problems].join(' '), body);
}

const isProblem = (body: unknown): body is ProblemBody =>
  typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;

/** The receipt in the body that answers a refused command; undefined for any other body. */
export function refusedReceipt(body: unknown): Receipt | undefined {
  if (!isProblem(body) || body.code !== 'refused') return undefined;
  const { host, commandId, revision, isDuplicate, facts, ...rest } = body as RefusalBody;
  const { errno, explanation, conflicts, remedy } = rest;
  const refusal = { errno, explanation, conflicts, remedy };
  return { host, commandId, revision, isDuplicate, isBlocked: false, facts, refusal };
}

/** A failed fetch, in words: which place, and why. */
export function unreachable(place: string, error: unknown): Unreachable {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason =
    cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause);
  const help =
    reason === 'bad port' ? 'browsers and Node never use this one' : 'is the service running there?';
  return new Unreachable(`${place}: ${reason}; ${help}`, { cause: error });
}

/** Errors as RFC 9457 problem details, whatever went wrong and wherever. */

import type { Problem, ProblemBody, ProblemCode } from '@apledger/api';
import { jsonText, visible } from '@apledger/text';
import type { FastifyReply } from 'fastify';

export const PROBLEM_JSON = 'application/problem+json';
/** A client that was told to come again shall wait so many seconds. */
const RETRY_AFTER_S = 1;

/** One line for each code, the same at every occurrence. */
const TITLES: Readonly<Record<Exclude<ProblemCode, `log-${string}`>, string>> = {
  'not-json': 'The body is not JSON',
  'invalid-command': 'The body is not a command',
  'invalid-step': 'A step cannot be read',
  'invalid-request': 'The request is not valid',
  'invalid-header': 'A header is not valid',
  'invalid-host': 'That cannot be the name of a host',
  'no-such-log': 'There is no such log',
  'no-such-moment': 'There is no such moment',
  'no-identity': 'It is not known who asks',
  denied: 'The right for this is missing',
  'needs-approval': 'A second person is needed',
  'effect-differs': 'It is not what was judged',
  'bad-desired-state': 'The desired state cannot be read',
  'bad-plan': 'The plan cannot be used',
  'stale-plan': 'The plan is for another state of the host',
  'unknown-change': 'There is no such change',
  'unknown-credential': 'There is no such token, key or session',
  'not-now': 'That is not possible as things are',
  'too-many-requests': 'Too many requests',
  'provider-unreachable': 'The provider cannot be asked',
  'unknown-host': 'There is no such host',
  'unknown-mdev': 'There is no such mdev',
  'unknown-guest': 'There is no such guest',
  'unknown-fact': 'There is no such fact',
  'no-evidence': 'There is no evidence',
  'wrong-revision': 'The host has changed',
  'command-id-used': 'The id of the command was used for another one',
  'not-on-real-hosts': 'No agent can carry this out',
  'not-settled': 'The agent has not said what became of it',
  'not-done': 'It is under way',
  'not-carried-out': 'The agent did not carry it out',
  unconfirmed: 'It is not known whether it worked',
  fenced: 'Another agent watches the host',
  'not-observed': 'No agent watches the host',
  'wrong-sequence': 'A commit is missing before this one',
  'impossible-observation': 'That cannot have been observed',
  'request-too-large': 'The request is too large',
  'reply-too-large': 'The reply would be too large',
  overloaded: 'Too much is under way',
  'unreadable-log': 'The log cannot be read',
  'cache-unusable': 'What was folded cannot be kept',
  internal: 'The ledger failed',
  refused: 'The command was refused',
  'no-such-resource': 'There is nothing at this address',
  'method-not-allowed': 'This address does not take that method',
  'unsupported-media-type': 'The body must be JSON',
  'headers-too-large': 'The headers are too large',
  'too-slow': 'The request came too slowly',
  'not-http': 'The request is not HTTP',
  'wrong-host': 'The request was sent to another host name',
  'foreign-origin': 'The request comes from a page of another origin',
  draining: 'The service is stopping',
};

const titleOf = (code: ProblemCode): string =>
  (TITLES as Readonly<Record<string, string>>)[code] ?? 'The log cannot serve';

/** A problem as RFC 9457 has it. */
export function problemBody(
  status: number,
  code: ProblemCode,
  detail: string,
  more: object = {},
): ProblemBody {
  return {
    type: `urn:apledger:problem:${code}`,
    title: titleOf(code),
    status,
    detail: visible(detail),
    code,
    ...more,
  };
}

/** Sends a problem; 503 says when to come again. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  code: ProblemCode,
  detail: string,
  more: object = {},
): FastifyReply {
  if (status === 503) void reply.header('retry-after', RETRY_AFTER_S);
  return reply
    .code(status)
    .header('content-type', PROBLEM_JSON)
    .header('cache-control', 'no-store')
    .send(jsonText(problemBody(status, code, detail, more)));
}

/** HTTP has a status of its own for a condition that does not hold. */
const statusOf = ({ code, status }: Problem): number => (code === 'wrong-revision' ? 412 : status);

/** Answers with what an operation threw. */
export const sendApplicationProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  sendProblem(reply, statusOf(problem), problem.code, problem.message, problem.details);

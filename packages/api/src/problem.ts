/** Why a request was not carried out. No schema here: browsers load this file. */
import { visible } from '@apledger/text';

/** For programs: one word for each thing that can go wrong, on every transport. */
export type ProblemCode =
  | 'not-json'
  | 'invalid-command'
  | 'invalid-step'
  | 'invalid-request'
  | 'invalid-header'
  | 'invalid-host'
  | 'no-such-log'
  | 'no-such-moment'
  | 'no-identity'
  | 'denied'
  | 'needs-approval'
  | 'effect-differs'
  | 'bad-desired-state'
  | 'bad-plan'
  | 'stale-plan'
  | 'unknown-change'
  | 'unknown-credential'
  | 'not-now'
  | 'too-many-requests'
  | 'unknown-host'
  | 'unknown-mdev'
  | 'unknown-guest'
  | 'unknown-fact'
  | 'no-evidence'
  | 'wrong-revision'
  | 'command-id-used'
  | 'not-on-real-hosts'
  | 'not-settled'
  | 'not-done'
  | 'not-carried-out'
  | 'unconfirmed'
  | 'fenced'
  | 'not-observed'
  | 'wrong-sequence'
  | 'impossible-observation'
  | 'request-too-large'
  | 'reply-too-large'
  | 'overloaded'
  | 'unreadable-log'
  | 'cache-unusable'
  | 'internal'
  | `log-${string}`
  | HttpProblemCode;

/** What only HTTP can get wrong. */
type HttpProblemCode =
  | 'refused'
  | 'no-such-resource'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'headers-too-large'
  | 'too-slow'
  | 'not-http'
  | 'wrong-host'
  | 'foreign-origin'
  | 'provider-unreachable'
  | 'draining';

export interface ProblemDetails {
  /** Each as path: what was expected. */
  readonly problems?: readonly string[];
  readonly expected?: number | 'none';
  /** Where the stream ends. */
  readonly actual?: number | 'none';
  /** Of a command that was not answered: `no`, this request has recorded nothing; `unknown`, repeat it with the same id. */
  readonly kept?: 'no' | 'unknown';
  readonly commandId?: string;
}

/** Ends a request; becomes an error reply, and on the other side a Problem again. The message is for people, and made visible. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** The meaning that HTTP gives these numbers. */
  readonly status: number;
  readonly code: ProblemCode;
  readonly details: ProblemDetails;

  constructor(
    status: number,
    code: ProblemCode,
    message: string,
    details: ProblemDetails = {},
    cause?: unknown,
  ) {
    super(visible(message), cause === undefined ? {} : { cause });
    this.status = status;
    this.code = code;
    const { problems, ...others } = details;
    this.details = problems === undefined ? others : { ...others, problems: problems.map(visible) };
  }
}

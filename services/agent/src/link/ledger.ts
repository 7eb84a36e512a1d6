/** The ledger as the agent speaks to it, whatever carries the words. */
import type { CommandRequest, Commit, Hello, HelloReply } from '@apledger/agent-protocol';
import type { Fact } from '@apledger/events';

export interface Identified {
  readonly agent: string;
  readonly epoch: number;
}

/** Each throws Refused when the ledger says no, and Unreachable when nobody answers. */
export interface RemoteLedger {
  hello(hello: Hello, signal: AbortSignal): Promise<HelloReply>;
  observe(
    who: Identified,
    commits: readonly Commit[],
    signal: AbortSignal,
  ): Promise<{ readonly lastSequence: number; readonly revision: number }>;
  /** With `after`, waits for a command that was given after that revision. */
  commands(
    who: Identified,
    after: number | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly revision: number; readonly open: readonly CommandRequest[] }>;
  /** All facts of the host up to a revision, in order. */
  facts(revision: number, signal: AbortSignal): AsyncIterable<Fact>;
}

/** The ledger has answered, and does not do it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  /** A ProblemCode of packages/api. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody answered, or it was no ledger: to be tried again. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The ledger as the agent speaks to it, whatever carries the words. */
import type { CommandRequest, Commit, Hello, HelloReply } from '@apledger/agent-protocol';
import { type Fact, parseFact } from '@apledger/events';

interface Identified {
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

/** What the agent asks, whatever carries it. */
export type Question = 'hello' | 'observe' | 'commands' | 'events';

/** One request and its answer. `waitMs`: the ledger may take its time. Throws Refused and Unreachable. */
export type Ask = (
  question: Question,
  request: object,
  signal: AbortSignal,
  waitMs: number,
) => Promise<unknown>;

/** Longest time that the ledger is asked to wait for a command, seconds. */
const POLL_S = 20;
const PAGE = 500;

interface Page {
  readonly events: readonly {
    readonly type: string;
    readonly version: number;
    readonly data: object;
    readonly revision: number;
  }[];
  readonly after: number;
  readonly isEnd: boolean;
}

/** The answers have the types that packages/api declares; the ledger checks what it is sent. */
export const remoteLedger = (ask: Ask): RemoteLedger => ({
  hello: async (hello, signal) => (await ask('hello', hello, signal, 0)) as HelloReply,
  observe: async (who, commits, signal) =>
    (await ask('observe', { ...who, commits }, signal, 0)) as { lastSequence: number; revision: number },
  commands: async (who, after, signal) => {
    const waits = after === undefined ? {} : { after, wait: POLL_S };
    const answer = await ask('commands', { ...who, ...waits }, signal, POLL_S * 1000);
    return answer as { revision: number; open: CommandRequest[] };
  },
  async *facts(revision, signal) {
    for (let after = 0, last = -1, isEnd = false; !isEnd && last < revision; ) {
      const page = (await ask('events', { after, limit: PAGE }, signal, 0)) as Page;
      for (const { type, version, data, revision: at } of page.events) {
        last = at;
        if (at <= revision) yield parseFact(type, version, data) as Fact;
      }
      ({ after, isEnd } = page);
    }
  },
});

/** The shape of an answer: a function for each operation of packages/api, of a log and a checked request. */
import type { OperationName, Reply, Request } from '@apledger/api';
import type { Caller } from './access/caller.ts';
import type { Seen } from './access/control.ts';
import type { LogLedger } from './log-ledger.ts';

/** What a transport allows, and who asks. */
export interface Limits {
  /** Of the reply as JSON. */
  readonly maxReplyBytes: number;
  /** Undefined where access is not controlled: the asker then has the log itself. */
  readonly caller?: Caller | undefined;
  /** What of the log the caller may see; undefined = all of it. */
  readonly sees?: ((seen: Seen) => boolean) | undefined;
}

/** Throws what `asProblem` makes an error reply of. */
export type Answer<Name extends OperationName> = (
  ledger: LogLedger,
  request: Request<Name>,
  limits: Limits,
) => Promise<Reply<Name>>;

/** The shape of an answer: a function for each operation of packages/api, of a log and a checked request. */
import type { OperationName, Reply, Request } from '@apledger/api';
import type { LogLedger } from './log-ledger.ts';

/** What a transport allows. */
export interface Limits {
  /** Of the reply as JSON. */
  readonly maxReplyBytes: number;
}

/** Throws what `asProblem` makes an error reply of. */
export type Answer<Name extends OperationName> = (
  ledger: LogLedger,
  request: Request<Name>,
  limits: Limits,
) => Promise<Reply<Name>>;

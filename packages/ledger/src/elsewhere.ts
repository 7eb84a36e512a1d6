/** Where long questions are answered: in another thread, so that they hold nobody up here. A ledger without one answers them itself. */
import type { OperationName, ReportFormat, Request } from '@apledger/api';
import type { Limits } from './answer.ts';

/** A reply that was made into JSON where it was made, UTF-8. */
export class WrittenReply {
  readonly json: Uint8Array;

  constructor(json: Uint8Array) {
    this.json = json;
  }
}

export interface Elsewhere {
  /** Answers a request that was checked. Throws Problem, as the ledger itself would. */
  answer<Name extends OperationName>(
    name: Name,
    request: Request<Name>,
    limits: Limits,
  ): Promise<WrittenReply>;
  /** Pieces of a report, UTF-8; no more are made than are taken. Throws Problem. */
  report(request: Request<'report'>, format: ReportFormat): AsyncIterable<Uint8Array>;
}

const LONG: ReadonlySet<OperationName> = new Set([
  'custody',
  'guestHistory',
  'exposures',
  'chain',
  'report',
  'recompute',
  'rebuild',
  'whatIf',
]);
const PAGES: ReadonlySet<OperationName> = new Set(['events', 'logEvents', 'hostEvents']);
/** What a page of facts may be asked with and is still found by reading on from one place. */
const PLAIN: ReadonlySet<string> = new Set(['host', 'after', 'limit', 'order']);

/** Whether an answer can take long: it reads much of the log, or decides much. */
export const isLong = (name: OperationName, request: object): boolean =>
  LONG.has(name) || (PAGES.has(name) && Object.keys(request).some((key) => !PLAIN.has(key)));

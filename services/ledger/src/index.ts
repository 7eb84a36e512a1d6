/**
 * The ledger on NATS: commands and queries as requests to the micro service `apledger`.
 *
 * A command goes to `apledger.v1.svc.command.<host>` and is answered by its receipt once its facts are durable; a
 * refused one too, with errno, explanation, conflicts and remedy. Queries lie below `apledger.v1.svc.query`. What
 * cannot be carried out as asked is an error reply with a typed body, and changes nothing. Any number of instances
 * share the requests, on one machine over SQLite or on many over a distributed log; the log's expected revisions
 * and command ids keep them correct. docs/nats-service.md is for those who call it.
 */
export { type BrokerOptions, connectTo } from './connection.ts';
export { Failure } from './failure.ts';
export { Ledger, type LedgerOptions, openLedger, type PlaceOptions } from './ledger.ts';
export { ProblemBody, type ProblemCode } from './problem.ts';
export { LedgerService, SERVICE_NAME, SERVICE_VERSION, type ServeOptions } from './service.ts';

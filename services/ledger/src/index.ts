/**
 * The ledger as a service: one application, two transports.
 *
 * `application/` answers questions and carries out commands. `http/` is its API on loopback (docs/http-api.md), with the
 * stream of facts, health, metrics and the console's files; `nats/` is the micro service `apledger` for those who have a
 * broker (docs/nats-service.md). Any number of instances share a log; its expected revisions and command ids keep them
 * correct.
 */
export { Ledger, type LedgerOptions, openLedger, type PlaceOptions } from './application/ledger.ts';
export { buildServer, type HttpOptions } from './http/server.ts';

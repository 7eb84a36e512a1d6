/**
 * The ledger as a service: the operations of packages/ledger on two transports.
 *
 * `http/` is the API (docs/http-api.md), with the stream of facts, health, metrics and the console's files; `nats/` is the micro service
 * `apledger` for those who have a broker (docs/nats-service.md); `access/` finds out who asks (docs/access.md). Any number of instances
 * share a log; its expected revisions and command ids keep them correct.
 */

export { type AccessConfiguration, accessConfiguration } from './access/configuration.ts';
export { type Edge, openEdge } from './access/edge.ts';
export { buildServer, type HttpOptions } from './http/server.ts';

/**
 * One way to NATS for everything here: address, login, TLS, reconnecting, acknowledged publishes, and the words for what goes wrong.
 *
 * `connectNats` gives the client's connection; a `Link` is one that also says when it is down and when up again. `Publisher` sends many
 * messages at once and hears the acknowledgement of each. Addresses alone, without a client, are in `@apledger/nats/address`.
 */
export type { ConnectionFiles, ServerOptions } from './address.ts';
export { brokenNats, closeNats, connectNats, placeOf } from './connect.ts';
export { BrokerError, type BrokerErrorCode, brokerError, isOfBroker } from './errors.ts';
export { Link } from './link.ts';
export { type Ack, type ApiError, Publisher, type PublisherOptions } from './publisher.ts';

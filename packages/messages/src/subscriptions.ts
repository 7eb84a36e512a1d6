/**
 * What a program needs that gets facts: the connection, and subscriptions. The packed `@apledger/messages` has this as its `/nats`;
 * a relay needs the log as well.
 */
export { BrokerError, connectNats } from '@apledger/nats';
export { natsServers } from '@apledger/nats/address';
export type { From } from './subscriber/place.ts';
export {
  type Received,
  type SubscribeOptions,
  type Subscription,
  subscribe,
  type Unreadable,
} from './subscriber/subscribe.ts';

/**
 * Subscriptions to what happens: the facts that a relay publishes, with their types, in the order of the log.
 *
 *     const connection = await connectBroker('nats://localhost');
 *     const facts = await subscribe({ connection, name: 'alerts', host: 'zlp1', types: ['QueueReset'] });
 *     for await (const { host, data } of facts) console.log(host, data.queues);
 *
 * With a name the broker remembers how far the loop got; without one, whoever needs each fact exactly once, come what may, stores the
 * position together with what the fact did, and begins there: `from: { position }`. See docs/messages.md.
 */
export {
  BrokerError,
  type BrokerErrorCode,
  brokerError,
  connectBroker,
  isOfBroker,
  notPermitted,
} from './broker.ts';
export type { From } from './place.ts';
export {
  type Received,
  type SubscribeOptions,
  type Subscription,
  subscribe,
  type Unreadable,
} from './subscribe.ts';

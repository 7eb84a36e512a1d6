/**
 * Facts over NATS JetStream, from a log and to programs.
 *
 * `relay` publishes every fact of a log as one message on a JetStream stream, in the log's order. It notes how far
 * it has got, and goes on there; where there is no note it reads the stream from its start and compares it with the log. Each message names
 * the sequence number that it follows, so the stream cannot get a gap, a fact twice, or two in the wrong order, whatever is killed or
 * restarted when. While the broker is away the relay waits, and the log does not notice. What the broker will never take is replaced by
 * a dead letter that records the reason.
 *
 * `subscribe` gives the facts that a relay publishes, with their types, in the order of the log:
 *
 *     const connection = await connectNats(natsServers('nats://localhost:4222'), 'alerts');
 *     const facts = await subscribe({ connection, name: 'alerts', host: 'zlp1', types: ['QueueReset'] });
 *     for await (const { host, data } of facts) console.log(host, data.queues);
 *
 * With a name the broker remembers how far the loop got. A program that needs each fact exactly once, come what may, stores the position
 * together with what the fact caused, subscribes without a name, and begins there: `from: { position }`. See docs/messages.md.
 */
export { noteInFile, noteName, type PlaceNote } from './relay/place.ts';
export { type RelayOptions, type RelayState, relay } from './relay/relay.ts';
export {
  type RequestKey,
  RequestRefused,
  Requests,
  type RequestsOptions,
  requestKey,
  type Sending,
} from './requests.ts';
export * from './subscriptions.ts';

/**
 * The relay: every fact of a log as one message on a JetStream stream, in the log's order.
 *
 * The stream is its own checkpoint. At start the relay reads the last message there, checks that the log has that fact, and goes on
 * after it; each message names the sequence number it follows, so that a stream cannot get a gap, a fact twice, or two in the wrong
 * order, whatever is killed or restarted when. A broker that is away is waited for; the log does not notice. What the broker will never
 * take is replaced by a letter that says why. See docs/messages.md.
 */
export { type RelayOptions, type RelayState, relay } from './relay.ts';

/** What is in a stream, as any client of NATS would see it. */

import { parseFactMessage, type RecordedEnvelope } from '@apledger/events';
import { type JetStreamManager, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { atEnd } from './support.ts';

/** A connection that ends with the tests. */
export async function client(url: string, options = {}): Promise<NatsConnection> {
  const connection = await connect({
    servers: url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ...options,
  });
  atEnd(() => connection.close());
  return connection;
}

export const managerOf = (connection: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false });

/** Every message of the stream, in its order. */
export async function messagesIn(url: string, stream = 'APLEDGER'): Promise<readonly StoredMsg[]> {
  const connection = await client(url);
  const manager = await managerOf(connection);
  const { state } = await manager.streams.info(stream);
  const messages: StoredMsg[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq });
    if (message !== null) messages.push(message);
  }
  await connection.close();
  return messages;
}

/** The fact of a message. */
export const factIn = ({ subject, header, data }: StoredMsg): RecordedEnvelope =>
  parseFactMessage({
    subject,
    headers: Object.fromEntries([...header].map(([name, values]) => [name, values[0] ?? ''])),
    body: new TextDecoder().decode(data),
  });

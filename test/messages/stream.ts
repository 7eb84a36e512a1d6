/** What is in a stream, as any client of NATS would see it. */

import { parseFactMessage, type RecordedEnvelope } from '@apledger/messages';
import { type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type MsgHdrs, type NatsConnection, headers as noHeaders } from '@nats-io/transport-node';
import { atEnd } from '../support/file.ts';

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

/** A message as it lies in the stream. */
export interface Stored {
  readonly subject: string;
  readonly header: MsgHdrs;
  readonly data: Uint8Array;
}

/** Every message of the stream, in its order. */
export async function messagesIn(url: string, stream = 'APLEDGER'): Promise<readonly Stored[]> {
  const connection = await client(url);
  const { state } = await (await managerOf(connection)).streams.info(stream);
  const messages: Stored[] = [];
  const consumer = await jetstream(connection).consumers.get(stream, {});
  const arriving = await consumer.consume();
  for await (const { seq, subject, headers, data } of arriving) {
    messages.push({ subject, header: headers ?? noHeaders(), data });
    if (seq === state.last_seq) break;
  }
  await connection.close();
  return messages;
}

export const bodyOf = ({ data }: Stored): unknown => JSON.parse(new TextDecoder().decode(data));

/** The fact of a message. */
export const factIn = ({ subject, header, data }: Stored): RecordedEnvelope =>
  parseFactMessage({
    subject,
    headers: Object.fromEntries([...header].map(([name, values]) => [name, values[0] ?? ''])),
    body: new TextDecoder().decode(data),
  });

/** The way to NATS servers: for the log, the relay, subscriptions, the service and the command line alike. */

import { readFileSync } from 'node:fs';
import { errorText, redacted } from '@apledger/text';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node';
import type { ServerOptions } from './address.ts';
import { BrokerError, brokerError } from './errors.ts';

const CONNECT_MS = 5000;
/** How long a server that went away is left alone between two attempts, and as much again at random. */
const RECONNECT_MS = 100;
/** A server that was silent for three of these counts as gone. */
const PING_MS = 10_000;
/** How long a server is waited for that shall take what was written last. */
const DRAIN_MS = 10_000;

/** The servers without credentials, for messages. */
export const placeOf = ({ servers }: ServerOptions): string => [servers].flat().map(redacted).join(',');

/**
 * Connects as the client `apledger <name>`, within `timeoutMs` (5 s by default); reconnects for as long as the connection is not closed.
 * Throws BrokerError `unreachable` or `denied`.
 */
export async function connectNats(
  options: ServerOptions,
  name: string,
  timeoutMs = CONNECT_MS,
): Promise<NatsConnection> {
  const clientOptions = {
    ...clientOptionsOf(options),
    name: `apledger ${name}`,
    timeout: Math.min(CONNECT_MS, timeoutMs),
  };
  try {
    return await connect(clientOptions);
  } catch (error) {
    throw brokerError(error, placeOf(options));
  }
}

/** Resolves when the connection breaks, maybe for good, and when it is closed. */
export async function brokenNats(nc: NatsConnection): Promise<void> {
  for await (const { type } of nc.status()) if (type === 'disconnect') return;
}

/**
 * Sends what was written, and closes. The client's own `drain` rejects or waits for a server to come back when the connection breaks
 * meanwhile, and leaves a connection that goes on reconnecting.
 */
export async function closeNats(nc: NatsConnection): Promise<void> {
  if (nc.isClosed()) return;
  const expired = Promise.withResolvers<void>();
  const timer = setTimeout(expired.resolve, DRAIN_MS);
  try {
    await Promise.race([nc.drain(), brokenNats(nc), expired.promise]);
  } catch {
    // What was not sent by now will not be: nobody is there to take it.
  } finally {
    clearTimeout(timer);
    await nc.close();
  }
}

/** Where answers to a user come. */
export const inboxPrefixOf = ({ user = '' }: ServerOptions): string =>
  /^[A-Za-z0-9_-]+$/.test(user) ? `_INBOX.${user}` : '_INBOX';

function clientOptionsOf(options: ServerOptions): NodeConnectionOptions {
  const { servers, user, password, token, credentialsFile, nkeyFile, tls } = options;
  for (const file of Object.values(tls ?? {})) content(file);
  return {
    servers: [servers].flat(),
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS,
    pingInterval: PING_MS,
    inboxPrefix: inboxPrefixOf(options),
    ...(user === undefined || nkeyFile !== undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(token === undefined ? {} : { token }),
    ...(credentialsFile === undefined
      ? {}
      : { authenticator: authenticatorOf(credentialsFile, credsAuthenticator) }),
    ...(nkeyFile === undefined ? {} : { authenticator: authenticatorOf(nkeyFile, seedAuthenticator) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** Tried here, because the client tries it only when it is connected, and then does not say which file it was. */
function authenticatorOf(file: string, make: (content: Uint8Array) => Authenticator): Authenticator {
  const authenticator = make(content(file));
  try {
    authenticator('nonce');
  } catch (error) {
    throw unusable(file, error);
  }
  return authenticator;
}

/** The seed in a file, between whatever spaces and lines `nk` and editors put around it. */
const seedAuthenticator = (bytes: Uint8Array): Authenticator =>
  nkeyAuthenticator(Buffer.from(Buffer.from(bytes).toString('latin1').trim()));

function content(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): BrokerError {
  const reason = `it cannot be used (${errorText(error)})`;
  return new BrokerError('denied', reason, {
    place: file,
    remedy: 'name a file that can be read',
    cause: error,
  });
}

/** The connection to the broker: how it is reached, as whom, and what it says when it is not. */
import { readFileSync } from 'node:fs';
import { Failure } from '@apledger/command-line';
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';

const CONNECT_MS = 5000;
const RECONNECT_MS = 250;
/** A broker that was silent for three of these counts as gone. */
const PING_MS = 10_000;

export interface BrokerOptions {
  /** `nats://[user:password@]host:port[,host:port…]`, or `tls://`; one word before the @ is a token. */
  readonly url: string;
  /** File with a JWT and its seed, as nsc writes it. */
  readonly credsFile?: string | undefined;
  /** Files in PEM: whom to trust, and who this client is. */
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

const ADDRESS = /^(nats|tls):\/\/(?:([^@/]*)@)?([^/?@\s]+)\/?$/i;
const FORM = 'nats://[user:password@]host:port[,host:port…], or tls:// for TLS';

/** The servers without credentials, for messages. */
export const withoutLogin = (url: string): string => url.replace(/\/\/[^@/]*@/, '//');

/**
 * Connects; then it reconnects for as long as it is wanted. Throws Failure: no address, no such file, unreachable,
 * refused.
 */
export async function connectTo(options: BrokerOptions): Promise<NatsConnection> {
  const place = withoutLogin(options.url);
  const clientOptions = optionsOf(options);
  try {
    return await connect(clientOptions);
  } catch (error) {
    throw new Failure(2, `${place}: ${reasonOf(error)}`, error);
  }
}

/** What a client's error says to a person. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause : error;
  const all = [error, cause];
  if (
    all.some(
      (each) =>
        each instanceof errors.AuthorizationError || each instanceof errors.UserAuthenticationExpiredError,
    )
  )
    return `the broker refused this user (${cause.message}); check user and password, or the credentials file (--creds)`;
  const permission = all.find((each) => each instanceof errors.PermissionViolationError);
  if (permission !== undefined)
    return `the broker does not let this user ${permission.operation} ${permission.subject}; see the permissions in docs/nats-service.md`;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO_VERIFY/.test(code))
    return `TLS failed (${cause.message}); check --ca, --cert and --key`;
  return `the broker cannot be reached (${cause.message || code}); see that it runs, and that address and TLS are right`;
}

function optionsOf(options: BrokerOptions): NodeConnectionOptions {
  const { url, credsFile, caFile, certFile, keyFile } = options;
  const match = ADDRESS.exec(url);
  if (match === null)
    throw new Failure(2, `--nats ${withoutLogin(url)}: no address of a broker; write ${FORM}`);
  const [, scheme = '', login, hosts = ''] = match;
  const files = { caFile, certFile, keyFile };
  for (const [name, file] of Object.entries(files))
    if (file !== undefined) content(`--${name.replace('File', '')}`, file);
  const hasTls = scheme.toLowerCase() === 'tls' || Object.values(files).some((file) => file !== undefined);
  return {
    name: 'apledger ledger',
    servers: hosts.split(',').map((host) => `${scheme}://${host}`),
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    ...loginOf(login),
    ...(credsFile === undefined ? {} : { authenticator: authenticatorOf(credsFile) }),
    ...(hasTls
      ? { tls: Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined)) }
      : {}),
  };
}

/** The same for the relay, which opens a connection of its own. */
export function relayConnection(options: BrokerOptions): {
  readonly url: string;
  readonly connection: NodeConnectionOptions;
} {
  const { user, pass, token, authenticator, tls } = optionsOf(options);
  const given = Object.entries({ user, pass, token, authenticator, tls });
  return {
    url: withoutLogin(options.url),
    connection: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
}

function loginOf(login: string | undefined): Pick<NodeConnectionOptions, 'user' | 'pass' | 'token'> {
  if (login === undefined) return {};
  const [user = '', password] = login.split(/:(.*)/s).map(decodeURIComponent);
  return password === undefined ? { token: user } : { user, pass: password };
}

/** Tried here, because the client tries it only when it is connected, and then does not say which file it was. */
function authenticatorOf(file: string): Authenticator {
  const authenticator = credsAuthenticator(content('--creds', file));
  try {
    authenticator('nonce');
  } catch (error) {
    throw new Failure(2, `--creds ${file}: ${error instanceof Error ? error.message : error}`, error);
  }
  return authenticator;
}

function content(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Failure(2, `${option} ${file}: ${error instanceof Error ? error.message : error}`, error);
  }
}

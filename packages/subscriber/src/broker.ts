/** The way to a NATS server, and what can be wrong with it, in words for a person. */
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  PermissionViolationError,
} from '@nats-io/transport-node';

/** How long a server that went away is left alone between two attempts. */
const RECONNECT_MS = 250;
const CONNECT_TIMEOUT_MS = 5000;

/**
 * - `unreachable`: nobody answers, or not in time. `denied`: wrong credentials, or not permitted to these.
 * - `no-stream`: the stream of the facts is not there. `other-configuration`: it, or a subscription of this name, is there and set up
 *   otherwise. `other-log`: the stream holds the facts of another log. `refused`: the broker said no, for the reason in the message.
 */
export type BrokerErrorCode =
  | 'unreachable'
  | 'denied'
  | 'no-stream'
  | 'other-configuration'
  | 'other-log'
  | 'refused';

/** What went wrong with the broker: `code` for programs; place, reason and remedy in the message for people. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;
  constructor(code: BrokerErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Connects, and reconnects for as long as the connection is not closed. `nats://user:password@host:port` may carry the credentials.
 * Throws BrokerError `unreachable` or `denied`.
 */
export async function connectBroker(
  url: string,
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const { servers, ...login } = parseUrl(url);
  try {
    return await connect({
      timeout: CONNECT_TIMEOUT_MS,
      reconnectTimeWait: RECONNECT_MS,
      reconnectJitter: RECONNECT_MS,
      maxReconnectAttempts: -1,
      ...login,
      ...options,
      servers,
    });
  } catch (error) {
    throw brokerError(error, servers.join(', '));
  }
}

function parseUrl(url: string): { servers: string[]; user?: string; pass?: string } {
  const [, scheme = 'nats://', login, hosts = ''] = /^(\w+:\/\/)?(?:([^/]*)@)?(.*)$/.exec(url) ?? [];
  const servers = hosts.split(',').map((host) => `${scheme}${host}`);
  if (login === undefined) return { servers };
  const [user = '', pass = ''] = login.split(':').map(decodeURIComponent);
  return { servers, user, pass };
}

/** The client does not export its class for "JetStream is not enabled here". */
const isJetStreamError = (error: Error): boolean =>
  error instanceof JetStreamApiError ||
  error instanceof JetStreamError ||
  error.name === 'JetStreamNotEnabled';

/** Whether it tells of the broker or the way there; any other error is none of theirs. */
export const isOfBroker = (error: unknown): boolean =>
  error instanceof BrokerError ||
  (error instanceof Error &&
    (isJetStreamError(error) || Object.values(errors).some((kind) => error instanceof kind)));

/** The error of the NATS client as a BrokerError about `place`; a BrokerError is given back as it is. */
export function brokerError(error: unknown, place: string): BrokerError {
  if (error instanceof BrokerError) return error;
  const causes = causesOf(error);
  const denial = causes.find(
    (each) =>
      each instanceof errors.AuthorizationError || each instanceof errors.UserAuthenticationExpiredError,
  );
  if (denial !== undefined)
    return new BrokerError(
      'denied',
      `${place}: wrong user, password or credentials (${denial.message})`,
      error,
    );
  const violation = causes.find((each) => each instanceof PermissionViolationError);
  if (violation !== undefined) return notPermitted(violation, place);
  const refusal = causes.find(isJetStreamError);
  if (refusal !== undefined) return new BrokerError('refused', `${place}: ${refusal.message}`, error);
  const reason = causes.at(-1)?.message || String(error);
  return new BrokerError('unreachable', `${place}: ${reason}; is the server running there?`, error);
}

/** What this user may not do. */
export const notPermitted = ({ operation, subject }: PermissionViolationError, place: string): BrokerError =>
  new BrokerError(
    'denied',
    `${place}: no permission for ${operation} on ${subject}; grant it in the server's configuration, see docs/messages.md`,
  );

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let each = error; each instanceof Error && !causes.includes(each); each = each.cause)
    causes.push(each);
  return causes;
}

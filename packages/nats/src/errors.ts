/** What can be wrong with a NATS server or the way there, in words for a person. */

import { errorCode } from '@apledger/text';
import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import { errors, PermissionViolationError } from '@nats-io/transport-node';

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

interface BrokerErrorDetails {
  /** The servers, without credentials; or the file concerned. */
  readonly place?: string;
  /** What a person can do about it. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/** What went wrong with the broker: `code` for programs; place, reason and remedy in the message for people. */
export class BrokerError extends Error {
  override readonly name = 'BrokerError';
  readonly code: BrokerErrorCode;
  readonly reason: string;

  constructor(code: BrokerErrorCode, reason: string, { place, remedy, cause }: BrokerErrorDetails = {}) {
    super((place === undefined ? '' : `${place}: `) + reason + (remedy === undefined ? '' : `; ${remedy}`), {
      cause,
    });
    this.code = code;
    this.reason = reason;
  }
}

/** The client does not export its class for "JetStream is not enabled here". */
const isJetStreamError = (error: Error): boolean =>
  error instanceof JetStreamApiError ||
  error instanceof JetStreamError ||
  error.name === 'JetStreamNotEnabled';

/** Whether it is about the broker or the way there; any other error is a mistake of the program. */
export const isOfBroker = (error: unknown): boolean =>
  error instanceof BrokerError ||
  (error instanceof Error &&
    (isJetStreamError(error) || Object.values(errors).some((kind) => error instanceof kind)));

/** The error of the NATS client as a BrokerError about `place`; a BrokerError is given back as it is. */
export function brokerError(error: unknown, place: string): BrokerError {
  if (error instanceof BrokerError) return error;
  const causes = causesOf(error);
  const last = causes.at(-1);
  const refusedUser = causes.find(isRefusedUser);
  if (refusedUser !== undefined) {
    const remedy = 'check user and password, or the credentials file';
    const reason = `the server refused this user (${refusedUser.message})`;
    return new BrokerError('denied', reason, { place, remedy, cause: error });
  }
  const violation = causes.find((each) => each instanceof PermissionViolationError);
  if (violation !== undefined) return notPermitted(violation, place);
  const tls = causes.find(isOfTls);
  if (tls !== undefined) {
    const remedy = 'check the files of the CA, the certificate and its key, and that the server uses TLS';
    return new BrokerError('denied', `TLS failed (${tls.message})`, { place, remedy, cause: error });
  }
  const refusal = causes.find(isJetStreamError);
  if (refusal !== undefined) return new BrokerError('refused', refusal.message, { place, cause: error });
  const reason = `the broker cannot be reached (${last?.message || errorCode(last) || String(error)})`;
  const remedy = 'see that the server runs, and that address and TLS are right';
  return new BrokerError('unreachable', reason, { place, remedy, cause: error });
}

/** What this user may not do. */
export function notPermitted(error: PermissionViolationError, place: string): BrokerError {
  const reason = `no permission: ${error.operation} on ${error.subject}`;
  const remedy = "grant it in the server's configuration, see infra/nats/accounts.conf";
  return new BrokerError('denied', reason, { place, remedy, cause: error });
}

const isRefusedUser = (error: Error): boolean =>
  error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;

/** Node's codes for certificates that don't verify, and what OpenSSL says when the server wants one. */
const isOfTls = (error: Error): boolean =>
  /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO_VERIFY/.test(errorCode(error) ?? '');

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let each = error; each instanceof Error && !causes.includes(each); each = each.cause)
    causes.push(each);
  return causes;
}

/** What a NATS server and its client report, in the words of `LogError`. */

import type { PermissionViolationError } from '@nats-io/transport-node';
import { errors } from '@nats-io/transport-node';
import { LogError, type LogErrorCode } from '../errors.ts';

/** An error in a reply of the JetStream API: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}

export const NO_STREAM = 10059;
export const NO_MESSAGE = 10037;
export const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);

/** Peers missing, a message of the same id still on its way: refusals of a kind that passes, though not by their code. */
const PASSING: ReadonlySet<number> = new Set([10005, 10158]);
const CODES: ReadonlyMap<number, LogErrorCode> = new Map([
  [10002, 'disk-full'], // resource limits exceeded for account
  [10023, 'disk-full'],
  [10047, 'disk-full'],
  [10054, 'too-large'],
  [10058, 'other-configuration'], // the name is in use
  [10060, 'other-configuration'], // the subject belongs to another stream
  [10065, 'other-configuration'], // subjects overlap
  [10074, 'other-configuration'], // replicas without a cluster
  [10109, 'read-only'], // sealed
]);
/** "maximum bytes exceeded", "no space left on device": refused by the store itself, under one code. */
const STORE_FAILED = 10077;

/** Whether asking again may help without anybody doing anything: no leader, a server that restarts. */
export function isPassing(error: ApiError): boolean {
  if (CODES.has(error.err_code) || error.err_code === STORE_FAILED) return false;
  return error.code >= 500 || PASSING.has(error.err_code);
}

/** A refusal of the JetStream API as a LogError about `path`. */
export function refusal(error: ApiError, path: string): LogError {
  const code = CODES.get(error.err_code) ?? (error.err_code === STORE_FAILED ? 'disk-full' : 'io');
  return new LogError(code, path, `JetStream: ${error.description} [${error.err_code}]`);
}

/** The server does not let this user publish on a subject, or subscribe to it. */
export function denial(error: PermissionViolationError, path: string): LogError {
  return new LogError('denied', path, `no permission: ${error.operation} on ${error.subject}`, {
    cause: error,
  });
}

/** What the client reports as a LogError about `path`; what is no matter of the server is given back as it is. */
export function asLogError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof LogError || error instanceof TypeError) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const permission = [error, cause].find((each) => each instanceof errors.PermissionViolationError);
  if (permission !== undefined) return denial(permission, path);
  if (isDenied(error) || isDenied(cause)) {
    return new LogError('denied', path, `the server refused: ${cause.message}`, { cause: error });
  }
  return new LogError('unreachable', path, cause.message || error.message, { cause: error });
}

function isDenied(error: Error): boolean {
  if (error instanceof errors.AuthorizationError) return true;
  if (error instanceof errors.UserAuthenticationExpiredError) return true;
  // Node's codes for certificates that don't verify, and what OpenSSL says when the server wants one.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO_VERIFY/.test(code);
}

/** What a NATS server and its client report, in the words of `LogError`. */

import { type ApiError, brokerError, isOfBroker } from '@apledger/nats';
import { JetStreamApiError } from '@nats-io/jetstream';
import { LogError, type LogErrorCode } from '../errors.ts';

/** The place of a commit is taken: another one is there, or (10158) on its way there. */
export const PLACE_TAKEN: ReadonlySet<number> = new Set([10071, 10164, 10158]);

/** Peers missing: a refusal of a kind that passes, though not by its code. */
const NO_PEERS = 10005;
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
  return error.code >= 500 || error.err_code === NO_PEERS;
}

/** A refusal of the JetStream API as a LogError about `path`. */
export function refusal(error: ApiError, path: string): LogError {
  const code = CODES.get(error.err_code) ?? (error.err_code === STORE_FAILED ? 'disk-full' : 'io');
  return new LogError(code, path, `JetStream: ${error.description} [${error.err_code}]`);
}

/** What a server or the client reports as a LogError about `path`; what is no matter of the server is given back as it is. */
export function asLogError(error: unknown, path: string): unknown {
  if (error instanceof JetStreamApiError) return refusal(error.apiError(), path);
  if (!isOfBroker(error)) return error;
  const { code, reason } = brokerError(error, path);
  return new LogError(code === 'denied' ? 'denied' : 'unreachable', path, reason, { cause: error });
}

/** What the client throws, told apart: what may pass when tried again, and what a person must look at. */

import type { ErrorType } from '@eventstore/db-client';
import { LogError, type LogErrorDetails } from '../errors.ts';

/** The client's error types as texts: the package itself is loaded only when a log is opened. */
type FaultType = `${ErrorType}`;

/** A server that accepted a read and then said nothing for too long. */
export class SilentServer extends Error {
  override readonly name = 'SilentServer';
}

/** History that ends before the position at which the log ended a moment ago. */
export class NotThereYet extends Error {
  override readonly name = 'NotThereYet';

  constructor(position: number) {
    super(`this node does not reach position ${position}: it lags behind, or has lost what was there`);
  }
}

/** Whether an error of the client is of a type, as `isFault(error, 'stream-not-found')`. */
export function isFault(error: unknown, type: FaultType): boolean {
  return error instanceof Error && 'type' in error && error.type === type;
}

const TRANSIENT: readonly FaultType[] = [
  'persistent-subscription-dropped',
  'unavailable',
  'cancelled',
  'not-leader',
  'timeout',
  'deadline-exceeded',
];

/**
 * Whether the same call may well succeed a moment later: a node that restarts, is no longer the leader, is busy, or
 * a discovery that found no node yet (the client throws a bare Error for that one).
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof LogError) return false;
  if (error instanceof SilentServer || error instanceof NotThereYet) return true;
  if (TRANSIENT.some((type) => isFault(error, type))) return true;
  // What gRPC says when a connection breaks, or was closed, under a running call; the client leaves these unconverted.
  return /^Failed to discover|Channel (?:has been )?(?:shut|closed)|RST_STREAM|Session closed/i.test(
    error.message,
  );
}

/** An error of the client or the server as a LogError; a TypeError of the caller's stays what it is. */
export function asLogError(error: unknown, place: string): LogError | TypeError {
  if (error instanceof LogError || error instanceof TypeError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (isFault(error, 'access-denied')) {
    const remedy =
      'check user and password in the connection string, and that the user may read $all and write';
    return new LogError('io', place, `the server denies access: ${reason || 'access denied'}`, {
      remedy,
      cause: error,
    });
  }
  if (isFault(error, 'stream-deleted')) {
    return new LogError('corrupted', place, `a stream of the log was tombstoned: ${reason}`, {
      remedy: 'a tombstone cannot be undone: restore the log from a backup',
      cause: error,
    });
  }
  // Newer servers also limit single events, with an exception that this client does not know.
  if (isFault(error, 'maximum-append-size-exceeded') || /Maximum Append Event Size/i.test(reason)) {
    return new LogError('too-large', place, reason, {
      remedy: "split the command, or raise the server's MaxAppendSize (MaxAppendEventSize)",
      cause: error,
    });
  }
  return new LogError('io', place, reason, unreachable(error));
}

function unreachable(error: unknown): LogErrorDetails {
  const remedy = isTransient(error)
    ? 'check that the server runs there, that its leader is elected and that it can be reached, then try again'
    : "look at the server's log";
  return { remedy, cause: error };
}

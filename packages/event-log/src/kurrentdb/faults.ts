/** What goes wrong with calls, told apart: what may pass when tried again, and what a person must look at. */

import { errorText } from '@apledger/text';
import type { ServiceError } from '@grpc/grpc-js';
import { LogError } from '../errors.ts';
import type { Endpoint } from './address.ts';

/**
 * - `unavailable`: the node does not answer, is not ready, or the connection broke. `timeout`: no answer in time.
 *   `not-leader`: another node leads. These pass.
 * - `wrong-expected-version`, `stream-not-found`, `stream-deleted`, `invalid-position`: answers of a server.
 * - `access-denied`, `too-large`, `unknown`: nothing that waiting would change.
 */
type FaultKind =
  | 'unavailable'
  | 'timeout'
  | 'not-leader'
  | 'wrong-expected-version'
  | 'stream-not-found'
  | 'stream-deleted'
  | 'invalid-position'
  | 'access-denied'
  | 'too-large'
  | 'unknown';

interface FaultDetails {
  /** Where the stream ends, for `wrong-expected-version`: -1 for no stream. */
  readonly actual?: number;
  /** Who leads, for `not-leader`. */
  readonly leader?: Endpoint;
}

/** A call that failed. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly kind: FaultKind;
  readonly actual: number | undefined;
  readonly leader: Endpoint | undefined;

  constructor(kind: FaultKind, message: string, { actual, leader }: FaultDetails = {}) {
    super(message);
    this.kind = kind;
    this.actual = actual;
    this.leader = leader;
  }
}

/** History that ends before the position at which the log ended a moment ago. */
export class NotThereYet extends Error {
  override readonly name = 'NotThereYet';

  constructor(position: number) {
    super(`this node does not reach position ${position}: it lags behind, or has lost what was there`);
  }
}

export function isFault(error: unknown, kind: FaultKind): error is Fault {
  return error instanceof Fault && error.kind === kind;
}

/** Whether the same call may well succeed a moment later. */
export function isTransient(error: unknown): boolean {
  if (error instanceof NotThereYet) return true;
  if (error instanceof LogError) return error.code === 'unreachable' && isTransient(error.cause);
  return error instanceof Fault && ['unavailable', 'timeout', 'not-leader'].includes(error.kind);
}

/** What gRPC says when a connection breaks, or was closed, under a running call. */
const BROKEN = /RST_STREAM|Session closed|Channel (?:has been )?(?:shut|closed)|ECONN|GOAWAY/i;

/** Numbers of google.rpc.Code. */
const CODE = {
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  permissionDenied: 7,
  aborted: 10,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** An error of gRPC by the trailers that the server sends with it, and else by its status. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (!(error instanceof Error) || !('code' in error && 'metadata' in error))
    return new Fault('unknown', errorText(error));
  const { code, metadata, ...rest } = error as ServiceError;
  const details = rest.details.replace(/\. Resolution note: *$/, '');
  const trailer = (name: string): string => String(metadata.get(name)[0] ?? '');
  switch (trailer('exception')) {
    case 'not-leader': {
      const [host, port] = [trailer('leader-endpoint-host'), Number(trailer('leader-endpoint-port'))];
      return new Fault('not-leader', details, host === '' ? {} : { leader: { host, port } });
    }
    case 'stream-deleted':
    case 'stream-not-found':
    case 'access-denied':
      return new Fault(trailer('exception') as FaultKind, details);
    case 'wrong-expected-version':
      return new Fault('wrong-expected-version', details, { actual: Number(trailer('actual-version')) });
    case 'maximum-append-size-exceeded':
      return new Fault('too-large', details);
  }
  return new Fault(kindOf(code, details), details);
}

function kindOf(code: number, details: string): FaultKind {
  // Newer servers also limit single events, with an exception of its own.
  if (/Maximum Append (?:Event )?Size/i.test(details)) return 'too-large';
  switch (code) {
    case CODE.cancelled:
    case CODE.unavailable:
      return 'unavailable';
    case CODE.deadlineExceeded:
    case CODE.aborted:
      return 'timeout';
    case CODE.permissionDenied:
    case CODE.unauthenticated:
      return 'access-denied';
    case CODE.invalidArgument:
      return /invalid position/i.test(details) ? 'invalid-position' : 'unknown';
    case CODE.internal:
      return BROKEN.test(details) ? 'unavailable' : 'unknown';
    default:
      return BROKEN.test(details) ? 'unavailable' : 'unknown';
  }
}

/** A fault as a LogError; a TypeError of the caller's stays what it is. */
export function asLogError(error: unknown, place: string): LogError | TypeError {
  if (error instanceof LogError || error instanceof TypeError) return error;
  const reason = errorText(error);
  if (isTransient(error)) {
    const remedy = 'see that the servers run, that one of them leads, and that it can be reached';
    return new LogError('unreachable', place, reason, { remedy, cause: error });
  }
  if (isFault(error, 'access-denied')) {
    return new LogError('denied', place, `the server denies access: ${reason || 'access denied'}`, {
      remedy:
        'check user and password in the connection string, and that the user may read $all and its streams and ' +
        'write the streams of the log',
      cause: error,
    });
  }
  if (isFault(error, 'stream-deleted')) {
    return new LogError('corrupted', place, `a stream of the log was tombstoned: ${reason}`, {
      remedy: 'a tombstone cannot be undone: restore the log from a backup',
      cause: error,
    });
  }
  if (isFault(error, 'too-large')) {
    return new LogError('too-large', place, reason, {
      remedy: "split the command, or raise the server's MaxAppendSize (MaxAppendEventSize)",
      cause: error,
    });
  }
  return new LogError('io', place, reason, { remedy: "look at the server's log", cause: error });
}

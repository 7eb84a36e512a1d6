/**
 * What can go wrong with a log, as types that a caller can tell apart.
 *
 * A conflict of writers (`WrongExpectedRevision`) is ordinary: decide again and append again. A `LogError` says
 * that the store itself cannot serve; its message names the thing, the reason and what a person can do about it.
 */

/** The stream did not end where the writer believed. Nothing was written. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';
  readonly stream: string;
  readonly expected: number | 'none' | 'any';
  /** Revision of the stream's last fact, `none` when there is no such stream. */
  readonly actual: number | 'none';

  constructor(stream: string, expected: number | 'none' | 'any', actual: number | 'none') {
    super(
      `stream ${stream} ends at ${actual}, but the writer expected ${expected}: read it again and decide again`,
    );
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * - `missing`: there is no log at the path. `not-a-directory`: something else is there.
 * - `not-a-log`: a file of another kind. `newer-version`: a log written by a newer apledger.
 * - `corrupted`: what is stored cannot have been written so; `position` says where, when known.
 * - `disk-full`, `read-only`, `locked`: the store refused; nothing of the append was kept. `io`: it failed.
 * - `too-large`: a commit exceeds a bound. `overloaded`: too many appends wait. `closed`: the log was closed.
 * - `unreachable`: no server answered in time. `denied`: it refused these credentials, or what they may not do; or this user
 *   may not read the file.
 *   `other-configuration`: the server holds something of this name that is not kept as a log must be.
 *
 * Of an append that failed with `unreachable` or `io` it may be unknown whether it was kept: `mayBeKept` says so.
 */
export type LogErrorCode =
  | 'missing'
  | 'not-a-directory'
  | 'not-a-log'
  | 'newer-version'
  | 'corrupted'
  | 'disk-full'
  | 'read-only'
  | 'locked'
  | 'io'
  | 'too-large'
  | 'overloaded'
  | 'unreachable'
  | 'denied'
  | 'other-configuration'
  | 'closed';

const REMEDIES: Readonly<Record<LogErrorCode, string>> = {
  missing: 'check the path; apledger run --data DIR, apledger import and the service begin a new log',
  'not-a-directory': 'name a directory that holds, or shall hold, the log',
  'not-a-log': 'name another directory; this file was left as it is',
  'newer-version': 'use the newer apledger that wrote it',
  corrupted: 'keep the files as they are, run verify, and restore a copy',
  'disk-full': 'make room, then append again; what was acknowledged is kept',
  'read-only': 'give this user the right to write there; what only reads a log does without it',
  locked: 'find the process that holds the lock, or wait longer (busyTimeoutMs)',
  io: "look at the system's log for the disk",
  'too-large': 'split the command',
  overloaded: 'append again later, with fewer writers at once',
  unreachable: 'see that the servers run and can be reached',
  denied: "check user, password and certificates, and what the server's configuration permits them",
  'other-configuration': 'change its configuration, or name another log',
  closed: 'open the log again',
};

interface LogErrorDetails {
  readonly remedy?: string;
  /** First position concerned, and with `lastPosition` the run that cannot be read: reading may resume after it. */
  readonly position?: number;
  readonly lastPosition?: number;
  readonly cause?: unknown;
  /** It is not known whether the append was kept. Default: it was not. */
  readonly mayBeKept?: boolean;
}

/** The store cannot serve: `code` for programs; path, reason and remedy in the message for people. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  /** The file, directory or server concerned. */
  readonly path: string;
  readonly reason: string;
  readonly remedy: string;
  readonly position: number | undefined;
  readonly lastPosition: number | undefined;
  /** True for an append of which it is not known whether it was kept: to repeat it with the same command id is safe. */
  readonly mayBeKept: boolean;

  constructor(code: LogErrorCode, path: string, reason: string, details: LogErrorDetails = {}) {
    const remedy = details.remedy ?? REMEDIES[code];
    super(`${path}: ${reason} (${code}); ${remedy}`, { cause: details.cause });
    this.code = code;
    this.path = path;
    this.reason = reason;
    this.remedy = remedy;
    this.position = details.position;
    this.lastPosition = details.lastPosition ?? details.position;
    this.mayBeKept = details.mayBeKept ?? false;
  }
}

/** The failure of an append that may have been kept all the same. */
export function unsettled(error: LogError): LogError {
  if (error.mayBeKept) return error;
  return new LogError(
    error.code,
    error.path,
    `it is not known whether the append was kept: ${error.reason}`,
    {
      remedy: `${error.remedy}, then repeat it with the same command id`,
      cause: error.cause ?? error,
      mayBeKept: true,
    },
  );
}

/** What SQLite and the file system report, in the words of `LogError`. */

import { accessSync, constants } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '@apledger/text';
import { LogError, type LogErrorCode } from '../errors.ts';
import { readFault } from './unreadable.ts';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html) that have a meaning of their own here. */
const BUSY = 5;
const CANTOPEN = 14;
const CODES: ReadonlyMap<number, LogErrorCode> = new Map([
  [BUSY, 'locked'],
  [6, 'locked'],
  [8, 'read-only'],
  [11, 'corrupted'],
  [13, 'disk-full'],
  [18, 'too-large'],
  [26, 'not-a-log'],
]);

/** SQLITE_IOERR_SHMSIZE: the index of the WAL could not grow, which only a full disk explains. */
const IOERR_SHMSIZE = 10 | (19 << 8);

const ERRNOS: ReadonlyMap<string, LogErrorCode> = new Map([
  ['ENOENT', 'missing'],
  ['ENOTDIR', 'not-a-directory'],
  ['EEXIST', 'not-a-directory'],
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EROFS', 'read-only'],
  ['EACCES', 'read-only'],
  ['EPERM', 'read-only'],
]);

/** SQLite's extended result code of an error of node:sqlite, undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** The error as a LogError about `path`; what is no fault of the store is given back as it is. */
export function asLogError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof LogError) return error;
  const code = resultCode(error);
  if (code !== undefined) {
    const known = code === IOERR_SHMSIZE ? 'disk-full' : CODES.get(code & 0xff);
    const fault = known === 'corrupted' ? readFault(path) : undefined;
    if (fault !== undefined) return new LogError('io', path, fault.message, { cause: error });
    if ((code & 0xff) === CANTOPEN && !mayRead(path)) return notForThisUser(path, error);
    return new LogError(known ?? 'io', path, `SQLite: ${error.message} [${code}]`, { cause: error });
  }
  const errno = errorCode(error) ?? '';
  // An integer that JavaScript cannot hold was never written by this adapter.
  if (errno === 'ERR_OUT_OF_RANGE') return new LogError('corrupted', path, error.message, { cause: error });
  if ('syscall' in error && error.syscall === 'stat' && errno === 'EACCES')
    return notForThisUser(path, error);
  const known = ERRNOS.get(errno);
  if (known !== undefined) return new LogError(known, path, error.message, { cause: error });
  return 'syscall' in error ? new LogError('io', path, error.message, { cause: error }) : error;
}

/** Whether the system lets this user read the file; true for one that is not there. */
export function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch (error) {
    return errorCode(error) !== 'EACCES';
  }
}

/** SQLite says only that it cannot open the file, which sounds like a fault of the disk. */
export const notForThisUser = (path: string, cause: unknown): LogError =>
  new LogError('denied', path, 'this user may not read it', {
    remedy: 'let this user read it, or run apledger as its owner',
    cause,
  });

/** Pause before asking again for a lock that another process holds. */
const LOCK_RETRY_MS = 5;

/**
 * Runs `work`, again and again while another process holds the lock that it needs, without blocking this process.
 * Throws LogError: `locked` when it was held for `waitMs` milliseconds, counted from `since` (of performance.now(); default:
 * now), or whatever else the store reports.
 */
export async function patiently<T>(
  path: string,
  waitMs: number,
  work: () => T,
  since = performance.now(),
): Promise<T> {
  const deadline = since + waitMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (((resultCode(error) ?? 0) & 0xff) !== BUSY) throw asLogError(error, path);
      if (performance.now() >= deadline) {
        const heldMs = Math.round(performance.now() - since);
        const reason = `another process has held the log for ${heldMs} ms`;
        throw new LogError('locked', path, reason, { cause: error });
      }
    }
    await delay(LOCK_RETRY_MS);
  }
}

/**
 * Files that only their owner may read: an audit log and what is folded from it tell who holds which keys.
 *
 * SQLite gives its -wal and -shm the mode of the database, so the database must have its mode before SQLite opens it.
 */
import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorCode } from '@apledger/text';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;
const OF_OTHERS = 0o077;
/** What SQLite keeps beside a database. */
export const SIDE_FILES = ['-wal', '-shm'] as const;

/** Gets a line for people when a mode was changed, or could not be. */
export type Report = (message: string) => void;

/**
 * Makes the directory and those above it that are missing, mode 0700; gives the topmost that was made. One that is there keeps its mode: it
 * may be shared with others. Throws what mkdir throws. Step by step, as Node's `recursive` never ends where a directory cannot be made
 * and the reason is ENOENT, as in /proc.
 */
export function makePrivateDirectory(directory: string): string | undefined {
  const missing: string[] = [];
  for (let at = resolve(directory); !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const at of missing) {
    try {
      mkdirSync(at, PRIVATE_DIRECTORY);
    } catch (error) {
      // Another process may be as fast.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  return missing[0];
}

/** Makes the SQLite file with mode 0600 when it is missing, else takes the rights of group and others from it and the files beside it. */
export function keepPrivate(path: string, report: Report = () => {}): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, 'a', PRIVATE_FILE));
  else for (const suffix of ['', ...SIDE_FILES]) narrow(path + suffix, report);
}

function narrow(path: string, report: Report): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || !found.isFile() || (found.mode & OF_OTHERS) === 0) return;
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0');
  try {
    chmodSync(path, PRIVATE_FILE);
    report(`${path} could be read by other users (mode ${mode}); its mode is 0600 now`);
  } catch {
    report(`${path} can be read by other users (mode ${mode}): let its owner type chmod 600 ${path}`);
  }
}

/** Files that are there as a whole or not at all, and stay when the power fails. */
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LogError } from '@apledger/event-log';
import { errorCode } from '@apledger/text';

type Doing = 'read' | 'write';

/** What the system says about a file of the seal, in one line for people; what is none of its errors is given back as it is. */
function asFault(error: unknown, path: string, doing: Doing): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const details = { cause: error };
  if (errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM')
    return new LogError('denied', path, `this user may not ${doing} it`, {
      ...details,
      remedy: `let this user ${doing} it, or run apledger as its owner`,
    });
  if (errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT')
    return new LogError('disk-full', path, error.message, {
      ...details,
      remedy: 'make room, and seal again',
    });
  if (errorCode(error) === 'EROFS') return new LogError('read-only', path, error.message, details);
  return new LogError('io', path, error.message, details);
}

/** Works on the file of that path. Throws LogError for what the system refuses. */
export async function onFile<T>(path: string, doing: Doing, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFault(error, path, doing);
  }
}

let made = 0;

/** Writes beside the path, on disk before this resolves; gives the path of what was written. */
async function written(path: string, content: Uint8Array | string, mode: number): Promise<string> {
  const half = `${path}.${process.pid}-${++made}.tmp`;
  const file = await open(half, 'wx', mode).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(half, 'wx', mode);
  });
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
  return half;
}

/** Replaces the file. The name is on disk after `syncDirectory`. */
export async function replaceFile(path: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  await onFile(path, 'write', async () => rename(await written(path, content, mode), path));
}

/** Makes the file; false, and nothing is changed, when there is one. Atomic on network file systems too. */
export async function createFile(path: string, content: string, mode: number): Promise<boolean> {
  return onFile(path, 'write', async () => {
    const half = await written(path, content, mode);
    try {
      await link(half, path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(half, { force: true });
    }
  });
}

/** Makes a directory that only its owner may enter. */
export async function makeOwnDirectory(path: string): Promise<void> {
  await onFile(path, 'write', () => mkdir(path, { recursive: true, mode: 0o700 }));
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await onFile(path, 'read', () => open(path, 'r'));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The file's bytes; undefined when it is not there. Throws LogError when it is, and cannot be read. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return onFile(path, 'read', () => readFile(path).catch(unlessMissing));
}

/** Of an error that says that there is no such file, undefined. */
export function unlessMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
}

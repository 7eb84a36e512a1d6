/** Files that are there as a whole or not at all, and stay when the power fails. */
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

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
  await rename(await written(path, content, mode), path);
}

/** Makes the file; false, and nothing is changed, when there is one. Atomic on network file systems too. */
export async function createFile(path: string, content: string, mode: number): Promise<boolean> {
  const half = await written(path, content, mode);
  try {
    await link(half, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(half, { force: true });
  }
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** The file's bytes; undefined when it is not there. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Files that a command line names; `-` is standard input. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { Failure } from '@apledger/command-line';
import { errorText } from '@apledger/text';

/** The file. Throws Failure(2); `option` is the one that named it, when one did. */
async function inputBytes(path: string, option?: string): Promise<Buffer> {
  try {
    return path === '-' ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw unusable(path, error, option);
  }
}

/** The same as text. A byte order mark stays: to a shell it would mean something. */
export async function inputText(path: string, option?: string): Promise<string> {
  const bytes = await inputBytes(path, option);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unusable(path, error, option);
  }
}

/** What is said of a file that cannot be read or understood. */
export const unusable = (path: string, error: unknown, option?: string): Failure =>
  new Failure(2, `${option === undefined ? '' : `${option} `}${inputName(path)}: ${errorText(error)}`, error);

/** How messages name it. */
export const inputName = (path: string): string => (path === '-' ? 'standard input' : path);

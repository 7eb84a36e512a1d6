/** The spool's directory: a file that grows by whole records, and files that are replaced as a whole. */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@apledger/text';

const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

export const makeDirectory = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: PRIVATE_DIRECTORY });
};

/** Undefined when there is no such file. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The file has this content, or the one before, whatever happens. */
export async function replace(directory: string, name: string, content: string): Promise<void> {
  const [path, next] = [join(directory, name), join(directory, `${name}.new`)];
  const file = await open(next, 'w', PRIVATE_FILE);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await file.close();
    // What is left of it may be what fills the disk.
    await unlink(next).catch(() => undefined);
    throw error;
  }
  await file.close();
  await rename(next, path);
  await syncDirectory(directory);
}

/** A name in the directory lasts when the directory is on the disk. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Appends to a file whose end is known. */
export class Appender {
  readonly #file: FileHandle;
  #length: number;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** What lies behind `length` is cut off. */
  static async open(path: string, length: number): Promise<Appender> {
    const file = await open(path, constants.O_RDWR, PRIVATE_FILE);
    await file.truncate(length);
    return new Appender(file, length);
  }

  get length(): number {
    return this.#length;
  }

  /** The text is on the disk when this resolves. When it throws, nobody knows how much of it is, and the file must be replaced. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.#length + at);
      at += bytesWritten;
    }
    await this.#file.datasync();
    this.#length += bytes.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The files of an import. Each is read whole before anything is done. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Reading, readImport, Unreadable } from '@apledger/capture';
import { Failure } from '@apledger/command-line';
import { errorText } from '@apledger/text';

/** A capture of 20,000 queues has about 100 MB. */
const MAX_BYTES = 512 * 1024 * 1024;

/** Throws Failure for a file that cannot be read or understood. */
export async function readFiles(files: readonly string[]): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (const file of files) {
    const name = file === '-' ? 'standard input' : basename(file);
    try {
      readings.push(await readImport(await bytesOf(file), name));
    } catch (error) {
      const reason = errorText(error).replace(/\.$/, '');
      if (error instanceof Unreadable || (error as NodeJS.ErrnoException).code !== undefined)
        throw new Failure(2, `${file}: ${reason}. Nothing was imported.`);
      throw error;
    }
  }
  return readings;
}

/** A file whole; `-` is standard input. Throws Unreadable when it is too long. */
export async function bytesOf(file: string): Promise<Uint8Array> {
  if (file === '-') return whole(process.stdin);
  const handle = await open(file, 'r');
  try {
    return await whole(handle.createReadStream({ autoClose: false }));
  } finally {
    await handle.close();
  }
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new Unreadable(`it has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

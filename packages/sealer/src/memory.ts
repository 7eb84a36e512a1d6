/**
 * What a signer has signed last, kept outside the log: the one thing that a restored backup does not bring back.
 *
 * Every signature is announced here first, as a file that names the size and root and can be made only once: a sealer that
 * believes another one to be the last loses. That works between machines that share the directory.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { base64Of, decimalOf, EvidenceError, fromBase64, parseCheckpoint } from '@apledger/evidence';
import { createFile, makeOwnDirectory, onFile, syncDirectory, unlessMissing } from './files.ts';
import type { TileFiles } from './tile-files.ts';

export interface Signed {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** What was signed last, and its number in the order of signing; number 0 = nothing yet. */
export interface Remembered {
  readonly number: number;
  readonly last: Signed | undefined;
}

/**
 * What was signed last: as the signer remembers it, and by the checkpoint that lies beside the log where a signer remembers nothing, as a
 * new one does that takes the place of a lost one. Throws EvidenceError when neither can be read.
 */
export async function lastSigned({ files, signer }: Signing): Promise<Remembered> {
  const remembered = await signer.memory.last();
  if (remembered.last !== undefined) return remembered;
  const note = await files.readCheckpoint();
  if (note === undefined) return remembered;
  const { origin, size, root } = parseCheckpoint(note);
  return { ...remembered, last: { origin, size, root: Buffer.from(root) } };
}

interface Signing {
  readonly files: Pick<TileFiles, 'readCheckpoint'>;
  readonly signer: { readonly memory: SignerMemory };
}

/** Entries that are kept behind the last one. */
const KEPT = 8;
const NAME = /^signed-(\d{12})$/;
const nameOf = (number: number): string => `signed-${String(number).padStart(12, '0')}`;

export class SignerMemory {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws EvidenceError when the entry cannot be read. */
  async last(): Promise<Remembered> {
    const number = Math.max(0, ...(await this.#numbers()));
    if (number === 0) return { number, last: undefined };
    const path = join(this.#directory, nameOf(number));
    try {
      const [origin = '', size = '', root = ''] = (
        await onFile(path, 'read', () => readFile(path, 'utf8'))
      ).split('\n');
      return { number, last: { origin, size: decimalOf(size), root: Buffer.from(fromBase64(root)) } };
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      throw new EvidenceError(
        `${path}: ${error.message}; the signer does not know what it signed last. Restore the file, or name a new beginning with "apledger log fork --reason TEXT"`,
      );
    }
  }

  /** Makes `next` the last, provided that `before` still is; false when another sealer was faster. On disk when it resolves. */
  async advance(before: Remembered, next: Signed): Promise<boolean> {
    await makeOwnDirectory(this.#directory);
    const number = before.number + 1;
    const entry = `${next.origin}\n${next.size}\n${base64Of(next.root)}\n`;
    if (!(await createFile(join(this.#directory, nameOf(number)), entry, 0o600))) return false;
    await syncDirectory(this.#directory);
    const numbers = await this.#numbers();
    // Old entries are removed: one with our number may have been there, long ago.
    if (Math.max(...numbers) > number) {
      await rm(join(this.#directory, nameOf(number)), { force: true });
      return false;
    }
    for (const old of numbers.filter((each) => each <= number - KEPT))
      await rm(join(this.#directory, nameOf(old)), { force: true });
    return true;
  }

  async #numbers(): Promise<number[]> {
    const names = await onFile(this.#directory, 'read', () => readdir(this.#directory).catch(unlessMissing));
    return (names ?? []).flatMap((name) => {
      const found = NAME.exec(name);
      return found === null ? [] : [Number(found[1])];
    });
  }
}

/**
 * The signer: a directory beside the log and not in it, with the key, what was signed last, and the forks.
 *
 *     key, key.pub     the private key (mode 0600) and the verifier key, as Go's note package writes them
 *     signed-...       what was signed last (memory.ts)
 *     forks            a line for each log that a later one took over from; it stands in every checkpoint
 */
import { join } from 'node:path';
import { type CheckpointBody, checkpointText, noteText, utf8 } from '@apledger/evidence';
import { readIfThere } from './files.ts';
import { type Key, openKey } from './keys.ts';
import { SignerMemory } from './memory.ts';

export interface SignerOptions {
  readonly directory: string;
  /** Name of the log when its key is made here. */
  readonly origin?: string | undefined;
  /** As in KeyOptions. */
  readonly signWith?: string | undefined;
}

export class Signer {
  readonly directory: string;
  readonly memory: SignerMemory;
  readonly #options: SignerOptions;

  constructor(options: SignerOptions) {
    this.directory = options.directory;
    this.memory = new SignerMemory(options.directory);
    this.#options = options;
  }

  /** The key that signs now, made when there is none; read anew each time, since it may be rotated. Throws EvidenceError. */
  open(): Promise<{ readonly key: Key; readonly isNew: boolean }> {
    const { directory, origin: name, signWith } = this.#options;
    return openKey({ directory, kind: 'log', name, signWith });
  }

  /** Lines that stand in every checkpoint. */
  async extensions(): Promise<readonly string[]> {
    const forks = (await readIfThere(join(this.directory, 'forks')))?.toString() ?? '';
    return forks.split('\n').filter((line) => line !== '');
  }
}

/** The signed note of a checkpoint. */
export async function signCheckpoint(body: CheckpointBody, keys: readonly Key[]): Promise<string> {
  const text = checkpointText(body);
  const signatures = await Promise.all(
    keys.map(async ({ verifier: { name, id }, sign }) => ({
      name,
      id,
      signature: Uint8Array.from(await sign(utf8(text))),
    })),
  );
  return noteText({ text, signatures });
}

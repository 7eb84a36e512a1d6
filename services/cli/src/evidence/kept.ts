/** Checkpoints and evidence files that somebody kept, and whom to trust. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@apledger/command-line';
import {
  checkInclusion,
  EvidenceError,
  factOf,
  isProofFile,
  type Policy,
  parseCheckpoint,
  parsePolicy,
  parseProofFile,
} from '@apledger/evidence';
import { type Kept, leafHashOf } from '@apledger/sealer';
import { inputName, inputText, unusable } from '../input.ts';

/** What `--since` names: a checkpoint, an evidence file, or a directory of them. Throws Failure(2). */
export async function readKept(path: string): Promise<readonly Kept[]> {
  try {
    if (path === '-' || !(await stat(path)).isDirectory()) return [await keptIn(path)];
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort();
    if (names.length === 0) throw new Error('the directory is empty');
    return await Promise.all(names.map((name) => keptIn(join(path, name))));
  } catch (error) {
    throw error instanceof Failure ? error : unusable(path, error, '--since');
  }
}

async function keptIn(path: string): Promise<Kept> {
  const text = await inputText(path, '--since');
  try {
    if (!isProofFile(text)) return { name: path, checkpoint: parseCheckpoint(text) };
    const file = parseProofFile(text);
    await checkInclusion(file);
    const { stream, revision } = factOf(file);
    return {
      name: path,
      checkpoint: file.checkpoint,
      leaf: { index: file.index, hash: leafHashOf({ stream, revision, sealed: file.sealed }) },
    };
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error;
    throw new Failure(2, `${inputName(path)} is no checkpoint and no evidence file: ${error.message}`, error);
  }
}

/** The policy in a file, and its text. Throws Failure(2). */
export async function readPolicyText(
  path: string,
): Promise<{ readonly text: string; readonly policy: Policy }> {
  const text = await inputText(path, '--policy');
  try {
    return { text, policy: await parsePolicy(text) };
  } catch (error) {
    throw unusable(path, error, '--policy');
  }
}

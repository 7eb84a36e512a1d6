/** Checkpoints (c2sp.org/tlog-checkpoint): which log, how many leaves, which root; and lines that only we read. */
import { type Bytes, base64Of, decimalOf, fromBase64 } from './bytes.ts';
import { EvidenceError } from './error.ts';
import { HASH_BYTES } from './hash.ts';
import { isKeyName, type Note, parseNote } from './note.ts';

/** What a checkpoint says. */
export interface CheckpointBody {
  /** Name of the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  /** Further lines; of ours, `forked ORIGIN SIZE ROOT` names the log that this one took over from. */
  readonly extensions: readonly string[];
}

export interface Checkpoint extends CheckpointBody {
  readonly root: Bytes;
  readonly note: Note;
}

/** The text that is signed. */
export const checkpointText = ({ origin, size, root, extensions }: CheckpointBody): string =>
  [origin, size, base64Of(root), ...extensions].map((line) => `${line}\n`).join('');

/** Reads a signed checkpoint; its signatures are not checked by that. Throws EvidenceError. */
export function parseCheckpoint(text: string): Checkpoint {
  const note = parseNote(text);
  const [origin = '', size = '', root = '', ...extensions] = note.text.slice(0, -1).split('\n');
  if (!isKeyName(origin)) throw new EvidenceError('it is no checkpoint: its first line is no name of a log');
  if (extensions.includes('')) throw new EvidenceError('it is no checkpoint: it has an empty line');
  const hash = fromBase64(root);
  if (hash.length !== HASH_BYTES) throw new EvidenceError('it is no checkpoint: its root has not 32 bytes');
  return { origin, size: decimalOf(size), root: hash, extensions, note };
}

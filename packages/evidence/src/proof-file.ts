/**
 * Evidence files (c2sp.org/tlog-proof): a fact, the way from its leaf to the root, and the signed checkpoint.
 *
 * `extra` holds the 64 hexadecimal digits of the hash before the fact in its stream, and right behind them the fact's
 * canonical JSON (RFC 8785). The SHA-256 of just these bytes is the hash in the leaf: sha256sum can compute it.
 */
import { type Bytes, base64Of, decimalOf, fromBase64, textOf, utf8 } from './bytes.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { EvidenceError } from './error.ts';
import { HASH_BYTES } from './hash.ts';

const FORM = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^63 leaves needs no more. */
const MAX_HASHES = 63;

export interface ProofFile {
  /** Hash before the fact, and the fact: what the chain hash is made of. */
  readonly sealed: Bytes;
  readonly index: number;
  readonly proof: readonly Bytes[];
  readonly checkpoint: Checkpoint;
}

/** The file's text; `checkpoint` is the signed note as it is. */
export function proofText(
  sealed: string,
  index: number,
  proof: readonly Uint8Array[],
  checkpoint: string,
): string {
  const hashes = proof.map((hash) => `${base64Of(hash)}\n`).join('');
  return `${FORM}\nextra ${base64Of(utf8(sealed))}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

export const isProofFile = (text: string): boolean => text.startsWith(`${FORM}\n`);

/** Reads an evidence file; nothing is checked by that. Throws EvidenceError. */
export function parseProofFile(text: string): ProofFile {
  const end = text.indexOf('\n\n');
  const [form, extra = '', index = '', ...hashes] = text.slice(0, Math.max(end, 0)).split('\n');
  if (form !== FORM) throw new EvidenceError(`it is no evidence file: the first line must be ${FORM}`);
  if (!extra.startsWith('extra '))
    throw new EvidenceError('it has no fact: the second line must begin with "extra"');
  if (!index.startsWith('index '))
    throw new EvidenceError('it has no index: the third line must begin with "index"');
  if (hashes.length > MAX_HASHES) throw new EvidenceError(`it has more than ${MAX_HASHES} hashes`);
  const proof = hashes.map(fromBase64);
  if (proof.some(({ length }) => length !== HASH_BYTES))
    throw new EvidenceError('a hash of the proof has not 32 bytes');
  return {
    sealed: fromBase64(extra.slice('extra '.length)),
    index: decimalOf(index.slice('index '.length)),
    proof,
    checkpoint: parseCheckpoint(text.slice(end + 2)),
  };
}

/** A fact as an evidence file has it. */
export interface SealedFact {
  /** Hex SHA-256 of the fact before it in the stream, 64 zeros for none. */
  readonly previous: string;
  readonly stream: string;
  readonly revision: number;
  /** The whole envelope. */
  readonly envelope: Readonly<Record<string, unknown>>;
}

/** The fact in an evidence file. Throws EvidenceError. */
export function factOf({ sealed }: Pick<ProofFile, 'sealed'>): SealedFact {
  const text = textOf(sealed);
  const previous = text.slice(0, 64);
  if (!/^[0-9a-f]{64}$/.test(previous))
    throw new EvidenceError('the fact does not begin with the hash before it');
  let envelope: unknown;
  try {
    envelope = JSON.parse(text.slice(64));
  } catch {
    throw new EvidenceError('the fact is no JSON');
  }
  if (typeof envelope !== 'object' || envelope === null) throw new EvidenceError('the fact is no object');
  const { stream, revision } = envelope as { readonly stream?: unknown; readonly revision?: unknown };
  if (typeof stream !== 'string' || typeof revision !== 'number' || !Number.isSafeInteger(revision))
    throw new EvidenceError('the fact names no stream or no revision');
  return { previous, stream, revision, envelope: envelope as Readonly<Record<string, unknown>> };
}

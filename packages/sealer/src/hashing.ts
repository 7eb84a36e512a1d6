/** The hashes of RFC 6962, at once: building a tree of a million leaves has no time to wait for each. */
import { hash } from 'node:crypto';
import type { RecordedFact } from '@apledger/event-log';
import { HASH_BYTES, type Leaf, leafText } from '@apledger/evidence';

const NODE_BYTES = 1 + 2 * HASH_BYTES;
const scratch = Buffer.alloc(NODE_BYTES, 1);

/** Hash of two subtrees. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  scratch.set(left, 1);
  scratch.set(right, 1 + HASH_BYTES);
  return hash('sha256', scratch, 'buffer');
}

/** Hash of a leaf. Throws EvidenceError for a stream whose name cannot stand in one. */
export const leafHash = (leaf: Leaf): Buffer => hash('sha256', `\0${leafText(leaf)}`, 'buffer');

/** The leaf of a fact as the log has it. */
export const leafOf = ({ stream, revision, hash }: Pick<RecordedFact, keyof Leaf>): Leaf => ({
  stream,
  revision,
  hash,
});

export const EMPTY_ROOT = hash('sha256', '', 'buffer');

/** Root of a run of subtrees that are complete, the largest first. */
export function rootOf(subtrees: readonly Uint8Array[]): Buffer {
  const last = subtrees.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  return subtrees.slice(0, -1).reduceRight<Buffer>((right, left) => nodeHash(left, right), Buffer.from(last));
}

/** Hashes of the complete subtrees over these, 32 bytes each: of one hash each, then of two, of four, and so on. */
export function subtreesOf(hashes: Buffer): readonly Buffer[] {
  const levels = [hashes];
  for (let level: Buffer = hashes; level.length >= 2 * HASH_BYTES; levels.push(level)) level = pairsOf(level);
  return levels;
}

/** Hashes of two neighbours each; one that has none is left out. */
function pairsOf(level: Buffer): Buffer<ArrayBuffer> {
  const pairs = Math.floor(level.length / (2 * HASH_BYTES));
  const up = Buffer.allocUnsafe(pairs * HASH_BYTES);
  for (let at = 0; at < up.length; at += HASH_BYTES)
    nodeHash(
      level.subarray(2 * at, 2 * at + HASH_BYTES),
      level.subarray(2 * at + HASH_BYTES, 2 * at + 2 * HASH_BYTES),
    ).copy(up, at);
  return up;
}

/** Hash of a complete subtree over these hashes: a power of two of 32 bytes each. */
export function subtreeHash(hashes: Uint8Array): Buffer {
  let level = Buffer.from(hashes);
  while (level.length > HASH_BYTES) level = pairsOf(level);
  return level;
}

/** Hash of the leaf that an evidence file proves; `sealed` is the hash before the fact, and its canonical JSON. */
export const leafHashOf = ({
  stream,
  revision,
  sealed,
}: Omit<Leaf, 'hash'> & { readonly sealed: Uint8Array }): Buffer =>
  leafHash({ stream, revision, hash: hash('sha256', sealed, 'hex') });

/**
 * The Merkle tree of RFC 6962, section 2.1: which subtrees a proof consists of, and what proofs come to.
 *
 * Making a proof is a matter of ranges of leaves, whose hashes somebody looks up; checking one is a matter of hashes
 * alone. Neither knows where hashes are kept.
 */
import { areEqual, type Bytes } from './bytes.ts';
import { EvidenceError } from './error.ts';
import { emptyRoot, nodeHash } from './hash.ts';

/** The leaves from `from` up to but not including `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The largest power of two below a count of at least 2: where RFC 6962 divides a tree. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** Complete subtrees that make up the range, from the left; the range must begin at a multiple of its largest one. */
export function completeSubtrees({ from, to }: Range): readonly Range[] {
  const found: Range[] = [];
  for (let at = from; at < to; ) {
    let size = 1;
    while (size * 2 <= to - at) size *= 2;
    found.push({ from: at, to: at + size });
    at += size;
  }
  return found;
}

/** Ranges whose hashes prove that the leaf is in a tree of that size, from its neighbour up. Throws EvidenceError. */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!(index >= 0 && index < size))
    throw new EvidenceError(`there is no leaf ${index} in a tree of ${size}`);
  const ranges: Range[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** Ranges whose hashes prove that a tree of size `old` is the beginning of one of `size`; none for 0 and for equal sizes. */
export function consistencyRanges(old: number, size: number): readonly Range[] {
  if (old > size) throw new EvidenceError(`a tree of ${size} cannot continue one of ${old}`);
  if (old === 0 || old === size) return [];
  const ranges: Range[] = [];
  let [from, to] = [0, size];
  let isWhole = true; // the old tree itself, which the verifier has
  while (to !== old) {
    const middle = from + splitOf(to - from);
    if (old <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
      isWhole = false;
    }
  }
  if (!isWhole) ranges.push({ from, to });
  return ranges.reverse();
}

/** Root that follows from a leaf's hash and its proof. Throws EvidenceError for a proof of another length. */
export async function rootByInclusion(
  index: number,
  size: number,
  leaf: Bytes,
  proof: readonly Bytes[],
): Promise<Bytes> {
  const ranges = inclusionRanges(index, size);
  if (ranges.length !== proof.length)
    throw new EvidenceError(
      `the proof has ${proof.length} hashes, and leaf ${index} of ${size} needs ${ranges.length}`,
    );
  let root = leaf;
  for (const [i, range] of ranges.entries()) {
    const other = proof[i] ?? leaf;
    root = range.from > index ? await nodeHash(root, other) : await nodeHash(other, root);
  }
  return root;
}

/** Size and root of a tree. */
export interface Tree {
  readonly size: number;
  readonly root: Bytes;
}

/** Throws EvidenceError unless the proof shows that `old` is the beginning of `tree`. */
export async function checkConsistency(old: Tree, tree: Tree, proof: readonly Bytes[]): Promise<void> {
  const ranges = consistencyRanges(old.size, tree.size);
  if (ranges.length !== proof.length)
    throw new EvidenceError(`the consistency proof has ${proof.length} hashes, and needs ${ranges.length}`);
  const isSame = old.size === tree.size;
  if (old.size === 0 ? !areEqual(old.root, await emptyRoot()) : isSame && !areEqual(old.root, tree.root))
    throw new EvidenceError(`two trees of size ${old.size} have different roots`);
  if (old.size === 0 || isSame) return;
  // The first range is the last complete subtree of the old tree, unless that is the old tree as a whole.
  const isWhole = ranges[0]?.from === old.size;
  let before = isWhole ? old.root : (proof[0] ?? old.root);
  let after = before;
  for (let i = isWhole ? 0 : 1; i < proof.length; i++) {
    const [range, hash] = [ranges[i], proof[i]];
    if (range === undefined || hash === undefined) break;
    if (range.from >= old.size) after = await nodeHash(after, hash);
    else {
      before = await nodeHash(hash, before);
      after = await nodeHash(hash, after);
    }
  }
  if (!areEqual(before, old.root))
    throw new EvidenceError(`the proof does not lead to the root of size ${old.size}`);
  if (!areEqual(after, tree.root))
    throw new EvidenceError(`the proof does not lead to the root of size ${tree.size}`);
}

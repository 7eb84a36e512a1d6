/**
 * 256-bit masks, the way the AP bus sees them: bit 0 is the leftmost (most significant) bit.
 *
 * A mask is eight 32-bit words, word 0 holding bits 0 to 31 with bit 0 on top, so that printing is word by
 * word and every set operation is eight machine operations. Masks are values: every function here returns a
 * new one and changes none. The words are signed: V8 makes an array of small integers in a third of the time
 * of a typed array.
 */

/** Number of ids that a mask can hold: APIDs and APQIs are 0 to 255. */
export const MASK_BITS = 256;
/** Words of 32 bits that hold them. */
export const MASK_WORDS = 8;

/** An immutable set of ids 0..255; eight words, bit 0 leftmost. */
export type Mask256 = { readonly length: number; readonly [word: number]: number };

/** The empty mask. */
export const EMPTY_MASK: Mask256 = Array<number>(MASK_WORDS).fill(0);
/** All 256 bits set: the default of apmask and aqmask. */
export const FULL_MASK: Mask256 = Array<number>(MASK_WORDS).fill(-1);

const word = (mask: Mask256, index: number): number => mask[index] ?? 0;
const bitOf = (id: number): number => (0x80000000 >>> (id & 31)) | 0;

/** A mask of the given ids. Throws RangeError for an id outside 0..255. */
export function maskOf(ids: Iterable<number>): Mask256 {
  const mask = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const id of ids) {
    assertId(id);
    mask[id >>> 5] = (mask[id >>> 5] ?? 0) | bitOf(id);
  }
  return mask;
}

/** The ids `first` to `last`, both included. */
export function maskOfRange(first: number, last: number): Mask256 {
  const mask = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let id = first; id <= last; id++) mask[id >>> 5] = (mask[id >>> 5] ?? 0) | bitOf(id);
  return mask;
}

/** A mask that owns the first eight of these words (copied). */
export function maskFromWords(words: ArrayLike<number>, offset = 0): number[] {
  const mask = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < MASK_WORDS; i++) mask[i] = (words[offset + i] ?? 0) | 0;
  return mask;
}

function assertId(id: number): void {
  if (!Number.isInteger(id) || id < 0 || id >= MASK_BITS) throw new RangeError(`id ${id} is not in 0..255`);
}

export function has(mask: Mask256, id: number): boolean {
  return id >= 0 && id < MASK_BITS && (word(mask, id >>> 5) & bitOf(id)) !== 0;
}

export function withBit(mask: Mask256, id: number): Mask256 {
  assertId(id);
  const result = maskFromWords(mask);
  result[id >>> 5] = word(mask, id >>> 5) | bitOf(id);
  return result;
}

export function withoutBit(mask: Mask256, id: number): Mask256 {
  assertId(id);
  const result = maskFromWords(mask);
  result[id >>> 5] = word(mask, id >>> 5) & ~bitOf(id);
  return result;
}

/** Ids in both masks. */
export function and(a: Mask256, b: Mask256): Mask256 {
  const result = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < MASK_WORDS; i++) result[i] = word(a, i) & word(b, i);
  return result;
}

/** Ids in either mask. */
export function or(a: Mask256, b: Mask256): Mask256 {
  const result = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < MASK_WORDS; i++) result[i] = word(a, i) | word(b, i);
  return result;
}

/** Ids in `a` that are not in `b`. */
export function andNot(a: Mask256, b: Mask256): Mask256 {
  const result = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < MASK_WORDS; i++) result[i] = word(a, i) & ~word(b, i);
  return result;
}

export function intersects(a: Mask256, b: Mask256): boolean {
  for (let i = 0; i < MASK_WORDS; i++) if ((word(a, i) & word(b, i)) !== 0) return true;
  return false;
}

export function equals(a: Mask256, b: Mask256): boolean {
  if (a === b) return true;
  for (let i = 0; i < MASK_WORDS; i++) if ((word(a, i) ^ word(b, i)) !== 0) return false;
  return true;
}

export function isEmpty(mask: Mask256): boolean {
  for (let i = 0; i < MASK_WORDS; i++) if (word(mask, i) !== 0) return false;
  return true;
}

/** How many ids the mask holds. */
export function count(mask: Mask256): number {
  let total = 0;
  for (let i = 0; i < MASK_WORDS; i++) {
    let bits = word(mask, i);
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    total += (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
  }
  return total;
}

/** Calls `visit` for every id, ascending; allocates nothing. */
export function forEachId(mask: Mask256, visit: (id: number) => void): void {
  for (let i = 0; i < MASK_WORDS; i++) {
    let bits = word(mask, i);
    while (bits !== 0) {
      const leading = Math.clz32(bits);
      visit(i * 32 + leading);
      bits &= ~(0x80000000 >>> leading);
    }
  }
}

/** The lowest id, undefined for the empty mask. */
export function firstId(mask: Mask256): number | undefined {
  for (let i = 0; i < MASK_WORDS; i++) if (word(mask, i) !== 0) return i * 32 + Math.clz32(word(mask, i));
  return undefined;
}

/** The ids, ascending. */
export function idsOf(mask: Mask256): number[] {
  const ids: number[] = [];
  forEachId(mask, (id) => ids.push(id));
  return ids;
}

/** `0x` and 64 lower-case hex digits, as apmask, aqmask and ap_config show it. */
export function formatMask(mask: Mask256): string {
  let text = '0x';
  for (let i = 0; i < MASK_WORDS; i++) text += (word(mask, i) >>> 0).toString(16).padStart(8, '0');
  return text;
}

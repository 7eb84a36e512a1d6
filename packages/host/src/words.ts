/** Set operations on masks where they lie: eight words of an array from an offset. */
import { MASK_WORDS } from './layout.ts';

export const bitOf = (id: number): number => 0x80000000 >>> (id & 31);

export const hasBit = (words: Uint32Array, at: number, id: number): boolean =>
  ((words[at + (id >>> 5)] ?? 0) & bitOf(id)) !== 0;

export function setBit(words: Uint32Array, at: number, id: number, isSet: boolean): void {
  const word = at + (id >>> 5);
  const before = words[word] ?? 0;
  words[word] = isSet ? before | bitOf(id) : before & ~bitOf(id);
}

/** Adds the mask at `from` in `mask`. */
export function add(words: Uint32Array, at: number, mask: Uint32Array, from = 0): void {
  for (let i = 0; i < MASK_WORDS; i++) words[at + i] = (words[at + i] ?? 0) | (mask[from + i] ?? 0);
}

export function remove(words: Uint32Array, at: number, mask: Uint32Array, from = 0): void {
  for (let i = 0; i < MASK_WORDS; i++) words[at + i] = (words[at + i] ?? 0) & ~(mask[from + i] ?? 0);
}

export function copy(words: Uint32Array, at: number, mask: Uint32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) words[at + i] = mask[from + i] ?? 0;
}

export function clear(words: Uint32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) words[at + i] = 0;
}

/** Whether the mask at `at` has any bit of the other one, which has its bits in the words from `first` to `last`. */
export function overlaps(
  words: Uint32Array,
  at: number,
  mask: ArrayLike<number>,
  first = 0,
  last = MASK_WORDS - 1,
): boolean {
  for (let i = first; i <= last; i++) if (((words[at + i] ?? 0) & (mask[i] ?? 0)) !== 0) return true;
  return false;
}

/** Most masks have their bits in one word or two: the others need not be looked at. For an empty mask the last comes before the first. */
export function firstWord(mask: ArrayLike<number>): number {
  let word = 0;
  while (word < MASK_WORDS && mask[word] === 0) word++;
  return word;
}
export function lastWord(mask: ArrayLike<number>): number {
  let word = MASK_WORDS - 1;
  while (word >= 0 && mask[word] === 0) word--;
  return word;
}

/** How many bits of the mask are below `id`. */
export function bitsBelow(words: Uint32Array, at: number, id: number): number {
  let total = 0;
  const last = id >>> 5;
  for (let i = 0; i < last; i++) total += bits(words[at + i] ?? 0);
  const within = id & 31;
  return within === 0 ? total : total + bits((words[at + last] ?? 0) >>> (32 - within));
}

function bits(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Finds an mdev by its UUID without a string: chains over the four words. Derived from the block, and made when it is needed. */
import { H, HEADER_WORDS, MDEV_WORDS } from './layout.ts';

const NONE = -1;

export class MdevIndex {
  #heads = new Int32Array(0);
  #next = new Int32Array(0);
  /** Mdevs that are in the index; -1 = it has to be made. */
  #indexed = -1;
  /** The one found last: facts about one mdev come in runs. */
  #latest = 0;
  /** A fork has the same arrays: before a change they are made anew. */
  #isShared = false;

  /** The index of a copy of the host. */
  fork(): MdevIndex {
    const copy = new MdevIndex();
    copy.#heads = this.#heads;
    copy.#next = this.#next;
    copy.#indexed = this.#indexed;
    copy.#latest = this.#latest;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }

  /** Mdevs have moved. */
  forget(): void {
    this.#indexed = -1;
  }

  /** Which mdev it is, -1 = none. */
  find(words: Uint32Array, uuid: Uint32Array): number {
    const count = words[H.mdevs] ?? 0;
    const first = firstMdev(words);
    if (this.#latest < count && is(words, first + this.#latest * MDEV_WORDS, uuid)) return this.#latest;
    if (this.#indexed !== count) this.#make(words, count);
    let at = this.#heads[bucketOf(uuid, 0, this.#heads.length)] ?? NONE;
    while (at !== NONE && !is(words, first + at * MDEV_WORDS, uuid)) at = this.#next[at] ?? NONE;
    if (at !== NONE) this.#latest = at;
    return at;
  }

  #make(words: Uint32Array, count: number): void {
    const isNew = this.#isShared || this.#indexed < 0 || this.#indexed > count || count > this.#next.length;
    this.#isShared = false;
    if (isNew) {
      let buckets = 8;
      while (buckets < count) buckets *= 2;
      this.#heads = new Int32Array(buckets).fill(NONE);
      this.#next = new Int32Array(buckets);
    }
    const first = firstMdev(words);
    for (let at = isNew ? 0 : this.#indexed; at < count; at++) {
      const bucket = bucketOf(words, first + at * MDEV_WORDS, this.#heads.length);
      this.#next[at] = this.#heads[bucket] ?? NONE;
      this.#heads[bucket] = at;
    }
    this.#indexed = count;
  }
}

/** Where the first mdev begins. */
export const firstMdev = (words: Uint32Array): number =>
  HEADER_WORDS + (words[H.cards] ?? 0) * (words[H.rowWords] ?? 0);

const is = (words: Uint32Array, at: number, uuid: Uint32Array): boolean =>
  words[at] === uuid[0] &&
  words[at + 1] === uuid[1] &&
  words[at + 2] === uuid[2] &&
  words[at + 3] === uuid[3];

function bucketOf(words: Uint32Array, at: number, buckets: number): number {
  const mixed = (words[at] ?? 0) ^ (words[at + 1] ?? 0) ^ (words[at + 2] ?? 0) ^ (words[at + 3] ?? 0);
  return (Math.imul(mixed, 0x9e3779b1) >>> 16) & (buckets - 1);
}

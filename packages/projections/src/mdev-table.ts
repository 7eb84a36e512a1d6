/**
 * The mdevs of one host in one typed array, found by UUID without a string: a chained hash index over the UUID's four words.
 *
 *     0  4 words   UUID
 *     4  1 word    flags
 *     5  3 words   unused
 *     8  24 words  assigned: adapters, domains, control domains
 *    32  24 words  filtered
 *    56  24 words  effective
 *
 * A slot is reused after its mdev is gone; `births` keeps the order of creation.
 */
import { MASK_WORDS } from './queue-rows.ts';

export const UUID_WORDS = 4;
/** Words of a matrix: adapters, domains, control domains. */
export const MATRIX_WORDS = 3 * MASK_WORDS;
/** Offsets within an mdev's words. */
export const FLAGS = 4;
export const ASSIGNED = 8;
export const FILTERED = ASSIGNED + MATRIX_WORDS;
export const EFFECTIVE = FILTERED + MATRIX_WORDS;
const MDEV_WORDS = EFFECTIVE + MATRIX_WORDS;

/** Flags. */
export const HAS_FILTERED = 1;
export const HAS_EFFECTIVE = 2;
export const OPEN = 4;
export const ATTACHED = 8;
export const REMOVING = 16;
export const MIGRATING = 32;

const NONE = -1;
const FIRST_SLOTS = 4;

export class MdevTable {
  #words = new Uint32Array(FIRST_SLOTS * MDEV_WORDS);
  #births = new Float64Array(FIRST_SLOTS);
  #guests: (string | null)[] = [];
  /** Slots by hash, and the next slot of the same hash; free slots are chained from #free. */
  #heads = new Int32Array(FIRST_SLOTS).fill(NONE);
  #next = new Int32Array(FIRST_SLOTS);
  #free = NONE;
  /** Slots ever used, and how many of them are free now. */
  #used = 0;
  #count = 0;
  #born = 0;
  /** The slot found last: facts about one mdev come in runs. */
  #latest = NONE;

  /** The words of all mdevs. Valid until the next `add`. */
  get words(): Uint32Array {
    return this.#words;
  }

  get count(): number {
    return this.#count;
  }

  /** Where the mdev's words begin; -1 when there is no such mdev. */
  find(uuid: Uint32Array): number {
    if (this.#latest !== NONE && this.#is(this.#latest, uuid)) return this.#latest * MDEV_WORDS;
    let slot = this.#heads[this.#bucketOf(uuid, 0)] ?? NONE;
    while (slot !== NONE && !this.#is(slot, uuid)) slot = this.#next[slot] ?? NONE;
    if (slot === NONE) return -1;
    this.#latest = slot;
    return slot * MDEV_WORDS;
  }

  /** Adds an mdev with nothing in it, and says where its words begin. One that exists begins anew, as the youngest. */
  add(uuid: Uint32Array): number {
    this.remove(uuid);
    let slot = this.#free;
    if (slot === NONE) {
      if (this.#used === this.#births.length) this.#grow();
      slot = this.#used++;
    } else {
      this.#free = this.#next[slot] ?? NONE;
    }
    const offset = slot * MDEV_WORDS;
    this.#words.fill(0, offset, offset + MDEV_WORDS);
    this.#words.set(uuid, offset);
    this.#guests[slot] = null;
    this.#births[slot] = this.#born++;
    this.#link(slot);
    this.#count++;
    return offset;
  }

  remove(uuid: Uint32Array): void {
    const offset = this.find(uuid);
    if (offset < 0) return;
    const slot = offset / MDEV_WORDS;
    this.#unlink(slot);
    this.#births[slot] = NONE;
    this.#guests[slot] = null;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.#latest = NONE;
    this.#count--;
  }

  guestOf(offset: number): string | null {
    return this.#guests[offset / MDEV_WORDS] ?? null;
  }

  setGuest(offset: number, guest: string | null): void {
    this.#guests[offset / MDEV_WORDS] = guest;
  }

  /** Where the words of each mdev begin, in the order of creation. */
  inOrder(): number[] {
    const births = this.#births;
    const slots: number[] = [];
    for (let slot = 0; slot < this.#used; slot++) if (births[slot] !== NONE) slots.push(slot);
    slots.sort((a, b) => (births[a] ?? 0) - (births[b] ?? 0));
    return slots.map((slot) => slot * MDEV_WORDS);
  }

  clear(): void {
    this.#heads.fill(NONE);
    this.#guests = [];
    this.#free = NONE;
    this.#used = 0;
    this.#count = 0;
    this.#born = 0;
    this.#latest = NONE;
  }

  #is(slot: number, uuid: Uint32Array): boolean {
    const words = this.#words;
    const at = slot * MDEV_WORDS;
    return (
      words[at] === uuid[0] &&
      words[at + 1] === uuid[1] &&
      words[at + 2] === uuid[2] &&
      words[at + 3] === uuid[3]
    );
  }

  #bucketOf(words: Uint32Array, at: number): number {
    const mixed = (words[at] ?? 0) ^ (words[at + 1] ?? 0) ^ (words[at + 2] ?? 0) ^ (words[at + 3] ?? 0);
    return (Math.imul(mixed, 0x9e3779b1) >>> 16) & (this.#heads.length - 1);
  }

  #link(slot: number): void {
    const bucket = this.#bucketOf(this.#words, slot * MDEV_WORDS);
    this.#next[slot] = this.#heads[bucket] ?? NONE;
    this.#heads[bucket] = slot;
  }

  #unlink(slot: number): void {
    const bucket = this.#bucketOf(this.#words, slot * MDEV_WORDS);
    const after = this.#next[slot] ?? NONE;
    let before = this.#heads[bucket] ?? NONE;
    if (before === slot) {
      this.#heads[bucket] = after;
      return;
    }
    while (before !== NONE && this.#next[before] !== slot) before = this.#next[before] ?? NONE;
    if (before !== NONE) this.#next[before] = after;
  }

  /** Doubles the slots; called when all are in use. */
  #grow(): void {
    const slots = 2 * this.#births.length;
    const words = new Uint32Array(slots * MDEV_WORDS);
    words.set(this.#words);
    this.#words = words;
    const births = new Float64Array(slots);
    births.set(this.#births);
    this.#births = births;
    this.#next = new Int32Array(slots);
    this.#heads = new Int32Array(slots).fill(NONE);
    for (let slot = 0; slot < this.#used; slot++) this.#link(slot);
  }
}

/**
 * The words of a host, growing and shrinking in one piece, with an undo for anyone who only tries something.
 *
 * Who is about to change words calls `touch` first. Between `begin` and `rollback` that keeps a copy of each page before its first
 * change; at all other times it costs one comparison.
 */

const PAGE_SHIFT = 6;
const PAGE_WORDS = 1 << PAGE_SHIFT;

/** The pages that the try under way has kept: there is one at a time, since a try is synchronous. */
const journal = {
  isUsed: false,
  /** Counts the tries, and the one in which each page was kept last. */
  number: 0,
  keptIn: new Uint32Array(1024),
  pages: [] as number[],
  copies: new Uint32Array(64 * PAGE_WORDS),
};

export class Block {
  words: Uint32Array<ArrayBuffer>;
  /** The same memory as bytes and as doubles. */
  bytes: Uint8Array<ArrayBuffer>;
  doubles: Float64Array<ArrayBuffer>;
  /** Words that belong to the host; what lies behind them is room to grow. */
  used: number;
  #isTrying = false;
  #usedBefore = 0;

  constructor(words: number) {
    const buffer = new ArrayBuffer(4 * (words + (words & 1)));
    this.words = new Uint32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.doubles = new Float64Array(buffer);
    this.used = words;
  }

  /** A copy that shares nothing. */
  fork(): Block {
    const copy = new Block(this.used);
    copy.words.set(this.words.subarray(0, this.used));
    return copy;
  }

  equals(other: Block): boolean {
    if (this.used !== other.used) return false;
    const [mine, theirs] = [this.words, other.words];
    for (let i = 0; i < this.used; i++) if (mine[i] !== theirs[i]) return false;
    return true;
  }

  /** These words are about to change. */
  touch(at: number, count: number): void {
    if (this.#isTrying) this.#keep(at, count);
  }

  /** Makes room for zeros at a place; what lies there moves up. */
  insert(at: number, count: number): void {
    if (this.used + count > this.words.length) this.#grow(this.used + count);
    this.touch(at, this.used + count - at);
    this.words.copyWithin(at + count, at, this.used);
    this.words.fill(0, at, at + count);
    this.used += count;
  }

  /** Takes words out; what lies behind them moves down. */
  remove(at: number, count: number): void {
    this.touch(at, this.used - at);
    this.words.copyWithin(at, at + count, this.used);
    this.used -= count;
    this.words.fill(0, this.used, this.used + count);
  }

  begin(): void {
    if (journal.isUsed) throw new Error('a try within a try');
    journal.isUsed = true;
    journal.number++;
    journal.pages.length = 0;
    this.#isTrying = true;
    this.#usedBefore = this.used;
  }

  /** Everything is as it was at `begin`. */
  rollback(): void {
    const { pages, copies } = journal;
    for (let i = 0; i < pages.length; i++) {
      const at = (pages[i] ?? 0) << PAGE_SHIFT;
      const from = i << PAGE_SHIFT;
      // A page is so short that a loop takes less time than a view of it.
      const end = Math.min(PAGE_WORDS, this.words.length - at);
      for (let word = 0; word < end; word++) this.words[at + word] = copies[from + word] ?? 0;
    }
    this.used = this.#usedBefore;
    this.#isTrying = false;
    journal.isUsed = false;
  }

  #keep(at: number, count: number): void {
    const last = (at + count - 1) >>> PAGE_SHIFT;
    for (let page = at >>> PAGE_SHIFT; page <= last; page++) {
      if (page >= journal.keptIn.length) journal.keptIn = enlarged(journal.keptIn, page + 1);
      if (journal.keptIn[page] === journal.number) continue;
      journal.keptIn[page] = journal.number;
      const to = journal.pages.length << PAGE_SHIFT;
      if (to + PAGE_WORDS > journal.copies.length) journal.copies = enlarged(journal.copies, to + PAGE_WORDS);
      const from = page << PAGE_SHIFT;
      const end = Math.min(PAGE_WORDS, this.words.length - from);
      for (let word = 0; word < end; word++) journal.copies[to + word] = this.words[from + word] ?? 0;
      journal.pages.push(page);
    }
  }

  #grow(needed: number): void {
    const larger = new Block(Math.max(needed, this.used + (this.used >>> 1)));
    larger.words.set(this.words.subarray(0, this.used));
    this.words = larger.words;
    this.bytes = larger.bytes;
    this.doubles = larger.doubles;
  }
}

function enlarged(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}

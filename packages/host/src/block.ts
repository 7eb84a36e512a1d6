/**
 * The words of a host, growing and shrinking in one piece, with an undo for whoever only tries something.
 *
 * Who is about to change words calls `touch` first. Between `begin` and `rollback` that keeps a copy of each page before its first
 * change; at all other times it costs one comparison.
 */

const PAGE_SHIFT = 6;
const PAGE_WORDS = 1 << PAGE_SHIFT;

export class Block {
  words: Uint32Array<ArrayBuffer>;
  /** The same memory as bytes and as doubles. */
  bytes: Uint8Array<ArrayBuffer>;
  doubles: Float64Array<ArrayBuffer>;
  /** Words that belong to the host; what lies behind them is room to grow. */
  used: number;
  #isTrying = false;
  #usedBefore = 0;
  /** The try in which each page was kept last. */
  #keptIn = new Uint32Array(0);
  #try = 0;
  readonly #pages: number[] = [];
  #copies = new Uint32Array(0);

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
    if (this.#isTrying) throw new Error('a try within a try');
    this.#isTrying = true;
    this.#usedBefore = this.used;
    this.#try++;
    this.#pages.length = 0;
  }

  /** Everything is as it was at `begin`. */
  rollback(): void {
    this.#pages.forEach((page, i) => {
      const at = page << PAGE_SHIFT;
      const copy = i << PAGE_SHIFT;
      const { words } = this;
      const end = Math.min(PAGE_WORDS, words.length - at);
      for (let word = 0; word < end; word++) words[at + word] = this.#copies[copy + word] ?? 0;
    });
    this.used = this.#usedBefore;
    this.#isTrying = false;
  }

  #keep(at: number, count: number): void {
    const last = (at + count - 1) >>> PAGE_SHIFT;
    for (let page = at >>> PAGE_SHIFT; page <= last; page++) {
      if (page >= this.#keptIn.length) this.#keptIn = enlarged(this.#keptIn, page + 1);
      if (this.#keptIn[page] === this.#try) continue;
      this.#keptIn[page] = this.#try;
      const to = this.#pages.length << PAGE_SHIFT;
      if (to + PAGE_WORDS > this.#copies.length) this.#copies = enlarged(this.#copies, to + PAGE_WORDS);
      const from = page << PAGE_SHIFT;
      const { words } = this;
      const end = Math.min(PAGE_WORDS, words.length - from);
      for (let word = 0; word < end; word++) this.#copies[to + word] = words[from + word] ?? 0;
      this.#pages.push(page);
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

/**
 * The queues of one host, by adapter: for each card three words-of-eight, which of its queues exist, which zcrypt drives, which vfio_ap.
 *
 * Rows are kept densely in one typed array, because a host of 100,000 has a few cards of the 256 possible.
 */

/** Words of a 256-bit mask. */
export const MASK_WORDS = 8;
/** Offsets of the masks in a row. */
export const PRESENT = 0;
export const ZCRYPT = MASK_WORDS;
export const VFIO_AP = 2 * MASK_WORDS;
export const ROW_WORDS = 3 * MASK_WORDS;

const NO_ROW = -1;

export class QueueRows {
  /** Row of each adapter, or NO_ROW. */
  readonly #rowOf = new Int16Array(256).fill(NO_ROW);
  #count = 0;
  #words = new Uint32Array(ROW_WORDS);

  /** The words of all rows; `offsetOf` says where an adapter's begin. Valid until the next `addRow`. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Where the adapter's row begins in `words`, -1 when it has none. */
  offsetOf(adapter: number): number {
    const row = this.#rowOf[adapter] ?? NO_ROW;
    return row === NO_ROW ? -1 : row * ROW_WORDS;
  }

  /** As `offsetOf`, and an empty row is made when there is none. */
  addRow(adapter: number): number {
    const known = this.offsetOf(adapter);
    if (known >= 0) return known;
    const offset = this.#count * ROW_WORDS;
    if (offset === this.#words.length) {
      const larger = new Uint32Array(2 * offset);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#rowOf[adapter] = this.#count++;
    return offset;
  }

  /** Drops the adapter's row; the last row moves into the gap. */
  removeRow(adapter: number): void {
    const offset = this.offsetOf(adapter);
    if (offset < 0) return;
    const row = offset / ROW_WORDS;
    const last = --this.#count;
    const lastOffset = last * ROW_WORDS;
    this.#words.copyWithin(offset, lastOffset, lastOffset + ROW_WORDS);
    this.#words.fill(0, lastOffset, lastOffset + ROW_WORDS);
    this.#rowOf[this.#rowOf.indexOf(last)] = row;
    this.#rowOf[adapter] = NO_ROW;
  }

  /** The adapters that have a row, ascending. */
  adapters(): number[] {
    const adapters: number[] = [];
    this.#rowOf.forEach((row, adapter) => {
      if (row !== NO_ROW) adapters.push(adapter);
    });
    return adapters;
  }

  clear(): void {
    this.#rowOf.fill(NO_ROW);
    this.#words.fill(0);
    this.#count = 0;
  }
}

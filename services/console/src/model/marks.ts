/**
 * How mdevs are told apart: each has a letter and, after it, one of eight colours. The letter is the channel that works for everybody; with
 * more than eight mdevs the colours repeat and the letters do not.
 */

/** Colours that guests are drawn in; the theme says which (`--mark-0` …). */
export const MARK_COLOURS = 8;
/** Marks that are remembered for mdevs that are not there any more. */
const MAX_REMEMBERED = 1000;

/** `A` to `Z`, then `AA`, `AB` … */
export function letterOf(slot: number): string {
  const last = String.fromCharCode(65 + (slot % 26));
  return slot < 26 ? last : letterOf(Math.floor(slot / 26) - 1) + last;
}

/** Hands out marks, and keeps them: winding time back and forth does not repaint the page. */
export class Marks {
  readonly #slots = new Map<string, number>();

  /** The mark of each mdev, in their order. No two of them share one. */
  of(mdevs: readonly string[]): readonly number[] {
    const taken = new Set<number>();
    const known = mdevs.map((mdev) => {
      const slot = this.#slots.get(mdev);
      if (slot === undefined || taken.has(slot)) return undefined;
      taken.add(slot);
      return slot;
    });
    let next = 0;
    return mdevs.map((mdev, i) => {
      let slot = known[i];
      if (slot === undefined) {
        while (taken.has(next)) next++;
        slot = next;
        taken.add(slot);
      }
      this.#remember(mdev, slot);
      return slot;
    });
  }

  #remember(mdev: string, slot: number): void {
    this.#slots.delete(mdev);
    this.#slots.set(mdev, slot);
    if (this.#slots.size <= MAX_REMEMBERED) return;
    const oldest = this.#slots.keys().next();
    if (oldest.done !== true) this.#slots.delete(oldest.value);
  }
}

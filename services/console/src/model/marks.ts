/**
 * How mdevs are told apart: each has a letter and, after it, one of eight colours. The letter is the channel that works for everybody; with
 * more than eight mdevs the colours repeat and the letters do not. Where letters have no room, a sign in the cell tells eight times eight
 * apart.
 */

/** Colours that guests are drawn in; the theme says which (`--mark-0` …). */
export const MARK_COLOURS = 8;
/** Marks that are remembered for mdevs that are not there any more. */
const MAX_REMEMBERED = 1000;

/** H stands for the host. */
const LETTERS = 'ABCDEFGIJKLMNOPQRSTUVWXYZ';

/** `A` to `Z` without `H`, then `AA`, `AB` … */
export function letterOf(slot: number): string {
  const last = LETTERS.charAt(slot % LETTERS.length);
  return slot < LETTERS.length ? last : letterOf(Math.floor(slot / LETTERS.length) - 1) + last;
}

/** How large letters are in a cell, in CSS pixels, and whether they stand above each other. */
interface Lettering {
  readonly size: number;
  readonly isStacked: boolean;
}

/** Of the height of a bold capital's line: its width, and its room when another stands below. */
const WIDE = 0.76;
const HIGH = 0.95;
const LARGEST = 13;
/** Smaller letters cannot be read. */
const SMALLEST = 7.5;

/** How so many letters fit into a cell; undefined when they cannot be read there. */
export function letteringOf(
  letters: number,
  { width, height }: { readonly width: number; readonly height: number },
): Lettering | undefined {
  const beside = Math.min(LARGEST, (width - 2) / (letters * WIDE), height * 0.72);
  const stacked = letters < 2 ? 0 : Math.min(LARGEST, (width - 2) / WIDE, (height - 2) / (letters * HIGH));
  const size = Math.max(beside, stacked);
  return size < SMALLEST ? undefined : { size, isStacked: stacked > beside };
}

/** Which of the signs a mark has where its letters have no room: the colours begin anew with each of them. 0 = none. */
export const signOf = (slot: number): number => Math.floor(slot / MARK_COLOURS) % SIGNS;
const SIGNS = 8;

/** Hands out marks, and keeps them: winding time back and forth does not repaint the page. */
export class Marks {
  /** Slots by mdev, of those that are gone too; the latest to be seen last. */
  readonly #slots = new Map<string, number>();
  #present: ReadonlySet<string> = new Set();

  /** The mark of each mdev, in their order. No two of them share one, and none changes while its mdev stays. */
  of(mdevs: readonly string[]): readonly number[] {
    const taken = new Set<number>();
    const given = new Map<string, number>();
    const give = (mdev: string, slot: number): void => {
      taken.add(slot);
      given.set(mdev, slot);
    };
    // Those that were there before come first: what comes back finds its place taken, not the other way round.
    const stayed = mdevs.filter((mdev) => this.#present.has(mdev));
    for (const mdev of [...stayed, ...mdevs]) {
      const slot = this.#slots.get(mdev);
      if (slot !== undefined && !given.has(mdev) && !taken.has(slot)) give(mdev, slot);
    }
    let next = 0;
    for (const mdev of mdevs) {
      if (given.has(mdev)) continue;
      while (taken.has(next)) next++;
      give(mdev, next);
    }
    this.#present = new Set(mdevs);
    for (const [mdev, slot] of given) this.#remember(mdev, slot);
    return mdevs.map((mdev) => given.get(mdev) ?? 0);
  }

  #remember(mdev: string, slot: number): void {
    this.#slots.delete(mdev);
    this.#slots.set(mdev, slot);
    if (this.#slots.size <= MAX_REMEMBERED) return;
    const oldest = this.#slots.keys().next();
    if (oldest.done !== true) this.#slots.delete(oldest.value);
  }
}

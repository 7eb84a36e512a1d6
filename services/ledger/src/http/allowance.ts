/**
 * What all streams of one process may hold together: bytes that were written and not taken by their clients yet, and pages of the log
 * that are being read. Clients who take what they are sent hold next to nothing of either.
 */

/** Bytes that wait for clients, at most: a piece or one large fact each. Beyond it, those that wait longest are cut off. */
const MAX_HELD_BYTES = 256 * 1024 * 1024;
/** Streams that read the log at the same time; each holds a page of it. */
const MAX_READERS = 8;

/** One that holds bytes. */
export interface Holder {
  /** When it stopped taking what was written to it, in ms; undefined while it takes all. */
  readonly fullSince: number | undefined;
  cutOff(): void;
}

export class Allowance {
  readonly #maxHeldBytes: number;
  readonly #held = new Map<Holder, number>();
  readonly #queue: (() => void)[] = [];
  #heldBytes = 0;
  #readers = 0;

  constructor(maxHeldBytes = MAX_HELD_BYTES) {
    this.#maxHeldBytes = maxHeldBytes;
  }

  /** Bytes that wait for clients now. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Notes that the holder holds so many bytes more. Cuts off others when that is too much. */
  hold(holder: Holder, bytes: number): void {
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes);
    this.#heldBytes += bytes;
    while (this.#heldBytes > this.#maxHeldBytes) {
      const slowest = this.#slowest(holder);
      if (slowest === undefined) return;
      this.release(slowest);
      slowest.cutOff();
    }
  }

  /** Notes that the holder holds nothing any more. */
  release(holder: Holder): void {
    this.#heldBytes -= this.#held.get(holder) ?? 0;
    this.#held.delete(holder);
  }

  /** Work that reads the log; begins when few enough others do. */
  async reading<T>(work: () => Promise<T>): Promise<T> {
    if (this.#readers >= MAX_READERS) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#readers += 1;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#readers -= 1;
      else next();
    }
  }

  #slowest(besides: Holder): Holder | undefined {
    let slowest: Holder | undefined;
    for (const holder of this.#held.keys())
      if (holder !== besides && (holder.fullSince ?? Infinity) < (slowest?.fullSince ?? Infinity))
        slowest = holder;
    return slowest;
  }
}

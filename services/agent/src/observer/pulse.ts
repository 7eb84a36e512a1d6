/**
 * Whether the observer still does its work, for the watchdog of systemd.
 *
 * A read may wait in the kernel for minutes while queues are reset: that is no reason to start anew, and is recorded as
 * ObservationStalled. A reader that does not come back at all, or a loop that does not ask it any more, is one.
 */

/** It looks each second, and waits for a disk and for evidence in between. */
const IDLE_MS = 60_000;
/** No reset of queues lasts longer: 120 s is what a mask may take. */
const READING_MS = 600_000;

export class Pulse {
  readonly #monotonic: () => number;
  /** Undefined before the observer has begun: until the ledger has said what it knows, there is nothing to look for. */
  #beatAt: number | undefined;
  #isReading = false;

  /** Milliseconds of a clock that is never set. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  beat(): void {
    this.#beatAt = this.#monotonic();
  }

  /** While the reader works on this. */
  async during<T>(reading: Promise<T>): Promise<T> {
    this.#isReading = true;
    if (this.#beatAt !== undefined) this.beat();
    try {
      return await reading;
    } finally {
      this.#isReading = false;
      if (this.#beatAt !== undefined) this.beat();
    }
  }

  get isAlive(): boolean {
    if (this.#beatAt === undefined) return true;
    return this.#monotonic() - this.#beatAt <= (this.#isReading ? READING_MS : IDLE_MS);
  }
}

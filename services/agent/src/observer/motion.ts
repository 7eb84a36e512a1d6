/**
 * Queues on their way from one driver to another. A mask shows what was written at once, while its queues move one by one, as long as
 * their resets last: half a minute for a thousand. What is seen meanwhile is recorded as it is seen. Whether the host came to rest where
 * the rules say is judged from the state before the motion, once it rests.
 */
import type { ObservedHost } from '@apledger/capture';
import type { Hint, Known } from '@apledger/observe';

/** The same for so long: it rests. */
export const REST_MS = 1000;
/** Longer than any reset that the driver waits for; then nobody judges any more. */
const MOST_MS = 600_000;

export class Motion {
  /** The host before it. */
  readonly from: Known;
  /** What watches had seen by then. */
  readonly hints: readonly Hint[];
  readonly #beganAt: number;
  #shown = '';
  #sameSince: number;

  /** `at`: milliseconds. */
  constructor(from: Known, hints: readonly Hint[], at: number) {
    this.from = from;
    this.hints = hints;
    this.#beganAt = at;
    this.#sameSince = at;
  }

  /** What was seen at that moment. True when the host rests. */
  saw(host: ObservedHost, isSettled: boolean, at: number): boolean {
    const shown = JSON.stringify(host);
    if (shown !== this.#shown || !isSettled) this.#sameSince = at;
    this.#shown = shown;
    return at - this.#sameSince >= REST_MS;
  }

  isEndless(at: number): boolean {
    return at - this.#beganAt >= MOST_MS;
  }
}

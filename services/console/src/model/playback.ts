/** The playhead: which of the facts that lie ahead are due. It knows no clock of its own: it is told how much time has passed. */

import { formatCount } from './count.ts';

/** `time`: so many times as fast as it happened. `facts`: so many facts a second, whenever they happened. */
export type Pace =
  | { readonly by: 'time'; readonly factor: number }
  | { readonly by: 'facts'; readonly perSecond: number };

interface PaceChoice {
  readonly id: string;
  readonly label: string;
  readonly pace: Pace;
}

export const PACES: readonly PaceChoice[] = [
  ...[1, 10, 100, 1000].map(
    (factor): PaceChoice => ({
      id: `${factor}x`,
      label: `${formatCount(factor)} × real time`,
      pace: { by: 'time', factor },
    }),
  ),
  ...[1, 10, 100, 1000, 10_000].map(
    (perSecond): PaceChoice => ({
      id: `${perSecond}f`,
      label: `${formatCount(perSecond)} ${perSecond === 1 ? 'fact' : 'facts'}/s`,
      pace: { by: 'facts', perSecond },
    }),
  ),
];

/** Facts that lie ahead, oldest first, as far as they were fetched. */
export interface Ahead {
  readonly length: number;
  /** When the i-th of them happened, milliseconds since 1970 UTC. */
  timeAt(i: number): number;
}

/** A frame that took longer than this was no frame: the page was hidden. Milliseconds. */
const LONGEST_FRAME = 250;

export class Playhead {
  #pace: Pace;
  /** The moment that is played; milliseconds since 1970 UTC. */
  #time: number;
  /** Facts that were due but for less than one. */
  #owed = 0;

  /** `time` is when the fact happened that is shown now. */
  constructor(pace: Pace, time: number) {
    this.#pace = pace;
    this.#time = time;
  }

  set pace(pace: Pace) {
    this.#pace = pace;
    this.#owed = 0;
  }

  /** How many of the facts ahead are due after `elapsed` more milliseconds. What was not fetched in time is not owed later. */
  advance(elapsed: number, ahead: Ahead): number {
    const passed = Math.min(elapsed, LONGEST_FRAME);
    return this.#pace.by === 'facts'
      ? this.#byFacts(passed * this.#pace.perSecond, ahead)
      : this.#byTime(passed * this.#pace.factor, ahead);
  }

  /** How long until the first fact ahead, milliseconds of this clock; undefined when none was fetched. */
  wait(ahead: Ahead): number | undefined {
    if (ahead.length === 0) return undefined;
    if (this.#pace.by === 'facts') return (1000 * (1 - this.#owed)) / this.#pace.perSecond;
    return Math.max(0, ahead.timeAt(0) - this.#time) / this.#pace.factor;
  }

  /** Leaves the quiet before the first fact ahead out. */
  skip(ahead: Ahead): void {
    if (ahead.length > 0) this.#time = Math.max(this.#time, ahead.timeAt(0));
    this.#owed = 1;
  }

  #byFacts(thousandths: number, ahead: Ahead): number {
    const owed = this.#owed + thousandths / 1000;
    const due = Math.min(Math.floor(owed), ahead.length);
    this.#owed = due < Math.floor(owed) ? 0 : owed - due;
    this.#moveTo(ahead, due);
    return due;
  }

  #byTime(passed: number, ahead: Ahead): number {
    if (ahead.length === 0) return 0; // the clock waits for what was not fetched yet
    this.#time += passed;
    let due = 0;
    while (due < ahead.length && ahead.timeAt(due) <= this.#time) due++;
    return due;
  }

  #moveTo(ahead: Ahead, due: number): void {
    if (due > 0) this.#time = Math.max(this.#time, ahead.timeAt(due - 1));
  }
}

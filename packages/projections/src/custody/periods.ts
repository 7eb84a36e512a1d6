/**
 * From what happened to one queue, fact by fact, to the periods in which the same could use it, commit by commit.
 *
 * A commit is atomic: one who gets a queue and loses it within one commit never had it, but a reset in there counts.
 */
import { GAINED, RESET, type RowLog } from './row-log.ts';
import { HOST } from './trace.ts';

/** No revision. */
export const NEVER = -1;

/** A time in which the same could use a queue. Revisions, or NEVER. */
export interface Period {
  /** Numbers of the runs, and HOST at the end; empty = nobody. */
  readonly holders: readonly number[];
  /** The fact that gave it and the one that took it; NEVER = since the beginning, still so. */
  readonly from: number;
  readonly until: number;
  /** Those who had it last before; empty = nobody ever. */
  readonly before: readonly number[];
  /** The first successful reset after `before` had let go; in a period of nobody it lies before the end. */
  readonly reset: number;
}

/** Whether the period reaches beyond a revision; NEVER = the time before all facts. */
export const isAfter = ({ until }: Period, revision: number): boolean => until === NEVER || until > revision;

/** Visits all periods of the queue up to a revision, oldest first, without a gap; at least one. */
export function forEachPeriod(
  row: RowLog | undefined,
  apqi: number,
  upTo: number,
  visit: (period: Period) => void,
): void {
  const walk = new Walk(visit);
  row?.forEach(apqi, upTo, (event, holder, revision, commit) => {
    if (event === RESET) walk.reset(revision, commit);
    else walk.change(event === GAINED, holder, revision, commit);
  });
  walk.finish();
}

class Walk {
  readonly #visit: (period: Period) => void;
  /** Who can use the queue after the last fact: guests in the order in which they got it. */
  #guests: readonly number[] = [];
  #isHosts = false;
  /** The period under way, as of the last commit that was closed. */
  #holders: readonly number[] = [];
  #from = NEVER;
  #before: readonly number[] = [];
  #resetBefore = NEVER;
  /** Resets since the last holder let go: before the latest change, and after it. */
  #reset = NEVER;
  #freshReset = NEVER;
  /** The last one while the host had it. */
  #hostsReset: { readonly revision: number; readonly commit: number } | undefined;
  /** The changes of the commit that is not closed yet. */
  #firstChange = NEVER;
  #lastChange = NEVER;
  #commit = NEVER;

  constructor(visit: (period: Period) => void) {
    this.#visit = visit;
  }

  /**
   * Who has a queue and resets it goes on using it: that is nothing for the next one. But the bus resets a queue that it takes from zcrypt
   * just before the fact that says so.
   */
  reset(revision: number, commit: number): void {
    if (this.#guests.length > 0 || this.#freshReset !== NEVER) return;
    if (this.#isHosts) this.#hostsReset = { revision, commit };
    else this.#freshReset = revision;
  }

  change(isGain: boolean, holder: number, revision: number, commit: number): void {
    if (this.#firstChange !== NEVER && this.#commit !== commit) this.#closeCommit();
    if (this.#firstChange === NEVER) this.#firstChange = revision;
    this.#lastChange = revision;
    this.#commit = commit;
    if (holder === HOST) {
      this.#isHosts = isGain;
      if (!isGain && this.#hostsReset?.commit === commit) this.#freshReset = this.#hostsReset.revision;
    } else {
      const others = this.#guests.filter((guest) => guest !== holder);
      this.#guests = isGain ? [...others, holder] : others;
    }
    if (this.#reset === NEVER) this.#reset = this.#freshReset;
    this.#freshReset = NEVER;
  }

  finish(): void {
    this.#closeCommit();
    this.#emit(NEVER, this.#reset === NEVER ? this.#freshReset : this.#reset);
  }

  #closeCommit(): void {
    const holders = this.#isHosts ? [...this.#guests, HOST] : this.#guests;
    const isSame =
      holders.length === this.#holders.length && holders.every((holder, i) => holder === this.#holders[i]);
    if (!isSame) {
      this.#emit(this.#firstChange, this.#reset);
      if (this.#holders.length > 0) this.#before = this.#holders;
      this.#holders = holders;
      this.#from = this.#lastChange;
      this.#resetBefore = this.#reset;
    }
    if (holders.length > 0) this.#reset = NEVER;
    this.#firstChange = NEVER;
  }

  #emit(until: number, resetUntilEnd: number): void {
    const isNobodys = this.#holders.length === 0;
    const reset = isNobodys ? resetUntilEnd : this.#resetBefore;
    this.#visit({
      holders: this.#holders,
      from: this.#from,
      until,
      before: this.#before,
      reset: this.#before.length === 0 ? NEVER : reset,
    });
  }
}

/**
 * What became, after the end of a range, of what was open at its end. Without this, "still so" would be said of what has ended.
 */
import { type Apqn, apidOf, apqiOf } from '@apledger/ap';
import type { HostTrace } from './host-trace.ts';
import { forEachPeriod, NEVER, type Period } from './periods.ts';

/** A queue, and a time in which the same could use it. */
export interface QueuePeriod {
  readonly queue: Apqn;
  readonly period: Period;
}

/**
 * The revision of the fact that ended each of these periods of a range after the range, loaded; periods that ended within it, or have not
 * ended, are missing.
 */
export async function endsLater(
  traced: HostTrace,
  periods: readonly QueuePeriod[],
): Promise<ReadonlyMap<Period, number>> {
  const open = periods.filter(({ period }) => period.until === NEVER);
  const ends = new Map<Period, number>();
  if (open.length === 0 || !(await traced.goOn())) return ends;
  for (const { queue, period } of open) {
    const { from } = period;
    forEachPeriod(traced.rows[apidOf(queue)], apqiOf(queue), Number.MAX_SAFE_INTEGER, (whole) => {
      if (whole.from === from && whole.until !== NEVER) ends.set(period, whole.until);
    });
  }
  await traced.facts.load(ends.values());
  return ends;
}

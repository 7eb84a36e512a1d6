/** Walks many queues of a host, and reads from the log what is needed to tell its commits apart. */
import { type Apqn, apidOf, apqiOf, apqn, forEachId } from '@apledger/ap';
import { mayBeOneCommit } from './facts-behind.ts';
import type { HostTrace } from './host-trace.ts';
import { forEachPeriod, type Period, type SameCommit } from './periods.ts';

/** The queues that holders of whom `isWanted` ever had, ascending. */
export function queuesGainedBy({ trace }: HostTrace, isWanted: (holder: number) => boolean): Apqn[] {
  const queues: Apqn[] = [];
  trace.rows.forEach((row, apid) => {
    if (row !== undefined) forEachId(row.gainedBy(isWanted), (apqi) => queues.push(apqn(apid, apqi)));
  });
  return queues;
}

/** Visits the periods of each queue, one queue after the other, oldest period first. */
export async function walkQueues(
  { trace, facts }: HostTrace,
  queues: readonly Apqn[],
  visit: (queue: Apqn, period: Period) => void,
): Promise<void> {
  const inDoubt = new Set<number>();
  const collect: SameCommit = (first, firstSecond, second, secondSecond) => {
    if (mayBeOneCommit(firstSecond, secondSecond)) inDoubt.add(first).add(second);
    return false;
  };
  for (const queue of queues) forEachPeriod(trace.rows[apidOf(queue)], apqiOf(queue), collect, () => {});
  await facts.load(inDoubt);
  for (const queue of queues)
    forEachPeriod(trace.rows[apidOf(queue)], apqiOf(queue), facts.sameCommit, (period) =>
      visit(queue, period),
    );
}

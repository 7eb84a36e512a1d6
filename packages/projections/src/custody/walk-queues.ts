/** Walks many queues of a host. */
import { type Apqn, apidOf, apqiOf, apqn, forEachId } from '@apledger/ap';
import type { HostTrace } from './host-trace.ts';
import { forEachPeriod, type Period } from './periods.ts';

/** The queues that holders of whom `isWanted` ever had, ascending. */
export function queuesGainedBy({ rows, to }: HostTrace, isWanted: (holder: number) => boolean): Apqn[] {
  const queues: Apqn[] = [];
  rows.forEach((row, apid) => {
    if (row !== undefined) forEachId(row.gainedBy(isWanted, to), (apqi) => queues.push(apqn(apid, apqi)));
  });
  return queues;
}

/** Visits the periods of each queue, one queue after the other, oldest period first. */
export function walkQueues(
  { rows, to }: HostTrace,
  queues: readonly Apqn[],
  visit: (queue: Apqn, period: Period) => void,
): void {
  for (const queue of queues)
    forEachPeriod(rows[apidOf(queue)], apqiOf(queue), to, (period) => visit(queue, period));
}

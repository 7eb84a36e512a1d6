/** Resets of queues: by the bus after unbinding, by vfio_ap before anybody else may have the queue (driver-rules 6.9). */
import { type Apqn, and, apqn, forEachId, formatApqn, type Mask256, type Matrix } from '@apledger/ap';
import { queuesOf } from '@apledger/host';
import { NOT_AVAILABLE, tapq, zapq } from '../hardware.ts';
import type { Transaction } from '../transaction.ts';

/** When ZAPQ is issued again: after which answers, and how often (driver-rules 6.9, 8). */
export interface RetryRules {
  readonly tryAgain: ReadonlySet<number>;
  goesOn(tx: Transaction, queue: Apqn, retries: number): boolean;
}

/** Until the queue took it, or is gone from the host. */
const UNTIL_TAKEN: RetryRules = {
  tryAgain: new Set([2, 5, 10]),
  goesOn: (tx, queue) => tapq(tx.state, queue) !== NOT_AVAILABLE,
};

/** 5.10 and 6.1 wait in place, and only while a reset is in progress, for one more try (driver-rules-older 6.9). */
const ONCE_MORE: RetryRules = { tryAgain: new Set([2]), goesOn: (_tx, _queue, retries) => retries === 0 };

/** The reset of 5.10 and 6.1. */
export const resetTwice = (tx: Transaction, queues: readonly Apqn[]): void =>
  vfioReset(tx, queues, ONCE_MORE);

/** Answers that 5.10 and 6.1 call busy: not available, in progress, deconfigured, check-stopped (driver-rules-older 6.9). */
const BUSY = new Set([1, 2, 3, 4]);

/** What their VFIO_DEVICE_RESET ioctl makes of a queue's last answer. */
export function synchronousResetErrno(responseCode: number): 'EBUSY' | 'EIO' | undefined {
  if (responseCode === 0) return undefined;
  return BUSY.has(responseCode) ? 'EBUSY' : 'EIO';
}

/** The bus resets a queue once more whenever a driver has let go of it. */
export const busReset = (tx: Transaction, queue: Apqn): void =>
  tx.emit('QueueReset', { by: 'bus', queues: [formatApqn(queue)], responseCode: zapq(tx.state, queue) });

/** Resets these queues, which are bound to vfio_ap: all of them once, then those again that did not take it. */
export function vfioReset(tx: Transaction, queues: readonly Apqn[], rules: RetryRules = UNTIL_TAKEN): void {
  const answers = zapqAll(tx, queues);
  queues.forEach((queue, i) => {
    let answer = answers[i] ?? 0;
    for (let retries = 0; rules.tryAgain.has(answer) && rules.goesOn(tx, queue, retries); retries++) {
      [answer = 0] = zapqAll(tx, [queue]);
    }
  });
}

/** One ZAPQ for each queue; neighbours with the same answer share a fact. */
function zapqAll(tx: Transaction, queues: readonly Apqn[]): number[] {
  const answers = queues.map((queue) => zapq(tx.state, queue));
  let from = 0;
  while (from < queues.length) {
    let to = from + 1;
    while (to < queues.length && answers[to] === answers[from]) to++;
    const responseCode = answers[from] ?? 0;
    tx.emit('QueueReset', { by: 'vfio_ap', queues: queues.slice(from, to).map(formatApqn), responseCode });
    from = to;
  }
  return answers;
}

/** The queues of a matrix that are bound to vfio_ap: for an mdev's matrix, those linked to it. */
export function linkedQueues(tx: Transaction, { adapters, domains }: Matrix): Apqn[] {
  const queues: Apqn[] = [];
  forEachId(adapters, (apid) =>
    forEachId(and(domains, queuesOf(tx.state, apid, 'vfioAp')), (apqi) => queues.push(apqn(apid, apqi))),
  );
  return queues;
}

/** Resets the linked queues of these adapters in the domains that the guest sees (driver-rules 6.2, 6.5). */
export const resetAdapters = (tx: Transaction, adapters: Mask256, domains: Mask256): void =>
  tx.rules.reset(tx, linkedQueues(tx, { adapters, domains }));

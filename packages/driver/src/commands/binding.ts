/** Queues meet drivers: offered, bound, unbound, taken away (driver-rules 2, 3.2, 4.2, 6.4, 6.5). */
import { type Apqn, apidOf, apqiOf, formatApqn } from '@apledger/ap';
import type { QueueDriver } from '@apledger/events';
import {
  CEX4,
  cardType,
  driverOf,
  type HostState,
  isReserved,
  mdevOf,
  type Queue,
  queueOf,
  zcryptDriverOf,
} from '@apledger/host';
import type { PendingAdditions } from '../generation.ts';
import { zapq } from '../hardware.ts';
import { bindEvent, queueAfter, unbindEvent } from '../lifecycle.ts';
import { busReset } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

/** The driver that may have a queue: the one of its driver_override, else the one that the masks say; null = none serves it. */
export function entitledDriver(state: HostState, queue: Apqn): QueueDriver | null {
  const override = queueOf(state, apidOf(queue), apqiOf(queue))?.driverOverride ?? null;
  if (override !== null) return override === 'cex4queue' || override === 'vfio_ap' ? override : null;
  const type = cardType(state, apidOf(queue));
  if (isReserved(state, apidOf(queue), apqiOf(queue))) return zcryptDriverOf(type);
  return type >= CEX4 ? 'vfio_ap' : null;
}

/** Binds an unbound queue and lets the driver take it in. */
export function bind(tx: Transaction, queue: Apqn, driver: QueueDriver, pending?: PendingAdditions): void {
  tx.emit('QueueBound', { driver, queues: [formatApqn(queue)] });
  if (driver === 'vfio_ap') tx.rules.queueBound(tx, queue, pending);
}

const isLoaded = (state: HostState, driver: QueueDriver): boolean =>
  driver !== 'vfio_ap' || state.isVfioApLoaded;

/** True when the driver is there, and the queue's machine lets it have the queue. */
export const mayBind = (state: HostState, queue: Apqn, device: Queue, driver: QueueDriver): boolean =>
  isLoaded(state, driver) &&
  queueAfter(device.state, bindEvent(driver, entitledDriver(state, queue) === driver)) !== undefined;

const DRIVERS: readonly QueueDriver[] = ['cex4queue', 'vfio_ap'];

/** Offers a queue to the drivers; the first that may have it gets it. */
export function offer(tx: Transaction, queue: Apqn, device: Queue): void {
  const driver = DRIVERS.find((candidate) => mayBind(tx.state, queue, device, candidate));
  if (driver !== undefined) bind(tx, queue, driver);
}

const mayUnbind = (device: Queue, driver: QueueDriver): boolean =>
  queueAfter(device.state, unbindEvent(driver)) !== undefined;

/** Takes a queue from its driver: the driver lets go, the bus resets, then it is unbound. */
export function unbind(tx: Transaction, queue: Apqn, driver: QueueDriver): void {
  if (driver === 'vfio_ap') tx.rules.queueUnbinding(tx, queue);
  busReset(tx, queue);
  tx.emit('QueueUnbound', { driver, queues: [formatApqn(queue)] });
}

/** Unregisters a queue device, bound or not. */
export function removeQueue(tx: Transaction, queue: Apqn, device: Queue): void {
  const driver = driverOf(tx.state, queue);
  if (!mayRemove(device) && driver !== null && mayUnbind(device, driver)) unbind(tx, queue, driver);
  const now = queueOf(tx.state, apidOf(queue), apqiOf(queue));
  if (now !== undefined && mayRemove(now)) tx.emit('QueueRemoved', { queues: [formatApqn(queue)] });
}

const mayRemove = (device: Queue): boolean => queueAfter(device.state, { type: 'REMOVE' }) !== undefined;

/** A registered queue with its APQN. */
export interface RegisteredQueue {
  readonly queue: Apqn;
  readonly device: Queue;
}

/** All queues, in the order of their registration. */
export function registeredQueues(state: HostState): RegisteredQueue[] {
  const queues: RegisteredQueue[] = [];
  for (const [apid, card] of state.cards)
    for (const [apqi, device] of card.queues) queues.push({ queue: (apid << 8) | apqi, device });
  return queues.sort((a, b) => a.device.order - b.device.order);
}

/**
 * Walks all queues after a mask change and moves those whose driver no longer fits (driver-rules 3.2 step 4).
 * Queues that concern no mdev move in runs: one fact for each step of a whole run, because nothing else can
 * happen in between. A run's facts name the same queues, and each queue went through all steps before the next.
 */
export function reviseBindings(tx: Transaction): void {
  let run: Move[] = [];
  for (const { queue, device } of registeredQueues(tx.state)) {
    const from = driverOf(tx.state, queue);
    const to = entitledDriver(tx.state, queue);
    if (from === null || from === to || !mayUnbind(device, from)) continue;
    const move = { queue, from, to };
    const isQuiet = mdevOf(tx.state, apidOf(queue), apqiOf(queue)) === undefined && resetsCleanly(tx, queue);
    if (!isQuiet || (run[0] !== undefined && (run[0].from !== from || run[0].to !== to)))
      run = flush(tx, run);
    if (isQuiet) run.push(move);
    else rebind(tx, move);
  }
  flush(tx, run);
}

interface Move {
  readonly queue: Apqn;
  readonly from: QueueDriver;
  /** null = no driver serves its type any more (driver-rules-older 2). */
  readonly to: QueueDriver | null;
}

const resetsCleanly = (tx: Transaction, queue: Apqn): boolean => zapq(tx.state, queue) === 0;

function rebind(tx: Transaction, { queue, from, to }: Move): void {
  unbind(tx, queue, from);
  if (to !== null && isBindable(tx, queue, to)) bind(tx, queue, to);
}

function isBindable(tx: Transaction, queue: Apqn, driver: QueueDriver): boolean {
  const device = queueOf(tx.state, apidOf(queue), apqiOf(queue));
  return device !== undefined && mayBind(tx.state, queue, device, driver);
}

function flush(tx: Transaction, run: readonly Move[]): Move[] {
  const [first] = run;
  if (first === undefined) return [];
  const queues = run.map(({ queue }) => formatApqn(queue));
  if (first.from === 'vfio_ap') {
    tx.rules.letGo(
      tx,
      run.map(({ queue }) => queue),
    );
  }
  tx.emit('QueueReset', { by: 'bus', queues, responseCode: 0 });
  tx.emit('QueueUnbound', { driver: first.from, queues });
  if (first.to !== null && isBindable(tx, first.queue, first.to))
    tx.emit('QueueBound', { driver: first.to, queues });
  return [];
}

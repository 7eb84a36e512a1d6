/** Queues meet drivers: offered, bound, unbound, taken away (driver-rules 2, 3.2, 4.2, 6.4, 6.5). */
import {
  type Apqn,
  and,
  andNot,
  apidOf,
  apqiOf,
  apqn,
  EMPTY_MASK,
  firstId,
  forEachId,
  formatApqn,
  has,
  type Mask256,
} from '@apledger/ap';
import type { QueueDriver } from '@apledger/events';
import {
  CEX4,
  cardType,
  domainsInMdevs,
  driverOf,
  type HostState,
  inOrder,
  isInMdev,
  isReserved,
  type Queue,
  queueOf,
  queuesOf,
  zcryptDriverOf,
} from '@apledger/host';
import type { PendingAdditions } from '../generation.ts';
import { NORMAL, zapq } from '../hardware.ts';
import { bindEvent, queueAfter, unbindEvent } from '../lifecycle.ts';
import { busReset } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

/** The driver that may have a queue: the one of its driver_override, else the one that the masks say; null = none serves it. */
export function entitledDriver(state: HostState, queue: Apqn): QueueDriver | null {
  const override = state.override(queue);
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
function removeQueue(tx: Transaction, queue: Apqn, device: Queue): void {
  const driver = driverOf(tx.state, queue);
  if (!mayRemove(device) && driver !== null && mayUnbind(device, driver)) unbind(tx, queue, driver);
  const now = queueOf(tx.state, apidOf(queue), apqiOf(queue));
  if (now !== undefined && mayRemove(now)) tx.emit('QueueRemoved', { queues: [formatApqn(queue)] });
}

/** Unregisters queue devices, in this order. Queues that concern no mdev go in runs, as in `reviseBindings`. */
export function removeQueues(tx: Transaction, queues: readonly Apqn[]): void {
  let run: Apqn[] = [];
  let runsDriver: QueueDriver | null = null;
  let runsAnswer = 0;
  for (const queue of queues) {
    const driver = driverOf(tx.state, queue);
    const answer = zapq(tx.state, queue);
    const isQuiet =
      driver !== null && !isInMdev(tx.state, apidOf(queue), apqiOf(queue)) && !RETRIED.has(answer);
    if (!isQuiet || driver !== runsDriver || answer !== runsAnswer)
      run = removeRun(tx, run, runsDriver, runsAnswer);
    if (isQuiet) {
      run.push(queue);
      [runsDriver, runsAnswer] = [driver, answer];
      continue;
    }
    const device = queueOf(tx.state, apidOf(queue), apqiOf(queue));
    if (device !== undefined) removeQueue(tx, queue, device);
  }
  removeRun(tx, run, runsDriver, runsAnswer);
}

/** Answers after which a reset is tried again: such a queue has a history of its own. */
const RETRIED: ReadonlySet<number> = new Set([2, 5, 10]);

function removeRun(
  tx: Transaction,
  run: readonly Apqn[],
  driver: QueueDriver | null,
  answer: number,
): Apqn[] {
  const [first] = run;
  const device = first === undefined ? undefined : queueOf(tx.state, apidOf(first), apqiOf(first));
  if (device === undefined || driver === null) return [];
  if (!mayUnbind(device, driver) || run.length === 1) {
    for (const queue of run) removeQueue(tx, queue, device);
    return [];
  }
  const queues = run.map(formatApqn);
  if (driver === 'vfio_ap') tx.rules.letGo(tx, run);
  tx.emit('QueueReset', { by: 'bus', queues, responseCode: answer });
  tx.emit('QueueUnbound', { driver, queues });
  tx.emit('QueueRemoved', { queues });
  return [];
}

const mayRemove = (device: Queue): boolean => queueAfter(device.state, { type: 'REMOVE' }) !== undefined;

/** Queues of one card that leave a driver after a mask change. */
interface Leaving {
  readonly from: QueueDriver;
  /** null = no driver serves their type any more (driver-rules-older 2). */
  readonly to: QueueDriver | null;
  readonly domains: Mask256;
  /** Domains of the card that are in mdevs: no step of a rebind assigns anything. */
  readonly inMdevs: Mask256;
}

/** By APID, what leaves zcrypt and what leaves vfio_ap. No queue has a driver_override when a mask changes (driver-rules 3.2). */
function misfits(state: HostState): Map<number, Leaving[]> {
  const { apmask, aqmask, cards } = state;
  const byCard = new Map<number, Leaving[]>();
  for (const apid of cards.keys()) {
    const reserved = has(apmask, apid) ? aqmask : EMPTY_MASK;
    const found = [
      andNot(queuesOf(state, apid, 'zcrypt'), reserved),
      and(queuesOf(state, apid, 'vfioAp'), reserved),
    ].flatMap((domains) => leavingOf(state, apid, domains));
    if (found.length > 0) byCard.set(apid, found);
  }
  return byCard;
}

/** These queues of a card, which have one driver, if they go to another one. */
function leavingOf(state: HostState, apid: number, domains: Mask256): readonly Leaving[] {
  const first = firstId(domains);
  const device = first === undefined ? undefined : queueOf(state, apid, first);
  if (first === undefined || device === undefined) return [];
  const from = driverOf(state, apqn(apid, first));
  const to = entitledDriver(state, apqn(apid, first));
  if (from === null || from === to || !mayUnbind(device, from)) return [];
  return [{ from, to, domains, inMdevs: domainsInMdevs(state, apid) }];
}

/**
 * Walks all queues after a mask change and moves those whose driver no longer fits (driver-rules 3.2 step 4).
 * Queues that concern no mdev move in runs: one fact for each step of a whole run, because nothing else can
 * happen in between. A run's facts name the same queues, and each queue went through all steps before the next.
 */
export function reviseBindings(tx: Transaction): void {
  const byCard = misfits(tx.state);
  const queues: Apqn[] = [];
  for (const [apid, groups] of byCard)
    for (const { domains } of groups) forEachId(domains, (apqi) => queues.push(apqn(apid, apqi)));
  let run: Apqn[] = [];
  let runs: Leaving | undefined;
  for (const queue of inOrder(tx.state, queues)) {
    const apqi = apqiOf(queue);
    const leaving = byCard.get(apidOf(queue))?.find(({ domains }) => has(domains, apqi));
    if (leaving === undefined) continue;
    const isQuiet = !has(leaving.inMdevs, apqi) && zapq(tx.state, queue) === NORMAL;
    if (!isQuiet || (runs !== undefined && (runs.from !== leaving.from || runs.to !== leaving.to)))
      run = flush(tx, run, runs);
    runs = leaving;
    if (isQuiet) run.push(queue);
    else rebind(tx, queue, leaving);
  }
  flush(tx, run, runs);
}

function rebind(tx: Transaction, queue: Apqn, { from, to }: Leaving): void {
  unbind(tx, queue, from);
  if (to !== null && isBindable(tx, queue, to)) bind(tx, queue, to);
}

function isBindable(tx: Transaction, queue: Apqn, driver: QueueDriver): boolean {
  const device = queueOf(tx.state, apidOf(queue), apqiOf(queue));
  return device !== undefined && mayBind(tx.state, queue, device, driver);
}

function flush(tx: Transaction, run: readonly Apqn[], leaving: Leaving | undefined): Apqn[] {
  const [first] = run;
  if (first === undefined || leaving === undefined) return [];
  const { from, to } = leaving;
  const queues = run.map(formatApqn);
  if (from === 'vfio_ap') tx.rules.letGo(tx, run);
  tx.emit('QueueReset', { by: 'bus', queues, responseCode: NORMAL });
  tx.emit('QueueUnbound', { driver: from, queues });
  if (to !== null && isBindable(tx, first, to)) tx.emit('QueueBound', { driver: to, queues });
  return [];
}

/** Every queue device, in the order of registration. */
export function registeredQueues(state: HostState): Apqn[] {
  const queues: Apqn[] = [];
  for (const [apid, card] of state.cards)
    for (const apqi of card.queues.keys()) queues.push((apid << 8) | apqi);
  return inOrder(state, queues);
}

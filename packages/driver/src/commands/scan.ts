/** The AP bus scan: what the hardware has now becomes what the host knows (driver-rules 6.6). */
import {
  type Apqn,
  and,
  andNot,
  apidOf,
  apqiOf,
  apqn,
  EMPTY_MASK,
  equalMatrices,
  firstId,
  forEachId,
  formatApqn,
  has,
  idsOf,
  idsOfMatrix,
  isEmpty,
  type Mask256,
  maskOfRange,
  or,
} from '@apledger/ap';
import type { QueueDriver } from '@apledger/events';
import { busLimits, type HostState, inOrder, isInMdev, type Queue, queueOf, queuesOf } from '@apledger/host';
import type { PendingAdditions } from '../generation.ts';
import {
  CHECK_STOPPED,
  cardIn,
  compatibleType,
  DECONFIGURED,
  isEmptySlot,
  NORMAL,
  tapq,
} from '../hardware.ts';
import { queueAfter } from '../lifecycle.ts';
import type { Transaction } from '../transaction.ts';
import { bind, entitledDriver, mayBind, removeQueues } from './binding.ts';

/** One scan. `hasVfioAp`: at boot only zcrypt's drivers are loaded, vfio_ap follows. */
export function scanBus(tx: Transaction, hasVfioAp = tx.state.isVfioApLoaded): undefined {
  const before = tx.state.config;
  const { hardware, hardwareConfig } = tx.state;
  let pending: PendingAdditions | undefined;
  if (hardware.qci && !equalMatrices(before, hardwareConfig)) {
    tx.emit('HostConfigChanged', idsOfMatrix(hardwareConfig));
    pending = tx.rules.configChanged(tx, before);
  }
  selectDomain(tx);
  const { maxAdapter, maxDomain } = busLimits(tx.state);
  const domains = and(hardwareConfig.domains, maskOfRange(0, maxDomain));
  // Where there is nothing and nothing was, a scan finds nothing.
  forEachId(or(hardwareConfig.adapters, tx.state.cards.mask), (apid) => {
    if (apid > maxAdapter) return;
    // The domains of the adapter that TAPQ knows.
    const isThere = has(hardwareConfig.adapters, apid) && !isEmptySlot(tx.state, apid);
    scanAdapter(tx, apid, isThere ? domains : EMPTY_MASK, hasVfioAp, pending);
  });
  if (pending !== undefined) tx.rules.scanComplete(tx, pending);
  tx.emit('BusScanned', { scans: tx.state.scans + 1 });
  noticeCompleteBindings(tx);
  return undefined;
}

/** The default domain is chosen once: the first that the host uses itself and that has a working queue. */
function selectDomain(tx: Transaction): void {
  const { state } = tx;
  if (state.attributes.ap_domain >= 0) return;
  const { maxAdapter, maxDomain } = busLimits(state);
  for (let apqi = 0; apqi <= maxDomain; apqi++) {
    for (let apid = 0; has(state.aqmask, apqi) && apid <= maxAdapter; apid++) {
      if (!has(state.apmask, apid) || tapq(state, apqn(apid, apqi)) !== NORMAL) continue;
      tx.emit('BusAttributeChanged', { attribute: 'ap_domain', value: apqi });
      return;
    }
  }
}

/** driver-rules 6.6 step 2 for one adapter. */
function scanAdapter(
  tx: Transaction,
  apid: number,
  reachable: Mask256,
  hasVfioAp: boolean,
  pending: PendingAdditions | undefined,
): void {
  const known = tx.state.cards.get(apid);
  const first = firstId(reachable);
  if (first === undefined) {
    if (known !== undefined) removeCard(tx, apid);
    return;
  }
  const model = cardIn(tx.state, apid);
  const isSame = known !== undefined && known.type === model.type && known.functions === model.functions;
  if (known !== undefined && !isSame) removeCard(tx, apid);
  const answer = tapq(tx.state, apqn(apid, first));
  const configured = answer !== DECONFIGURED;
  const checkStopped = answer === CHECK_STOPPED && tx.rules.noticesCheckStop;
  if (isSame) {
    if (known.configured !== configured)
      tx.emit(configured ? 'CardConfigured' : 'CardDeconfigured', { adapter: apid });
    if (known.checkStopped !== checkStopped) tx.emit('CardCheckStopNoticed', { adapter: apid, checkStopped });
  } else {
    if (compatibleType(tx.state, tx.rules.servedTypes, model.type) === 0) return;
    tx.emit('CardDetected', { adapter: apid, ...model, configured, checkStopped });
  }
  scanDomains(tx, apid, reachable, { configured, checkStopped, hasVfioAp, pending });
}

/** Queues go first, in the order of their registration, then the card. */
function removeCard(tx: Transaction, apid: number): void {
  const queues = idsOf(queuesOf(tx.state, apid)).map((apqi) => apqn(apid, apqi));
  removeQueues(tx, inOrder(tx.state, queues));
  if (isEmpty(queuesOf(tx.state, apid))) tx.emit('CardRemoved', { adapter: apid });
}

interface AdapterScan {
  readonly configured: boolean;
  readonly checkStopped: boolean;
  readonly hasVfioAp: boolean;
  readonly pending: PendingAdditions | undefined;
}

const DETECT = { type: 'DETECT' } as const;

function scanDomains(tx: Transaction, apid: number, reachable: Mask256, scan: AdapterScan): void {
  const { configured, checkStopped } = scan;
  let found: Apqn[] = [];
  for (const apqi of domainsToVisit(tx.state, apid, reachable, scan)) {
    const queue = apqn(apid, apqi);
    const device = queueOf(tx.state, apid, apqi);
    const isNew = has(reachable, apqi) && queueAfter(device?.state ?? 'undetected', DETECT) !== undefined;
    // New queues are taken in as one run until something else has to happen in between.
    if (isNew && isQuiet(tx, queue, found, scan)) {
      found.push(queue);
      continue;
    }
    if (isNew || device !== undefined) found = takeIn(tx, found, scan);
    if (isNew) found = takeIn(tx, [queue], scan);
    else if (device !== undefined && !has(reachable, apqi)) removeQueues(tx, [queue]);
    else if (device !== undefined) noticeState(tx, queue, device, configured, checkStopped);
  }
  takeIn(tx, found, scan);
}

/** Domains whose queue comes, goes, or has another condition than the card, ascending. */
function domainsToVisit(
  state: HostState,
  apid: number,
  reachable: Mask256,
  { configured, checkStopped }: AdapterScan,
): number[] {
  const there = queuesOf(state, apid);
  const differs = (which: 'configured' | 'checkStopped', is: boolean): Mask256 => {
    const mask = queuesOf(state, apid, which);
    return is ? andNot(there, mask) : and(there, mask);
  };
  const changed = or(differs('configured', configured), differs('checkStopped', checkStopped));
  return idsOf(or(changed, or(andNot(reachable, there), andNot(there, reachable))));
}

/** The queue concerns no mdev and goes to the same driver as the run before it. */
function isQuiet(tx: Transaction, queue: Apqn, run: readonly Apqn[], { hasVfioAp }: AdapterScan): boolean {
  if (isInMdev(tx.state, apidOf(queue), apqiOf(queue))) return false;
  const [first] = run;
  return (
    first === undefined || driverFor(tx.state, first, hasVfioAp) === driverFor(tx.state, queue, hasVfioAp)
  );
}

/** The loaded driver that takes the queue. */
function driverFor(state: HostState, queue: Apqn, hasVfioAp: boolean): QueueDriver | null {
  const driver = entitledDriver(state, queue);
  return driver === 'vfio_ap' && !hasVfioAp ? null : driver;
}

/** Registers a run of new queues and offers them to the loaded drivers. */
function takeIn(tx: Transaction, run: readonly Apqn[], scan: AdapterScan): Apqn[] {
  const [first] = run;
  if (first === undefined) return [];
  const { configured, checkStopped, hasVfioAp, pending } = scan;
  const queues = run.map(formatApqn);
  tx.emit('QueueDetected', { queues, configured, checkStopped });
  const driver = driverFor(tx.state, first, hasVfioAp);
  const device = queueOf(tx.state, apidOf(first), apqiOf(first));
  if (driver === null || device === undefined || !mayBind(tx.state, first, device, driver)) return [];
  if (run.length === 1) bind(tx, first, driver, pending);
  else tx.emit('QueueBound', { driver, queues });
  return [];
}

function noticeState(
  tx: Transaction,
  queue: Apqn,
  device: Queue,
  configured: boolean,
  checkStopped: boolean,
): void {
  if (device.configured === configured && device.checkStopped === checkStopped) return;
  tx.emit('QueueStateNoticed', { queues: [formatApqn(queue)], configured, checkStopped });
}

/** Queues without a driver, in the order of their registration. */
function unboundQueues(state: HostState): Apqn[] {
  const queues: Apqn[] = [];
  for (const apid of state.cards.keys()) {
    const bound = or(queuesOf(state, apid, 'zcrypt'), queuesOf(state, apid, 'vfioAp'));
    forEachId(andNot(queuesOf(state, apid), bound), (apqi) => queues.push(apqn(apid, apqi)));
  }
  return inOrder(state, queues);
}

/** vfio_ap was loaded: every unbound device is offered to it, in the order of registration. */
export function loadVfioAp(tx: Transaction): void {
  const offered = unboundQueues(tx.state).filter((queue) => {
    const device = queueOf(tx.state, apidOf(queue), apqiOf(queue));
    return device !== undefined && mayBind(tx.state, queue, device, 'vfio_ap');
  });
  if (offered.length > 0) tx.emit('QueueBound', { driver: 'vfio_ap', queues: offered.map(formatApqn) });
  noticeCompleteBindings(tx);
}

/** driver-rules 10: said once whenever all queues have a driver, until the next probe. */
function noticeCompleteBindings(tx: Transaction): void {
  if (!tx.rules.announcesBindings || !tx.state.bindingsArmed || tx.state.scans === 0) return;
  if (unboundQueues(tx.state).length > 0) return;
  tx.emit('BindingsCompleted', { count: tx.state.bindingsCompleted + 1 });
}

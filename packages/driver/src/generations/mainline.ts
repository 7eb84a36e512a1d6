/**
 * 6.12 and 7.3: the filtered matrix is kept all the time, guest or not, and recomputed at a few moments only
 * (driver-rules 6). The two differ in three answers, given by `mainline()`'s argument.
 */
import {
  type Apqn,
  and,
  andNot,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  EMPTY_MASK,
  EMPTY_MATRIX,
  forEachId,
  has,
  intersects,
  isEmpty,
  type Mask256,
  maskOf,
  matrixHas,
  withBit,
  withoutBit,
} from '@apledger/ap';
import type { PlugConditions } from '@apledger/machines';
import { isPassable } from '../evolve-devices.ts';
import type { Axis, GenerationRules, PendingAdditions } from '../generation.ts';
import { cardIn, NOT_AVAILABLE, OLDEST_SUPPORTED_TYPE, tapq } from '../hardware.ts';
import { isPluggedBy, isUnplugged, plugAfter } from '../lifecycle.ts';
import { type Outcome, type Refusal, refuse } from '../refusal.ts';
import { attach, writeFiltered } from '../rules/guest-matrix.ts';
import { LIFECYCLE_ERRNOS } from '../rules/lifecycle-refusals.ts';
import { nameMdev, refuseHostOwned, refuseShared } from '../rules/ownership.ts';
import { linkedQueues, resetAdapters, vfioReset } from '../rules/reset.ts';
import { type HostState, hostConfig, type Mdev, mdevOf, queueOf } from '../state.ts';
import type { Transaction } from '../transaction.ts';

type Differences = Pick<
  GenerationRules,
  | 'numberOverflow'
  | 'hasDriverOverride'
  | 'hasBindingsCount'
  | 'parameterMode'
  | 'removalEmptiesGuest'
  | 'refuseMask'
>;

export const mainline = (differences: Differences): GenerationRules => ({
  ...differences,
  noInstanceErrno: 'EUSERS',
  errnos: LIFECYCLE_ERRNOS,
  isRemovalWaiting: true,
  isMainline: true,
  assign,
  unassign,
  configured,
  filterControlDomains,
  queueBound,
  queueUnbinding,
  reset: vfioReset,
  isReset: (responseCode) => responseCode === 0,
  letGo,
  configChanged,
  scanComplete,
  refuseOpen,
  open: (tx, mdev, guest) => attach(tx, mdev, guest, true),
  close: (tx, mdev) => vfioReset(tx, linkedQueues(tx, mdev.assigned)),
});

/** The shadow; mainline always has one. */
const shadowOf = (mdev: Mdev): ControlledMatrix => mdev.filtered ?? EMPTY_MATRIX;

/** driver-rules 6.2: adapters and domains that the host has, less adapters with any queue that cannot be passed on. */
function filter(
  tx: Transaction,
  mdev: Mdev,
): { readonly filtered: ControlledMatrix; readonly thrownOut: Mask256 } {
  const config = hostConfig(tx.state);
  const before = shadowOf(mdev);
  const domains = and(mdev.assigned.domains, config.domains);
  let adapters = EMPTY_MASK;
  forEachId(mdev.assigned.adapters, (apid) => {
    const conditions = conditionsOf(tx, apid, domains, has(config.adapters, apid));
    if (isPluggedBy(mdev.plug.get(apid), conditions)) adapters = withBit(adapters, apid);
  });
  return {
    filtered: { ...before, adapters, domains },
    thrownOut: and(andNot(config.adapters, adapters), before.adapters),
  };
}

/** What the adapter's machine has to know: about the host, and about every queue of the adapter in these domains. */
function conditionsOf(tx: Transaction, apid: number, domains: Mask256, isInHost: boolean): PlugConditions {
  let areQueuesBound = true;
  let areQueuesPassable = true;
  forEachId(domains, (apqi) => {
    const queue = queueOf(tx.state, apid, apqi);
    areQueuesBound &&= queue?.state === 'vfio_ap';
    areQueuesPassable &&= queue !== undefined && isPassable(queue.resetCode);
  });
  return { isInHost, areQueuesBound, areQueuesPassable };
}

/** Recomputes the filtered matrix, shows it to the guest, resets what it threw out. */
function refilter(tx: Transaction, uuid: string): void {
  const { filtered, thrownOut } = filter(tx, tx.mdev(uuid));
  writeFiltered(tx, tx.mdev(uuid), filtered);
  resetAdapters(tx, thrownOut, filtered.domains);
}

/** The control domains that a guest of this mdev would get (driver-rules 6.2). */
const withControlDomains = (tx: Transaction, mdev: Mdev, filtered: ControlledMatrix): ControlledMatrix => ({
  ...filtered,
  controlDomains: and(mdev.assigned.controlDomains, hostConfig(tx.state).controlDomains),
});

/** driver-rules 5.2: the whole resulting matrix is checked, not only what is new. */
function assign(tx: Transaction, mdev: Mdev, axis: Axis, id: number): Outcome {
  const isAssigned =
    axis === 'adapters'
      ? plugAfter(mdev.plug.get(id), { type: 'ASSIGN' }) === undefined
      : has(mdev.assigned.domains, id);
  if (isAssigned) return undefined;
  const wanted = { ...mdev.assigned, [axis]: withBit(mdev.assigned[axis], id) };
  const refusal = refuseHostOwned(tx.state, wanted) ?? refuseShared(tx.state, wanted, mdev);
  if (refusal !== undefined) return refusal;
  if (axis === 'adapters') tx.emit('AdapterAssigned', { mdev: mdev.uuid, adapters: [id] });
  else tx.emit('DomainAssigned', { mdev: mdev.uuid, domains: [id] });
  refilter(tx, mdev.uuid);
  return undefined;
}

/** driver-rules 5.3: out of the shadow, and the queues reset that were in it. No refilter. */
function unassign(tx: Transaction, mdev: Mdev, axis: Axis, ids: Mask256): void {
  const shadow = shadowOf(mdev);
  const leaving = { ...shadow, [axis]: and(shadow[axis], ids) };
  const toReset = linkedQueues(tx, leaving);
  writeFiltered(tx, mdev, { ...shadow, [axis]: andNot(shadow[axis], ids) });
  vfioReset(tx, toReset);
}

/** driver-rules 5.4: assigning recomputes the whole mask, unassigning only takes out what left. */
function filterControlDomains(tx: Transaction, mdev: Mdev, gone: Mask256): void {
  const shadow = shadowOf(mdev);
  const filtered = isEmpty(gone)
    ? withControlDomains(tx, mdev, shadow)
    : { ...shadow, controlDomains: andNot(shadow.controlDomains, gone) };
  writeFiltered(tx, mdev, filtered);
}

/** driver-rules 6.4. While additions to the host are pending, the refilter waits for the scan to end. */
function queueBound(tx: Transaction, queue: Apqn, pending: PendingAdditions | undefined): void {
  const mdev = mdevOf(tx.state, apidOf(queue), apqiOf(queue));
  if (mdev === undefined) return;
  const additions = pending?.byMdev.get(mdev.uuid);
  if (additions !== undefined && !(isEmpty(additions.adapters) && isEmpty(additions.domains))) return;
  refilter(tx, mdev.uuid);
}

/** driver-rules 6.5: a queue cannot be unplugged alone, so its adapter goes. */
function queueUnbinding(tx: Transaction, queue: Apqn): void {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  if (mdev !== undefined && isUnplugged(mdev.plug.get(apid)) && has(shadowOf(mdev).domains, apqiOf(queue))) {
    const shadow = shadowOf(mdev);
    writeFiltered(tx, mdev, { ...shadow, adapters: withoutBit(shadow.adapters, apid) });
    resetAdapters(tx, maskOf([apid]), shadow.domains);
    return;
  }
  letGo(tx, [queue]);
}

/** A queue that the host configuration does not have would answer 01: it is not reset. */
function letGo(tx: Transaction, queues: readonly Apqn[]): void {
  const config = hostConfig(tx.state);
  vfioReset(
    tx,
    queues.filter((queue) => matrixHas(config, apidOf(queue), apqiOf(queue))),
  );
}

/** driver-rules 6.6 step 1: what the host lost is taken from every mdev at once, what it gained is remembered. */
function configChanged(tx: Transaction, before: ControlledMatrix): PendingAdditions | undefined {
  const now = hostConfig(tx.state);
  for (const mdev of [...tx.state.mdevs.values()]) {
    const shadow = shadowOf(mdev);
    writeFiltered(tx, mdev, {
      adapters: withoutUnplugged(mdev, shadow.adapters, andNot(before.adapters, now.adapters)),
      domains: andNot(shadow.domains, andNot(before.domains, now.domains)),
      controlDomains: andNot(shadow.controlDomains, andNot(before.controlDomains, now.controlDomains)),
    });
  }
  const domains = andNot(now.domains, before.domains);
  const adapters = supportedAdapters(tx, andNot(now.adapters, before.adapters), domains);
  const controlDomains = andNot(now.controlDomains, before.controlDomains);
  const byMdev = [...tx.state.mdevs.values()].map(
    ({ uuid, assigned }) =>
      [
        uuid,
        {
          adapters: and(assigned.adapters, adapters),
          domains: and(assigned.domains, domains),
          controlDomains: and(assigned.controlDomains, controlDomains),
        },
      ] as const,
  );
  return { byMdev: new Map(byMdev) };
}

/** These adapters without those of `lost` that the machine unplugs. */
function withoutUnplugged({ plug }: Mdev, adapters: Mask256, lost: Mask256): Mask256 {
  let left = adapters;
  forEachId(and(adapters, lost), (apid) => {
    if (isUnplugged(plug.get(apid))) left = withoutBit(left, apid);
  });
  return left;
}

/** Strips adapters of unknown or too old a type, judged only on added adapters x added domains. */
function supportedAdapters(tx: Transaction, adapters: Mask256, domains: Mask256): Mask256 {
  let supported = adapters;
  forEachId(adapters, (apid) => {
    forEachId(domains, (apqi) => {
      const isKnown = tapq(tx.state, (apid << 8) | apqi) !== NOT_AVAILABLE;
      if (!isKnown || cardIn(tx.state, apid).type < OLDEST_SUPPORTED_TYPE)
        supported = withoutBit(supported, apid);
    });
  });
  return supported;
}

/** driver-rules 6.6 step 3. */
function scanComplete(tx: Transaction, pending: PendingAdditions): void {
  for (const [uuid, additions] of pending.byMdev) {
    const mdev = tx.mdev(uuid);
    const adds = (axis: keyof ControlledMatrix): boolean => intersects(mdev.assigned[axis], additions[axis]);
    let filtered = shadowOf(mdev);
    let thrownOut = EMPTY_MASK;
    if (adds('adapters') || adds('domains')) ({ filtered, thrownOut } = filter(tx, mdev));
    if (adds('controlDomains')) filtered = withControlDomains(tx, mdev, filtered);
    writeFiltered(tx, mdev, filtered);
    resetAdapters(tx, thrownOut, filtered.domains);
  }
}

/** driver-rules 6.8. */
function refuseOpen(state: HostState, mdev: Mdev, guest: string | null): Refusal | undefined {
  if (guest === null) {
    return refuse('EINVAL', `Whoever opens mdev ${mdev.uuid} has no KVM guest.`, 'Open it from a KVM guest.');
  }
  const other = [...state.mdevs.values()].find(
    (candidate) => candidate.attached && candidate.guest === guest,
  );
  if (other === undefined) return undefined;
  return refuse(
    'EPERM',
    `Guest ${guest} already has ${nameMdev(other)}.`,
    `Stop the guest, or give it only mdev ${other.uuid}.`,
    [{ queue: other.uuid, holder: `guest ${guest}` }],
  );
}

/** driver-rules 5.5: a refilter, whatever changed. */
function configured(tx: Transaction, mdev: Mdev): void {
  const { filtered, thrownOut } = filter(tx, mdev);
  writeFiltered(tx, mdev, withControlDomains(tx, mdev, filtered));
  resetAdapters(tx, thrownOut, filtered.domains);
}

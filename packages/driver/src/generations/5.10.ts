/**
 * Linux 5.10, before hot plug (driver-rules-older): only bound queues can be assigned, the matrix is frozen while a guest has the mdev,
 * and the guest keeps what it got at the start, whatever becomes of the queues.
 */
import {
  apidOf,
  apqiOf,
  apqnsOf,
  formatApqi,
  formatApqn,
  formatCard,
  has,
  isEmpty,
  maskOf,
  withBit,
} from '@apledger/ap';
import { driverOf, type HostState, isBoundToVfio, type Mdev, mdevOfGuest } from '@apledger/host';
import type { Axis, GenerationRules } from '../generation.ts';
import { nameQueues, type Outcome, type Refusal, refuse } from '../refusal.ts';
import { attach, emitAssigned, type Opening } from '../rules/guest-matrix.ts';
import { LIFECYCLE_ERRNOS } from '../rules/lifecycle-refusals.ts';
import { refuseShared } from '../rules/ownership.ts';
import { linkedQueues, resetTwice, synchronousResetErrno } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

export const linux510: GenerationRules = {
  numberOverflow: 'wrap',
  noInstanceErrno: 'EPERM',
  /** While a removal waits, the group's file is still open. */
  errnos: { ...LIFECYCLE_ERRNOS, alreadyBound: 'ENODEV', beingRemoved: 'EBUSY' },
  /** Nobody asks the guest for the device: it keeps everything (driver-rules-older 5.6). */
  isRemovalWaiting: true,
  removalEmptiesGuest: false,
  files: new Set(),
  parameterMode: 0o440,
  showsRawDepth: false,
  namesTypeInUevents: true,
  servedTypes: { oldest: 6, newest: 13 },
  noticesCheckStop: false,
  announcesBindings: false,
  scansPollAttributes: true,
  hotPlugs: false,
  resetsThrownOut: false,
  /** Never: vfio_ap is not asked. A guest that has the queues keeps them, and shares them with the host. */
  refuseMask: () => undefined,
  assign,
  unassign: () => {},
  configured: undefined,
  filterControlDomains: () => {},
  queueBound: () => {},
  queueUnbinding: (tx, queue) => resetTwice(tx, [queue]),
  reset: resetTwice,
  inResetOrder: (queues) => queues,
  resetErrno: synchronousResetErrno,
  letGo: resetTwice,
  /** The host configuration is seen only as queues that come and go. */
  configChanged: () => undefined,
  scanComplete: () => {},
  refuseOpen: () => undefined,
  open,
  close(tx, { attached, assigned }) {
    if (attached) resetTwice(tx, linkedQueues(tx, assigned));
  },
};

/** Assigning again checks again: the queues may have been taken away since (driver-rules-older 5.2). */
function assign(tx: Transaction, mdev: Mdev, axis: Axis, id: number): Outcome {
  const wanted = { ...mdev.assigned, [axis]: withBit(mdev.assigned[axis], id) };
  const refusal = refuseUnbound(tx.state, mdev, axis, id) ?? refuseShared(tx.state, wanted, mdev);
  if (refusal !== undefined) return refusal;
  if (!has(mdev.assigned[axis], id)) emitAssigned(tx, mdev.uuid, axis, id);
  return undefined;
}

/** Every queue that comes new must be bound to vfio_ap; as long as the other axis is empty, any queue at all will do. */
function refuseUnbound(state: HostState, { assigned }: Mdev, axis: Axis, id: number): Refusal | undefined {
  const other = axis === 'adapters' ? assigned.domains : assigned.adapters;
  if (isEmpty(other)) return hasBoundQueue(state, axis, id) ? undefined : noBoundQueue(axis, id);
  const unbound = apqnsOf({ ...assigned, [axis]: maskOf([id]) })
    .filter((queue) => !isBoundToVfio(state, apidOf(queue), apqiOf(queue)))
    .map((queue) => ({ queue: formatApqn(queue), holder: driverOf(state, queue) ?? 'nobody' }));
  if (unbound.length === 0) return undefined;
  return refuse(
    'EADDRNOTAVAIL',
    `${nameQueues(unbound)} would be in the matrix, but ${unbound.length === 1 ? 'is' : 'are'} not bound to vfio_ap.`,
    REMEDY,
    unbound,
  );
}

const REMEDY = 'Give the adapter or the domain to vfio_ap first: echo -ID > /sys/bus/ap/apmask or aqmask.';

function hasBoundQueue(state: HostState, axis: Axis, id: number): boolean {
  for (let other = 0; other < 256; other++)
    if (axis === 'adapters' ? isBoundToVfio(state, id, other) : isBoundToVfio(state, other, id)) return true;
  return false;
}

const noBoundQueue = (axis: Axis, id: number): Refusal => {
  const what = axis === 'adapters' ? formatCard(id) : `domain ${formatApqi(id)}`;
  return refuse('EADDRNOTAVAIL', `No queue of ${what} is bound to vfio_ap.`, REMEDY, [
    { queue: what, holder: 'the host, or nobody' },
  ]);
};

/** Always succeeds; a VM that has an mdev already, or no VM at all, gets nothing (driver-rules-older 6.0). */
function open(tx: Transaction, mdev: Mdev, guest: string | null, opening: Opening): void {
  const isRefused = guest === null || mdevOfGuest(tx.state, guest) !== undefined;
  attach(tx, mdev, guest, isRefused ? null : mdev.assigned, opening);
}

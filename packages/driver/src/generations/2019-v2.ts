/**
 * The patch series of May 2019, whose document this project implements (driver-rules 8): the guest's matrix
 * exists only while the mdev is open, starts from what is bound, and changes by single steps.
 */
import {
  type Apqn,
  andNot,
  apidOf,
  apqiOf,
  type ControlledMatrix,
  EMPTY_MATRIX,
  forEachId,
  has,
  type Mask256,
  maskOf,
  withBit,
  withoutBit,
} from '@apledger/ap';
import { CEX4, isBoundToVfio, type Mdev, mdevOf, mdevOfGuest } from '@apledger/host';
import type { PlugConditions } from '@apledger/machines';
import type { Axis, GenerationRules } from '../generation.ts';
import { isPluggedBy, isUnplugged, plugAfter } from '../lifecycle.ts';
import type { Outcome } from '../refusal.ts';
import { attach, emitAssigned, type Opening, writeGuestMatrix } from '../rules/guest-matrix.ts';
import { LIFECYCLE_ERRNOS } from '../rules/lifecycle-refusals.ts';
import { refuseHostOwned, refuseShared } from '../rules/ownership.ts';
import { linkedQueues, type RetryRules, vfioReset } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

export const patches2019: GenerationRules = {
  numberOverflow: 'int',
  noInstanceErrno: 'EPERM',
  /** What came after the patches is not there; `scans` is, because nothing else would make a simulated bus scan. */
  files: new Set([
    'bus/scans',
    'card/chkstop',
    'card/max_msg_size',
    'queue/ap_functions',
    'queue/chkstop',
    'mdev/guest_matrix',
  ]),
  parameterMode: 0o440,
  errnos: LIFECYCLE_ERRNOS,
  isRemovalWaiting: false,
  removalEmptiesGuest: false,
  showsRawDepth: true,
  namesTypeInUevents: false,
  servedTypes: { oldest: CEX4, newest: 14 },
  noticesCheckStop: true,
  announcesBindings: true,
  scansPollAttributes: false,
  hotPlugs: true,
  resetsThrownOut: false,
  /** Never: queues are rebound, and the matrix keeps APQNs that are the host's now. */
  refuseMask: () => undefined,
  assign,
  unassign,
  configured: undefined,
  filterControlDomains,
  queueBound,
  queueUnbinding,
  reset,
  inResetOrder: (queues) => queues,
  /** Deconfigured counts as done. */
  resetErrno: (responseCode) => (responseCode === 0 || responseCode === 3 ? undefined : 'EIO'),
  letGo: reset,
  /** Host configuration is seen only as binding and unbinding of queues. */
  configChanged: () => undefined,
  scanComplete: () => {},
  /** A VM that has an mdev already, or no VM at all, opens it all the same; it just gets nothing. */
  refuseOpen: () => undefined,
  open,
  close: (tx, mdev) => reset(tx, linkedQueues(tx, mdev.assigned)),
};

const MAX_RETRIES = 5;
/** Only "in progress" and "busy" are worth another try. */
const FIVE_TIMES: RetryRules = {
  tryAgain: new Set([2, 5]),
  goesOn: (_tx, _queue, retries) => retries < MAX_RETRIES,
};

function reset(tx: Transaction, queues: readonly Apqn[]): void {
  vfioReset(tx, queues, FIVE_TIMES);
}

/** Every queue of adapters x domains is bound to vfio_ap; vacuously so when there is none. */
function allBound(tx: Transaction, adapters: Mask256, domains: Mask256): boolean {
  let bound = true;
  forEachId(adapters, (apid) =>
    forEachId(domains, (apqi) => {
      bound &&= isBoundToVfio(tx.state, apid, apqi);
    }),
  );
  return bound;
}

/** Only the new APQNs are checked; assigning again checks and plugs again. */
function assign(tx: Transaction, mdev: Mdev, axis: Axis, id: number): Outcome {
  const added = { ...mdev.assigned, [axis]: maskOf([id]) };
  const refusal = refuseHostOwned(tx.state, added) ?? refuseShared(tx.state, added, mdev);
  if (refusal !== undefined) return refusal;
  if (axis === 'adapters') assignAdapter(tx, mdev, id);
  else assignDomain(tx, mdev, id);
  return undefined;
}

function assignAdapter(tx: Transaction, { uuid, plug }: Mdev, apid: number): void {
  if (plugAfter(plug.get(apid), { type: 'ASSIGN' }) !== undefined) emitAssigned(tx, uuid, 'adapters', apid);
  plugIn(tx, tx.mdev(uuid), apid);
}

/** An adapter that is not in the guest matrix comes in when every queue of it there is bound. */
function plugIn(tx: Transaction, mdev: Mdev, apid: number): void {
  const current = mdev.guestMatrix;
  if (current === null || has(current.adapters, apid)) return;
  if (isPluggedBy(mdev.plugOf(apid), whereBound(allBound(tx, maskOf([apid]), current.domains))))
    writeGuestMatrix(tx, mdev, { ...current, adapters: withBit(current.adapters, apid) });
}

/** Neither the host's configuration nor the answers of resets count. */
const whereBound = (areQueuesBound: boolean): PlugConditions => ({
  isInHost: true,
  areQueuesBound,
  areQueuesPassable: true,
});

/** A domain that lacks a queue of an adapter in the guest matrix is kept out; the adapters stay. */
function assignDomain(tx: Transaction, mdev: Mdev, apqi: number): void {
  const current = mdev.guestMatrix;
  if (!has(mdev.assigned.domains, apqi)) emitAssigned(tx, mdev.uuid, 'domains', apqi);
  if (current !== null && allBound(tx, current.adapters, maskOf([apqi])))
    writeGuestMatrix(tx, tx.mdev(mdev.uuid), { ...current, domains: withBit(current.domains, apqi) });
}

/** No reset: 2019 left that to the guest's next holder. */
function unassign(tx: Transaction, mdev: Mdev, axis: Axis, ids: Mask256): void {
  if (mdev.guestMatrix !== null)
    writeGuestMatrix(tx, mdev, { ...mdev.guestMatrix, [axis]: andNot(mdev.guestMatrix[axis], ids) });
}

/** Control domains reach the guest unchecked. */
function filterControlDomains(tx: Transaction, mdev: Mdev): void {
  if (mdev.guestMatrix !== null)
    writeGuestMatrix(tx, mdev, { ...mdev.guestMatrix, controlDomains: mdev.assigned.controlDomains });
}

/** Plugs the adapter when this queue makes it complete. Domains never come back this way. */
function queueBound(tx: Transaction, queue: Apqn): void {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  const current = mdev?.guestMatrix ?? null;
  // Without a guest nobody is there to plug into, even while the mdev is open.
  if (mdev === undefined || current === null || !mdev.attached) return;
  if (has(current.domains, apqiOf(queue))) plugIn(tx, mdev, apid);
}

/** The adapter leaves the guest whenever its APID is there, whatever the queue's domain. */
function queueUnbinding(tx: Transaction, queue: Apqn): void {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  const current = mdev?.guestMatrix ?? null;
  if (mdev !== undefined && current !== null && mdev.attached) {
    if (!isUnplugged(mdev.plugOf(apid))) return;
    writeGuestMatrix(tx, mdev, { ...current, adapters: withoutBit(current.adapters, apid) });
  }
  reset(tx, [queue]);
}

/** An adapter and a domain are in as soon as any of their assigned queues is bound. */
function initialMatrix(tx: Transaction, { assigned, plug }: Mdev): ControlledMatrix {
  let { adapters, domains } = EMPTY_MATRIX;
  forEachId(assigned.adapters, (apid) => {
    let isAnyBound = false;
    forEachId(assigned.domains, (apqi) => {
      if (!isBoundToVfio(tx.state, apid, apqi)) return;
      isAnyBound = true;
      domains = withBit(domains, apqi);
    });
    if (isPluggedBy(plug.get(apid), whereBound(isAnyBound))) adapters = withBit(adapters, apid);
  });
  return { adapters, domains, controlDomains: assigned.controlDomains };
}

function open(tx: Transaction, mdev: Mdev, guest: string | null, opening: Opening): void {
  const getsNothing = guest === null || mdevOfGuest(tx.state, guest) !== undefined;
  attach(tx, mdev, guest, getsNothing ? null : (mdev.guestMatrix ?? EMPTY_MATRIX), opening);
  writeGuestMatrix(tx, tx.mdev(mdev.uuid), initialMatrix(tx, mdev));
}

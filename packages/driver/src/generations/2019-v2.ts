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
import type { Axis, GenerationRules } from '../generation.ts';
import { type Outcome, refuse } from '../refusal.ts';
import { attach, emitAssigned, writeFiltered } from '../rules/guest-matrix.ts';
import { nameMdev, refuseHostOwned, refuseShared } from '../rules/ownership.ts';
import { linkedQueues, type RetryRules, vfioReset } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

export const patches2019: GenerationRules = {
  numberOverflow: 'int',
  noInstanceErrno: 'EPERM',
  boundErrno: 'EBUSY',
  openWhileRemovingErrno: 'ENODEV',
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
  showsRawDepth: true,
  namesTypeInUevents: false,
  servedTypes: { oldest: CEX4, newest: 14 },
  noticesCheckStop: true,
  announcesBindings: true,
  scansPollAttributes: false,
  hotPlugs: true,
  resetsThrownOut: false,
  isInUse: ({ attached }) => attached,
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
  open,
  close: (tx, mdev) => reset(tx, linkedQueues(tx, mdev.assigned)),
  removeInUse: (_tx, mdev) =>
    refuse('EBUSY', `${nameMdev(mdev)} is in use by a guest.`, 'Stop the guest first.', [
      { queue: mdev.uuid, holder: mdev.guest === null ? 'a process' : `guest ${mdev.guest}` },
    ]),
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
  if (!has(mdev.assigned[axis], id)) emitAssigned(tx, mdev.uuid, axis, id);
  const shadow = mdev.filtered;
  if (shadow === null) return undefined;
  const plugged = { ...shadow, [axis]: maskOf([id]) };
  if (allBound(tx, plugged.adapters, plugged.domains)) {
    writeFiltered(tx, tx.mdev(mdev.uuid), { ...shadow, [axis]: withBit(shadow[axis], id) });
  }
  return undefined;
}

/** No reset: 2019 left that to the guest's next holder. */
function unassign(tx: Transaction, mdev: Mdev, axis: Axis, ids: Mask256): void {
  if (mdev.filtered !== null)
    writeFiltered(tx, mdev, { ...mdev.filtered, [axis]: andNot(mdev.filtered[axis], ids) });
}

/** Control domains reach the guest unchecked. */
function filterControlDomains(tx: Transaction, mdev: Mdev): void {
  if (mdev.filtered !== null)
    writeFiltered(tx, mdev, { ...mdev.filtered, controlDomains: mdev.assigned.controlDomains });
}

/** Plugs the adapter when this queue makes it complete. Domains never come back this way. */
function queueBound(tx: Transaction, queue: Apqn): void {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  const shadow = mdev?.filtered ?? null;
  // Without a guest nobody is there to plug into, even while the mdev is open.
  if (mdev === undefined || shadow === null || !mdev.attached) return;
  if (has(shadow.adapters, apid) || !has(shadow.domains, apqiOf(queue))) return;
  if (allBound(tx, maskOf([apid]), shadow.domains))
    writeFiltered(tx, mdev, { ...shadow, adapters: withBit(shadow.adapters, apid) });
}

/** The adapter leaves the guest whenever its APID is there, whatever the queue's domain. */
function queueUnbinding(tx: Transaction, queue: Apqn): void {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  const shadow = mdev?.filtered ?? null;
  if (mdev !== undefined && shadow !== null && mdev.attached) {
    if (!has(shadow.adapters, apid)) return;
    writeFiltered(tx, mdev, { ...shadow, adapters: withoutBit(shadow.adapters, apid) });
  }
  reset(tx, [queue]);
}

/** An adapter and a domain are in as soon as any of their assigned queues is bound. */
function initialMatrix(tx: Transaction, { assigned }: Mdev): ControlledMatrix {
  let { adapters, domains } = EMPTY_MATRIX;
  forEachId(assigned.adapters, (apid) =>
    forEachId(assigned.domains, (apqi) => {
      if (!isBoundToVfio(tx.state, apid, apqi)) return;
      adapters = withBit(adapters, apid);
      domains = withBit(domains, apqi);
    }),
  );
  return { adapters, domains, controlDomains: assigned.controlDomains };
}

/** A VM that has an mdev already, or no VM at all, opens it all the same; it just gets nothing. */
function open(tx: Transaction, mdev: Mdev, guest: string | null): Outcome {
  const getsNothing = guest === null || mdevOfGuest(tx.state, guest) !== undefined;
  attach(tx, mdev, guest, getsNothing ? null : (mdev.filtered ?? EMPTY_MATRIX));
  writeFiltered(tx, tx.mdev(mdev.uuid), initialMatrix(tx, mdev));
  return undefined;
}

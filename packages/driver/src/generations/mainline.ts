/**
 * 6.1 to 7.3: the guestMatrix is kept all the time, guest or not, and recomputed at a few moments only (driver-rules 6). Where
 * they differ, `mainline()`'s argument says how.
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
import {
  type HostState,
  hasAnyQueue,
  hasQueues,
  hostConfig,
  type Mdev,
  mdevOf,
  mdevOfGuest,
} from '@apledger/host';
import type { PlugConditions } from '@apledger/machines';
import type { Axis, GenerationRules, OptionalFile, PendingAdditions } from '../generation.ts';
import { cardIn, NOT_AVAILABLE, tapq } from '../hardware.ts';
import { isPluggedBy, isUnplugged, plugAfter } from '../lifecycle.ts';
import { type Outcome, type Refusal, refuse } from '../refusal.ts';
import { attach, emitAssigned, writeGuestMatrix } from '../rules/guest-matrix.ts';
import { nameMdev, refuseHostOwned, refuseShared, refuseTakeover } from '../rules/ownership.ts';
import { linkedQueues, resetAdapters } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

/** What differs between the generations with hot plug. */
export interface Differences
  extends Pick<
    GenerationRules,
    | 'numberOverflow'
    | 'errnos'
    | 'removalEmptiesGuest'
    | 'parameterMode'
    | 'servedTypes'
    | 'scansPollAttributes'
    | 'resetsThrownOut'
    | 'refuseMask'
    | 'queueUnbinding'
    | 'letGo'
    | 'reset'
    | 'inResetOrder'
    | 'resetErrno'
  > {
  /** Files beside those that have been there since 6.1. */
  readonly addedFiles: readonly OptionalFile[];
}

const FILES_OF_61: readonly OptionalFile[] = [
  'bus/bindings',
  'bus/scans',
  'card/chkstop',
  'card/max_msg_size',
  'queue/chkstop',
  'queue/status',
  'mdev/guest_matrix',
  'mdev/vfio-dev',
];

export function mainline({ addedFiles, ...differences }: Differences): GenerationRules {
  const files = new Set([...FILES_OF_61, ...addedFiles]);
  return {
    ...differences,
    files,
    noInstanceErrno: 'EUSERS',
    isRemovalWaiting: true,
    showsRawDepth: false,
    namesTypeInUevents: false,
    noticesCheckStop: true,
    announcesBindings: true,
    hotPlugs: true,
    assign,
    unassign,
    configured: files.has('mdev/ap_config') ? configured : undefined,
    filterControlDomains,
    queueBound,
    configChanged,
    scanComplete,
    refuseOpen,
    open: (tx, mdev, guest, opening) => attach(tx, mdev, guest, guestMatrixOf(mdev), opening),
    close: (tx, mdev) => differences.reset(tx, linkedQueues(tx, mdev.assigned)),
  };
}

/** The guestMatrix; mainline always has one. */
const guestMatrixOf = (mdev: Mdev): ControlledMatrix => mdev.guestMatrix ?? EMPTY_MATRIX;

/** driver-rules 6.2: adapters and domains that the host has, less adapters with any queue that cannot be passed on. */
function filter(
  tx: Transaction,
  mdev: Mdev,
): { readonly guestMatrix: ControlledMatrix; readonly thrownOut: Mask256 } {
  const config = hostConfig(tx.state);
  const before = guestMatrixOf(mdev);
  const domains = and(mdev.assigned.domains, config.domains);
  let adapters = EMPTY_MASK;
  forEachId(mdev.assigned.adapters, (apid) => {
    const conditions = conditionsOf(tx, apid, domains, has(config.adapters, apid));
    if (isPluggedBy(mdev.plugOf(apid), conditions)) adapters = withBit(adapters, apid);
  });
  return {
    guestMatrix: { ...before, adapters, domains },
    thrownOut: and(andNot(config.adapters, adapters), before.adapters),
  };
}

/** What the adapter's machine has to know: about the host, and about every queue of the adapter in these domains. */
function conditionsOf(tx: Transaction, apid: number, domains: Mask256, isInHost: boolean): PlugConditions {
  const areQueuesBound = hasQueues(tx.state, apid, domains, 'vfioAp');
  const areQueuesPassable =
    hasQueues(tx.state, apid, domains) && !hasAnyQueue(tx.state, apid, domains, 'unfit');
  return { isInHost, areQueuesBound, areQueuesPassable };
}

/** Recomputes the guestMatrix, shows it to the guest, resets what it threw out. */
function refilter(tx: Transaction, uuid: string): void {
  const mdev = tx.mdev(uuid);
  const { guestMatrix, thrownOut } = filter(tx, mdev);
  writeGuestMatrix(tx, mdev, guestMatrix);
  resetThrownOut(tx, thrownOut, guestMatrix.domains);
}

function resetThrownOut(tx: Transaction, adapters: Mask256, domains: Mask256): void {
  if (tx.rules.resetsThrownOut) resetAdapters(tx, adapters, domains);
}

/** The control domains that a guest of this mdev would get (driver-rules 6.2). */
const withControlDomains = (
  tx: Transaction,
  mdev: Mdev,
  guestMatrix: ControlledMatrix,
): ControlledMatrix => ({
  ...guestMatrix,
  controlDomains: and(mdev.assigned.controlDomains, hostConfig(tx.state).controlDomains),
});

/** driver-rules 5.2: the whole resulting matrix is checked, not only what is new. */
function assign(tx: Transaction, mdev: Mdev, axis: Axis, id: number): Outcome {
  const isAssigned =
    axis === 'adapters'
      ? plugAfter(mdev.plugOf(id), { type: 'ASSIGN' }) === undefined
      : has(mdev.assigned.domains, id);
  if (isAssigned) return undefined;
  const wanted = { ...mdev.assigned, [axis]: withBit(mdev.assigned[axis], id) };
  const refusal = refuseHostOwned(tx.state, wanted) ?? refuseShared(tx.state, wanted, mdev);
  if (refusal !== undefined) return refusal;
  emitAssigned(tx, mdev.uuid, axis, id);
  refilter(tx, mdev.uuid);
  return undefined;
}

/** driver-rules 5.3: out of the guestMatrix, and the queues reset that were in it. No refilter. */
function unassign(tx: Transaction, mdev: Mdev, axis: Axis, ids: Mask256): void {
  const current = guestMatrixOf(mdev);
  const leaving = { ...current, [axis]: and(current[axis], ids) };
  const toReset = linkedQueues(tx, leaving);
  writeGuestMatrix(tx, mdev, { ...current, [axis]: andNot(current[axis], ids) });
  tx.rules.reset(tx, toReset);
}

/** driver-rules 5.4: assigning recomputes the whole mask, unassigning only takes out what left. */
function filterControlDomains(tx: Transaction, mdev: Mdev, gone: Mask256): void {
  const current = guestMatrixOf(mdev);
  const guestMatrix = isEmpty(gone)
    ? withControlDomains(tx, mdev, current)
    : { ...current, controlDomains: andNot(current.controlDomains, gone) };
  writeGuestMatrix(tx, mdev, guestMatrix);
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
export function unplugAdapter(tx: Transaction, queue: Apqn): void {
  const current = takeAdapterOut(tx, queue);
  if (current === undefined) letGoConfigured(tx, [queue]);
  else resetAdapters(tx, maskOf([apidOf(queue)]), current.domains);
}

/** 6.1 takes the adapter out, too, and resets the one queue only, even one that left the host (driver-rules-older 6.5). */
export function unplugAndResetQueue(tx: Transaction, queue: Apqn): void {
  takeAdapterOut(tx, queue);
  tx.rules.reset(tx, [queue]);
}

/** Takes the queue's adapter out of the guest matrix that has the queue; undefined when none has. */
function takeAdapterOut(tx: Transaction, queue: Apqn): ControlledMatrix | undefined {
  const apid = apidOf(queue);
  const mdev = mdevOf(tx.state, apid, apqiOf(queue));
  if (mdev === undefined || !isUnplugged(mdev.plugOf(apid))) return undefined;
  const current = guestMatrixOf(mdev);
  if (!has(current.domains, apqiOf(queue))) return undefined;
  writeGuestMatrix(tx, mdev, { ...current, adapters: withoutBit(current.adapters, apid) });
  return current;
}

/** A queue that the host configuration does not have would answer 01: it is not reset. */
export function letGoConfigured(tx: Transaction, queues: readonly Apqn[]): void {
  const config = hostConfig(tx.state);
  const configured = queues.filter((queue) => matrixHas(config, apidOf(queue), apqiOf(queue)));
  tx.rules.reset(tx, configured);
}

/** Refuses only what would really become the host's (driver-rules 3.2). */
export const refuseRealTakeover: GenerationRules['refuseMask'] = (state, mask, added) =>
  refuseTakeover(
    state,
    mask,
    mask === 'apmask'
      ? { adapters: added, domains: state.aqmask }
      : { adapters: state.apmask, domains: added },
  );

/** driver-rules 6.6 step 1: what the host lost is taken from every mdev at once, what it gained is remembered. */
function configChanged(tx: Transaction, before: ControlledMatrix): PendingAdditions | undefined {
  const now = hostConfig(tx.state);
  for (const mdev of [...tx.state.mdevs.values()]) {
    const current = guestMatrixOf(mdev);
    writeGuestMatrix(tx, mdev, {
      adapters: withoutUnplugged(mdev, current.adapters, andNot(before.adapters, now.adapters)),
      domains: andNot(current.domains, andNot(before.domains, now.domains)),
      controlDomains: andNot(current.controlDomains, andNot(before.controlDomains, now.controlDomains)),
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
      if (!isKnown || cardIn(tx.state, apid).type < tx.rules.servedTypes.oldest)
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
    let guestMatrix = guestMatrixOf(mdev);
    let thrownOut = EMPTY_MASK;
    if (adds('adapters') || adds('domains')) ({ guestMatrix, thrownOut } = filter(tx, mdev));
    if (adds('controlDomains')) guestMatrix = withControlDomains(tx, mdev, guestMatrix);
    writeGuestMatrix(tx, mdev, guestMatrix);
    resetThrownOut(tx, thrownOut, guestMatrix.domains);
  }
}

/** driver-rules 6.8. */
function refuseOpen(state: HostState, mdev: Mdev, guest: string | null): Refusal | undefined {
  if (guest === null) {
    return refuse(
      'EINVAL',
      `The program that opens mdev ${mdev.uuid} has no KVM guest.`,
      'Open it from a KVM guest.',
    );
  }
  const other = mdevOfGuest(state, guest);
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
  const { guestMatrix, thrownOut } = filter(tx, mdev);
  writeGuestMatrix(tx, mdev, withControlDomains(tx, mdev, guestMatrix));
  resetThrownOut(tx, thrownOut, guestMatrix.domains);
}

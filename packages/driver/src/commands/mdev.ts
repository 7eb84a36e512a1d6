/** Mediated matrix devices: create, remove, and the assignments that all generations check alike (driver-rules 4.3, 5). */
import {
  andNot,
  EMPTY_MASK,
  EMPTY_MATRIX,
  has,
  idsOf,
  idsOfMatrix,
  isEmpty,
  type Mask256,
  maskOf,
  maskOfRange,
  parseApConfig,
  parseKernelNumber,
} from '@apledger/ap';
import { type CommandOf, isUuid } from '@apledger/events';
import { MAX_MDEVS, type Mdev, mdevLimits } from '@apledger/host';
import type { AdapterPlugEvent } from '@apledger/machines';
import type { Axis } from '../generation.ts';
import { guestAfter, guestRefusal, plugAfter } from '../lifecycle.ts';
import { badNumber, noSuchMdev, notLoaded, type Outcome, quoted, type Refusal, refuse } from '../refusal.ts';
import { refuseGuest } from '../rules/lifecycle-refusals.ts';
import { nameMdev, refuseHostOwned, refuseShared } from '../rules/ownership.ts';
import { linkedQueues } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';

const UUID_LENGTH = 36;

/** 36 bytes of UUID, and one more of any kind (driver-rules 4.3). */
export function createMdev(tx: Transaction, { text }: CommandOf<'CreateMdev'>): Outcome {
  if (!tx.state.isVfioApLoaded) return notLoaded();
  if (text === '') return undefined;
  const uuid = text.slice(0, UUID_LENGTH).toLowerCase();
  if (text.length > UUID_LENGTH + 1 || !isUuid(uuid))
    return refuse(
      'EINVAL',
      `${quoted(text)} is no UUID.`,
      'Write 8-4-4-4-12 hex digits, as uuidgen prints them.',
    );
  const { state } = tx;
  if (state.mdevs.has(uuid))
    return refuse('EEXIST', `There is an mdev ${uuid} already.`, 'Use another UUID.');
  if (state.mdevs.size >= MAX_MDEVS)
    return refuse(tx.rules.noInstanceErrno, 'No instance is left.', 'Remove an mdev that is not needed.');
  tx.emit('MdevCreated', { mdev: uuid });
  return undefined;
}

/** The mdev whose files are there: not while a removal waits (driver-rules 5.6). */
function visibleMdev(tx: Transaction, uuid: string): Mdev | Refusal {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  return mdev.removing
    ? refuse('ENOENT', `mdev ${uuid} is being removed.`, 'The removal ends when its guest stops.')
    : mdev;
}

export function removeMdev(tx: Transaction, { mdev: uuid, text }: CommandOf<'RemoveMdev'>): Outcome {
  const mdev = visibleMdev(tx, uuid);
  if ('errno' in mdev) return mdev;
  if (text === '') return undefined;
  const number = parseKernelNumber(text);
  if (typeof number !== 'number') return badNumber('EINVAL', text);
  if (number === 0) return undefined;
  const { isRemovalWaiting: isWaiting, removalEmptiesGuest, errnos } = tx.rules;
  const after = guestAfter(mdev.lifecycle, { type: 'REMOVE', isWaiting, isAttached: mdev.attached });
  if (after === undefined) {
    const reason = guestRefusal(mdev.lifecycle, 'REMOVE');
    return refuseGuest(errnos, mdev, reason === 'notAdmitted' ? undefined : reason);
  }
  if (after === 'removed') {
    release(tx, mdev);
    return undefined;
  }
  const effective = removalEmptiesGuest ? EMPTY_MATRIX : mdev.effective;
  tx.emit('MdevRemovalBlocked', {
    mdev: uuid,
    effective: effective === null ? null : idsOfMatrix(effective),
  });
  return 'blocked';
}

/** Resets what the mdev still holds, then it is gone. */
export function release(tx: Transaction, mdev: Mdev): void {
  tx.rules.reset(tx, linkedQueues(tx, mdev.assigned));
  tx.emit('MdevRemoved', { mdev: mdev.uuid });
}

/** A write to (un)assign_*: number, then bound, then the rest (driver-rules 1). */
function readId(tx: Transaction, text: string, axis: Axis | 'controlDomains'): number | Refusal {
  const number = parseKernelNumber(text);
  if (typeof number !== 'number') return badNumber(number, text);
  const { maxAdapter, maxDomain } = mdevLimits(tx.state);
  const highest = axis === 'adapters' ? maxAdapter : maxDomain;
  if (number <= highest) return number;
  const what = axis === 'adapters' ? 'adapter' : 'domain';
  return refuse(
    'ENODEV',
    `The highest ${what} of this machine is ${highest} (0x${highest.toString(16)}); ${number} was written.`,
    `Write a number up to ${highest}.`,
  );
}

type AssignmentCommand = CommandOf<
  | 'AssignAdapter'
  | 'UnassignAdapter'
  | 'AssignDomain'
  | 'UnassignDomain'
  | 'AssignControlDomain'
  | 'UnassignControlDomain'
>;

/** All six (un)assign files. */
export function assignment(tx: Transaction, { type, mdev: uuid, text }: AssignmentCommand): Outcome {
  const mdev = visibleMdev(tx, uuid);
  if ('errno' in mdev) return mdev;
  if (text === '') return undefined;
  const axis = type.endsWith('ControlDomain')
    ? 'controlDomains'
    : type.endsWith('Adapter')
      ? 'adapters'
      : 'domains';
  if (mdev.attached && !tx.rules.hotPlugs) return frozen(mdev);
  const id = readId(tx, text, axis);
  if (typeof id !== 'number') return id;
  if (type.startsWith('Unassign')) return unassign(tx, mdev, axis, id);
  return axis === 'controlDomains' ? assignControlDomain(tx, mdev, id) : tx.rules.assign(tx, mdev, axis, id);
}

/** Said before the text is read: whatever is written (driver-rules-older 1). */
const frozen = (mdev: Mdev): Refusal =>
  refuse('EBUSY', `${nameMdev(mdev)} cannot change while the guest has it.`, 'Stop the guest first.', [
    { queue: mdev.uuid, holder: `guest ${mdev.guest}` },
  ]);

/** Control domains are checked against nothing (driver-rules 5.4). */
function assignControlDomain(tx: Transaction, mdev: Mdev, id: number): Outcome {
  if (has(mdev.assigned.controlDomains, id)) return undefined;
  tx.emit('ControlDomainAssigned', { mdev: mdev.uuid, controlDomains: [id] });
  tx.rules.filterControlDomains(tx, tx.mdev(mdev.uuid), EMPTY_MASK);
  return undefined;
}

function unassign(tx: Transaction, mdev: Mdev, axis: Axis | 'controlDomains', id: number): Outcome {
  if (has(mdev.assigned[axis], id)) takeOut(tx, mdev.uuid, axis, maskOf([id]));
  return undefined;
}

/** Those of the adapters that may take this step. */
function adaptersThat({ plug }: Mdev, adapters: Mask256, event: AdapterPlugEvent): Mask256 {
  return maskOf(idsOf(adapters).filter((apid) => plugAfter(plug.get(apid), event) !== undefined));
}

/** Takes assigned ids out of the mdev, and out of its guest (driver-rules 5.3, 5.4). */
function takeOut(tx: Transaction, uuid: string, axis: Axis | 'controlDomains', leaving: Mask256): void {
  const ids = axis === 'adapters' ? adaptersThat(tx.mdev(uuid), leaving, { type: 'UNASSIGN' }) : leaving;
  if (isEmpty(ids)) return;
  const { rules } = tx;
  if (axis === 'adapters') tx.emit('AdapterUnassigned', { mdev: uuid, adapters: idsOf(ids) });
  else if (axis === 'domains') tx.emit('DomainUnassigned', { mdev: uuid, domains: idsOf(ids) });
  else tx.emit('ControlDomainUnassigned', { mdev: uuid, controlDomains: idsOf(ids) });
  if (axis === 'controlDomains') rules.filterControlDomains(tx, tx.mdev(uuid), ids);
  else rules.unassign(tx, tx.mdev(uuid), axis, ids);
}

/** A write to ap_config: all or nothing, and always a refilter (driver-rules 5.5). */
export function configureMdev(tx: Transaction, { mdev: uuid, text }: CommandOf<'ConfigureMdev'>): Outcome {
  const mdev = visibleMdev(tx, uuid);
  if ('errno' in mdev) return mdev;
  const { configured } = tx.rules;
  if (configured === undefined)
    return refuse('ENOENT', 'This driver has no ap_config.', 'Use the assign files.');
  if (text === '') return undefined;
  const wanted = parseApConfig(text);
  if (wanted === undefined)
    return refuse(
      'EINVAL',
      `${quoted(text)} is no AP configuration.`,
      'Write three masks: adapters,domains,control domains.',
    );
  const { maxAdapter, maxDomain } = mdevLimits(tx.state);
  const tooHigh = (mask: Mask256, highest: number): boolean =>
    !isEmpty(andNot(mask, maskOfRange(0, highest)));
  const refusal = refuseHostOwned(tx.state, wanted) ?? refuseShared(tx.state, wanted, mdev);
  if (refusal !== undefined) return refusal;
  if (
    tooHigh(wanted.adapters, maxAdapter) ||
    tooHigh(wanted.domains, maxDomain) ||
    tooHigh(wanted.controlDomains, maxDomain)
  )
    return refuse(
      'ENODEV',
      `An id is above the maximum: adapter ${maxAdapter}, domain ${maxDomain}.`,
      'Leave these bits cleared.',
    );
  const { assigned } = mdev;
  takeOut(tx, uuid, 'adapters', andNot(assigned.adapters, wanted.adapters));
  takeOut(tx, uuid, 'domains', andNot(assigned.domains, wanted.domains));
  const lost = idsOf(andNot(assigned.controlDomains, wanted.controlDomains));
  const added = (axis: keyof typeof wanted): number[] => idsOf(andNot(wanted[axis], assigned[axis]));
  if (lost.length > 0) tx.emit('ControlDomainUnassigned', { mdev: uuid, controlDomains: lost });
  const adapters = idsOf(adaptersThat(tx.mdev(uuid), wanted.adapters, { type: 'ASSIGN' }));
  if (adapters.length > 0) tx.emit('AdapterAssigned', { mdev: uuid, adapters });
  if (added('domains').length > 0) tx.emit('DomainAssigned', { mdev: uuid, domains: added('domains') });
  if (added('controlDomains').length > 0)
    tx.emit('ControlDomainAssigned', { mdev: uuid, controlDomains: added('controlDomains') });
  configured(tx, tx.mdev(uuid));
  return undefined;
}

/** Guests open and close mdevs, reset them, and may or may not move away (driver-rules 6.8; the document's "Live migration"). */
import { apidOf, apqiOf, apqnsOf, count, EMPTY_MATRIX, formatApid, formatApqn, idsOf } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { isOpen, type Mdev, queueOf } from '@apledger/host';
import type { GuestEvent } from '@apledger/machines';
import { NOT_AVAILABLE } from '../hardware.ts';
import { guestAfter, guestRefusal } from '../lifecycle.ts';
import { conflictsOf, noSuchMdev, type Outcome, type Refusal, refuse } from '../refusal.ts';
import { refuseGuest } from '../rules/lifecycle-refusals.ts';
import { linkedQueues } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';
import { release } from './mdev.ts';

/** Somebody opens the mdev: a guest that starts with it, or one that gets it while it runs. The driver sees no difference. */
export function openMdev(
  tx: Transaction,
  { type, mdev: uuid, guest }: CommandOf<'StartGuest' | 'AttachMdev'>,
): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  const refusal = tx.rules.refuseOpen(tx.state, mdev, guest);
  if (guestAfter(mdev.lifecycle, { type: 'START', isAdmitted: refusal === undefined }) === undefined) {
    const reason = guestRefusal(mdev.lifecycle, 'START');
    return reason === 'notAdmitted' ? refusal : refuseGuest(tx.rules.errnos, mdev, reason);
  }
  tx.rules.open(tx, mdev, guest, type === 'StartGuest' ? 'GuestStarted' : 'MdevAttached');
  return undefined;
}

/** The guest stops, or the mdev is taken from it. */
export function closeMdev(
  tx: Transaction,
  { type, mdev: uuid }: CommandOf<'StopGuest' | 'DetachMdev'>,
): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  if (guestAfter(mdev.lifecycle, { type: 'STOP' }) === undefined) return refused(tx, mdev, 'STOP');
  close(tx, mdev, type === 'StopGuest' ? 'GuestStopped' : 'MdevDetached');
  return undefined;
}

/** The machine's refusal of an event without conditions of the generation. */
function refused(tx: Transaction, mdev: Mdev, type: Exclude<GuestEvent['type'], 'START'>): Refusal {
  const reason = guestRefusal(mdev.lifecycle, type);
  return refuseGuest(tx.rules.errnos, mdev, reason === 'notAdmitted' ? undefined : reason);
}

/** Takes everything from the guest, then resets it; completes a removal that waited for this. */
export function close(tx: Transaction, mdev: Mdev, closing: 'GuestStopped' | 'MdevDetached'): void {
  tx.emit(closing, { mdev: mdev.uuid, guest: mdev.guest });
  tx.rules.close(tx, mdev);
  if (mdev.removing) release(tx, tx.mdev(mdev.uuid));
}

/** The VFIO_DEVICE_RESET ioctl: done for every queue; the last queue that ends with a bad answer gives the errno. */
export function resetGuestDevice(tx: Transaction, { mdev: uuid }: CommandOf<'ResetGuestDevice'>): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  if (guestAfter(mdev.lifecycle, { type: 'RESET' }) === undefined) return refused(tx, mdev, 'RESET');
  const { rules } = tx;
  const queues = rules.inResetOrder(linkedQueues(tx, mdev.assigned));
  rules.reset(tx, queues);
  const failures = queues.flatMap((queue) => {
    const errno = rules.resetErrno(
      queueOf(tx.state, apidOf(queue), apqiOf(queue))?.resetCode ?? NOT_AVAILABLE,
    );
    return errno === undefined ? [] : [{ queue: formatApqn(queue), errno }];
  });
  const last = failures.at(-1);
  if (last === undefined) return undefined;
  return refuse(
    last.errno,
    `${failures.length} queues of mdev ${uuid} did not reset.`,
    'Look at their adapters.',
    failures.map(({ queue }) => ({ queue, holder: 'hardware' })),
  );
}

/** A guest may leave this host only when no AP adapter is plugged into it; the lifecycle machine holds that guard. */
export function migrateGuest(tx: Transaction, { mdev: uuid }: CommandOf<'MigrateGuest'>): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  const { guest } = mdev;
  if (guest === null) return refuseGuest(tx.rules.errnos, mdev, 'neverOpened');
  // A 2019 guest may have several open, of which one gives it something (driver-rules 8).
  const held = [...tx.state.mdevs.values()].filter((other) => isOpen(other) && other.guest === guest);
  const giver = held.find(({ attached }) => attached) ?? mdev;
  const effective = giver.effective ?? EMPTY_MATRIX;
  const pluggedAdapters = count(effective.adapters);
  if (guestAfter(mdev.lifecycle, { type: 'MIGRATE', pluggedAdapters }) === undefined) {
    if (guestRefusal(mdev.lifecycle, 'MIGRATE') !== 'adaptersPlugged') return refused(tx, mdev, 'MIGRATE');
    const adapters = idsOf(effective.adapters);
    tx.emit('MigrationRefused', { mdev: uuid, guest, pluggedAdapters: adapters });
    const queues = apqnsOf(effective);
    return refuse(
      tx.rules.errnos.adaptersPlugged,
      `Guest ${guest} has AP adapters ${adapters.map(formatApid).join(', ')} plugged in; AP queues cannot migrate.`,
      tx.rules.hotPlugs
        ? `Unplug them first: echo 0x${formatApid(adapters[0] ?? 0)} > unassign_adapter of mdev ${giver.uuid}${adapters.length > 1 ? ', and so on' : ''}.`
        : 'Stop the guest: this driver takes nothing from a running one.',
      queues.length > 0
        ? conflictsOf(effective, () => `guest ${guest}`)
        : adapters.map((apid) => ({ queue: `card${formatApid(apid)}`, holder: `guest ${guest}` })),
    );
  }
  tx.emit('MigrationRequested', { mdev: uuid, guest });
  const { lifecycle } = tx.mdev(uuid);
  if (guestAfter(lifecycle, { type: 'MIGRATED' }) === undefined)
    return refused(tx, tx.mdev(uuid), 'MIGRATED');
  tx.emit('MigrationCompleted', { mdev: uuid, guest });
  for (const { uuid: left } of held) {
    const other = tx.mdev(left);
    if (guestAfter(other.lifecycle, { type: 'STOP' }) !== undefined) close(tx, other, 'GuestStopped');
  }
  return undefined;
}

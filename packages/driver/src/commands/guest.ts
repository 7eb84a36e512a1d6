/** Guests open and close mdevs, reset them, and may or may not move away (driver-rules 6.8; the document's "Live migration"). */
import { apidOf, apqiOf, apqnsOf, count, EMPTY_MATRIX, formatApid, formatApqn, idsOf } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { isOpen, type Mdev, queueOf } from '@apledger/host';
import { guestTable, next } from '@apledger/machines';
import { NOT_AVAILABLE } from '../hardware.ts';
import { conflictsOf, noSuchMdev, type Outcome, refuse } from '../refusal.ts';
import { nameMdev } from '../rules/ownership.ts';
import { linkedQueues } from '../rules/reset.ts';
import type { Transaction } from '../transaction.ts';
import { release } from './mdev.ts';

export function startGuest(tx: Transaction, { mdev: uuid, guest }: CommandOf<'StartGuest'>): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  if (mdev.removing)
    return refuse(tx.rules.openWhileRemovingErrno, `mdev ${uuid} is being removed.`, 'Use another mdev.');
  if (next(guestTable, mdev.lifecycle, { type: 'START' }) === undefined) {
    return refuse(
      'EBUSY',
      `${nameMdev(mdev)} is open already.`,
      'Stop that guest first, or use another mdev.',
      [{ queue: uuid, holder: mdev.guest === null ? 'a process' : `guest ${mdev.guest}` }],
    );
  }
  return tx.rules.open(tx, mdev, guest);
}

export function stopGuest(tx: Transaction, { mdev: uuid }: CommandOf<'StopGuest'>): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  if (next(guestTable, mdev.lifecycle, { type: 'STOP' }) === undefined) return notOpen(mdev);
  close(tx, mdev);
  return undefined;
}

const notOpen = (mdev: Mdev): Outcome =>
  refuse('ENODEV', `No guest has mdev ${mdev.uuid} open.`, 'Start a guest with it first.');

/** Takes everything from the guest, then resets it; completes a removal that waited for this. */
function close(tx: Transaction, mdev: Mdev): void {
  tx.emit('GuestStopped', { mdev: mdev.uuid, guest: mdev.guest });
  tx.rules.close(tx, mdev);
  if (mdev.removing) release(tx, tx.mdev(mdev.uuid));
}

/** The VFIO_DEVICE_RESET ioctl: done for every queue; the last queue that ends with a bad answer gives the errno. */
export function resetGuestDevice(tx: Transaction, { mdev: uuid }: CommandOf<'ResetGuestDevice'>): Outcome {
  const mdev = tx.state.mdevs.get(uuid);
  if (mdev === undefined) return noSuchMdev(uuid);
  if (!isOpen(mdev)) return notOpen(mdev);
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
  if (!isOpen(mdev) || guest === null) return notOpen(mdev);
  // A 2019 guest may have several open, of which one gives it something (driver-rules 8).
  const held = [...tx.state.mdevs.values()].filter((other) => isOpen(other) && other.guest === guest);
  const giver = held.find(({ attached }) => attached) ?? mdev;
  const effective = giver.effective ?? EMPTY_MATRIX;
  const pluggedAdapters = count(effective.adapters);
  if (next(guestTable, mdev.lifecycle, { type: 'MIGRATE', pluggedAdapters }) === undefined) {
    const adapters = idsOf(effective.adapters);
    tx.emit('MigrationRefused', { mdev: uuid, guest, pluggedAdapters: adapters });
    const queues = apqnsOf(effective);
    return refuse(
      'EBUSY',
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
  tx.emit('MigrationCompleted', { mdev: uuid, guest });
  for (const { uuid: left } of held) close(tx, tx.mdev(left));
  return undefined;
}

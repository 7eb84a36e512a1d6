/** What the lifecycle machines refuse, as an errno and in words. */
import type { Errno } from '@apledger/events';
import type { Mdev } from '@apledger/host';
import type { GuestRefusal, QueueRefusal } from '@apledger/machines';
import { type Refusal, refuse } from '../refusal.ts';
import { nameMdev } from './ownership.ts';

/** The errno of each reason; `notAdmitted` has that of the condition that failed. */
export type LifecycleErrnos = Readonly<Record<Exclude<GuestRefusal, 'notAdmitted'> | QueueRefusal, Errno>>;

/** In every generation so far (driver-rules 2, 4.2, 5.6, 6.8, 8). */
export const LIFECYCLE_ERRNOS: LifecycleErrnos = {
  alreadyOpen: 'EBUSY',
  beingRemoved: 'ENODEV',
  neverOpened: 'ENODEV',
  closed: 'ENODEV',
  adaptersPlugged: 'EBUSY',
  inUse: 'EBUSY',
  alreadyBound: 'EBUSY',
  notEntitled: 'ENODEV',
  notBound: 'ENODEV',
  otherDriver: 'ENODEV',
  masksInUse: 'EINVAL',
};

/** A guest's command that its machine refuses for one of these reasons; `undefined` = the machine gives none. */
export function refuseGuest(
  errnos: LifecycleErrnos,
  mdev: Mdev,
  reason: Exclude<GuestRefusal, 'notAdmitted'> | undefined,
): Refusal {
  const { uuid, guest } = mdev;
  const holder = [{ queue: uuid, holder: guest === null ? 'a process' : `guest ${guest}` }];
  switch (reason) {
    case 'alreadyOpen':
      return refuse(
        errnos[reason],
        `${nameMdev(mdev)} is open already.`,
        'Stop that guest first, or use another mdev.',
        holder,
      );
    case 'inUse':
      return refuse(
        errnos[reason],
        `${nameMdev(mdev)} is in use by a guest.`,
        'Stop the guest first.',
        holder,
      );
    case 'beingRemoved':
      return refuse(errnos[reason], `mdev ${uuid} is being removed.`, 'Use another mdev.');
    case 'neverOpened':
    case 'closed':
      return refuse(
        errnos[reason],
        `No guest has mdev ${uuid} open${reason === 'closed' ? ' any more' : ''}.`,
        'Start a guest with it first.',
      );
    default:
      return refuse('EBUSY', `${nameMdev(mdev)} is ${mdev.lifecycle}: that cannot be done now.`, 'Wait.');
  }
}

/** Who owns the queues of a matrix: the host, another mdev, or nobody yet (driver-rules 3, 4.2, 5.2). */
import {
  apidOf,
  apqiOf,
  commonMatrix,
  forEachApqn,
  formatApqn,
  type Matrix,
  matricesOverlap,
} from '@apledger/ap';
import type { Conflict } from '@apledger/events';
import { type HostState, isReserved, type Mdev, newestWithAny, queueOf } from '@apledger/host';
import { conflictsOf, hostHolder, nameQueues, type Refusal, refuse } from '../refusal.ts';

/** True when the APQN is the host's: by the masks, or by a driver_override on a bound queue (driver-rules 4.2). */
function isHostOwned(state: HostState, apid: number, apqi: number): boolean {
  const queue = queueOf(state, apid, apqi);
  if (queue !== undefined && queue.driverOverride !== null && queue.state !== 'unbound')
    return queue.state === 'zcrypt';
  return isReserved(state, apid, apqi);
}

/** EADDRNOTAVAIL when any APQN of the matrix belongs to the host. */
export function refuseHostOwned(state: HostState, matrix: Matrix): Refusal | undefined {
  const byOverride = state.overriddenQueues().length > 0;
  if (!byOverride && !matricesOverlap(matrix, { adapters: state.apmask, domains: state.aqmask }))
    return undefined;
  const owned: Conflict[] = [];
  forEachApqn(matrix, (queue) => {
    if (isHostOwned(state, apidOf(queue), apqiOf(queue)))
      owned.push({ queue: formatApqn(queue), holder: hostHolder(state, queue) });
  });
  if (owned.length === 0) return undefined;
  return refuse(
    'EADDRNOTAVAIL',
    `${nameQueues(owned)} would be in the matrix, but ${owned.length === 1 ? 'belongs' : 'belong'} to the host.`,
    byOverride
      ? 'Set driver_override of these queues to vfio_ap and bind them to it.'
      : 'Give the adapter or the domain to vfio_ap first: echo -ID > /sys/bus/ap/apmask or aqmask.',
    owned.slice(0, 256),
  );
}

/** EADDRINUSE when any APQN of the matrix is in another mdev's; the newest such mdev is named (driver-rules 10). */
export function refuseShared(state: HostState, matrix: Matrix, own: Mdev): Refusal | undefined {
  const holder = newestWithAny(state, matrix, own.uuid);
  if (holder === undefined) return undefined;
  const conflicts = conflictsOf(commonMatrix(holder.assigned, matrix), () => nameMdev(holder));
  return refuse(
    'EADDRINUSE',
    `${nameQueues(conflicts)} would be in the matrix, but ${nameMdev(holder)} has ${conflicts.length === 1 ? 'it' : 'them'}.`,
    `Unassign the adapter or the domain from mdev ${holder.uuid} first.`,
    conflicts,
  );
}

/** `mdev UUID`, and its guest when one has it open. */
export const nameMdev = (mdev: Mdev): string =>
  mdev.guest === null ? `mdev ${mdev.uuid}` : `mdev ${mdev.uuid} (guest ${mdev.guest})`;

/** EBUSY when an mdev's matrix has queues in `reach`: bits that a mask change would give to the host. */
export function refuseTakeover(state: HostState, mask: string, reach: Matrix): Refusal | undefined {
  const holder = newestWithAny(state, reach);
  if (holder === undefined) return undefined;
  const conflicts = conflictsOf(commonMatrix(holder.assigned, reach), () => nameMdev(holder));
  return refuse(
    'EBUSY',
    `${mask} would reserve ${nameQueues(conflicts)} for the host, in use by ${nameMdev(holder)}.`,
    `Unassign them from mdev ${holder.uuid} first, or leave these bits of ${mask} cleared.`,
    conflicts,
  );
}

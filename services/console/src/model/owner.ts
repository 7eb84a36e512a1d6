/** Who has a queue, in one word, and why, in sentences: what a cell's colour means. */

import { apqn, formatApid, formatApqi, formatApqn } from '@apledger/ap';
import type { MdevView } from '@apledger/api';
import {
  ABSENT,
  BOUND,
  CONTESTED,
  type HostView,
  IN_MDEV,
  MDEV_SHIFT,
  USABLE,
  ZCRYPT_BOUND,
} from '@apledger/projections/host';

/**
 * - `guest`: a running guest can use it. `mdev`: it is in an mdev's matrix, and no guest can use it. `host`: zcrypt has it.
 * - `nobody`: it exists, and neither zcrypt nor an mdev has it. `absent`: there is no such queue, and nobody lays claim to it.
 */
export type OwnerClass = 'host' | 'mdev' | 'guest' | 'nobody' | 'absent';

/** The class of a grid's code (packages/projections, grid.ts). */
export function ownerOf(code: number): OwnerClass {
  if ((code & USABLE) !== 0) return 'guest';
  if ((code & IN_MDEV) !== 0) return 'mdev';
  if ((code & BOUND) === ZCRYPT_BOUND) return 'host';
  return (code & BOUND) === ABSENT ? 'absent' : 'nobody';
}

export const mdevOf = (code: number): number => code >>> MDEV_SHIFT;
export const isContested = (code: number): boolean => (code & CONTESTED) !== 0;

/** `guest1`, or what stands for a guest without a name. */
const guestName = (mdev: MdevView): string =>
  mdev.guest ?? (mdev.open ? 'a user that is no KVM guest' : 'no guest');

/** The first group of a UUID: enough to tell the mdevs of a host apart when read. */
export const shortMdev = (mdev: string): string => mdev.slice(0, 8);

/** What an mdev is called where there is room for one word: its guest, else its short id. */
export const nameOf = (mdev: Pick<MdevView, 'guest' | 'mdev'>): string => mdev.guest ?? shortMdev(mdev.mdev);

export interface Explanation {
  readonly apqn: string;
  readonly owner: OwnerClass;
  /** Who has it, in a few words. */
  readonly headline: string;
  /** Why, a sentence each. */
  readonly reasons: readonly string[];
}

/** What there is to say about the queue. */
export function explain(view: HostView, apid: number, apqi: number): Explanation {
  const cell = view.cell(apid, apqi);
  const name = formatApqn(apqn(apid, apqi));
  const holders = [...new Set([...cell.usableIn, ...cell.assignedTo])].flatMap(
    (uuid) => view.mdevs.find(({ mdev }) => mdev === uuid) ?? [],
  );
  const user = holders.find(({ mdev }) => cell.usableIn.includes(mdev));
  const owner: OwnerClass =
    user !== undefined
      ? 'guest'
      : holders.length > 0
        ? 'mdev'
        : cell.boundTo === 'zcrypt'
          ? 'host'
          : cell.exists
            ? 'nobody'
            : 'absent';
  const reasons = [boundReason(cell.exists, cell.boundTo), maskReason(cell.owner)];
  for (const mdev of holders)
    reasons.push(...holderReasons(mdev, cell.usableIn.includes(mdev.mdev), apid, apqi));
  if (holders.length > 1)
    reasons.push(
      'More than one mdev has it: the driver allows that to no two of them, so look at the facts.',
    );
  return { apqn: name, owner, headline: headlineOf(owner, user ?? holders[0]), reasons };
}

function headlineOf(owner: OwnerClass, holder: MdevView | undefined): string {
  switch (owner) {
    case 'guest':
      return `${holder === undefined ? 'A guest' : guestName(holder)} can use it`;
    case 'mdev':
      return `Assigned to mdev ${shortMdev(holder?.mdev ?? '')}, and no guest can use it`;
    case 'host':
      return 'The host itself can use it';
    case 'nobody':
      return 'Nobody can use it';
    case 'absent':
      return 'There is no such queue';
  }
}

function boundReason(exists: boolean, boundTo: 'zcrypt' | 'vfio_ap' | null): string {
  if (!exists) return 'The bus does not show this queue: the card or the domain is not there.';
  if (boundTo === null) return 'The queue exists, and no driver is bound to it.';
  return boundTo === 'zcrypt'
    ? 'The queue is bound to zcrypt, the host’s own driver.'
    : 'The queue is bound to vfio_ap, for guests.';
}

const maskReason = (owner: 'zcrypt' | 'vfio_ap'): string =>
  owner === 'zcrypt' ? 'apmask and aqmask reserve it for the host.' : 'apmask and aqmask leave it to guests.';

function holderReasons(mdev: MdevView, isUsable: boolean, apid: number, apqi: number): string[] {
  const has = `It is in the matrix of mdev ${mdev.mdev}`;
  if (isUsable) return [`${has}, which ${guestName(mdev)} has open.`];
  if (!mdev.open) return [`${has}, which no guest has open.`];
  const left = [
    mdev.guestMatrix?.adapters.includes(apid) === false ? `adapter ${formatApid(apid)}` : undefined,
    mdev.guestMatrix?.domains.includes(apqi) === false ? `domain ${formatApqi(apqi)}` : undefined,
  ].filter((part) => part !== undefined);
  const why =
    left.length > 0
      ? `the driver left ${left.join(' and ')} out of its guest matrix`
      : 'the guest was not given the AP devices';
  return [`${has}, which ${guestName(mdev)} has open, but ${why}.`];
}

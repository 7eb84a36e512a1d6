/** Guests that open and close mdevs. A device can come and go while its guest runs. */

import { idsOfMatrix } from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { Fact } from '@apledger/events';
import { type HostState, isOpen, type Mdev, reachable, unnamedGuest } from '@apledger/host';
import type { Move, Stage } from './move.ts';

/** Where the driver lets nobody but KVM guests in, the holder of an open mdev is one, named or not. */
const guestIn = (state: HostState, mdev: Mdev, guest: string | null): string | null =>
  guest === null && rulesOf(state.driver).refuseOpen(state, mdev, null) !== undefined
    ? unnamedGuest(mdev.uuid)
    : guest;

/** Mdevs that nobody has open any more, or somebody else. */
export const closings: Stage = (state, { guests: { uses, unknown, running }, host: { mdevs } }) => {
  const removing = new Set((mdevs ?? []).filter((mdev) => mdev.removing).map(({ uuid }) => uuid));
  return [...state.mdevs.values()].flatMap((mdev): Move[] => {
    const { uuid, guest } = mdev;
    const name = guest === unnamedGuest(uuid) ? null : guest;
    if (!isOpen(mdev) || unknown.has(uuid) || (removing.has(uuid) && !uses.has(uuid))) return [];
    const use = uses.get(uuid);
    // Nobody named it before, or nobody can name it now: it is still the same.
    if (use !== undefined && (use.guest === name || use.guest === null || name === null)) return [];
    const runsOn = name !== null && running.has(name);
    return [
      {
        key: `close ${uuid}`,
        says: runsOn
          ? `mdev ${uuid} was taken from guest ${guest}`
          : `guest ${name ?? '(without a name)'} of mdev ${uuid} stopped`,
        commands: [{ type: runsOn ? 'DetachMdev' : 'StopGuest', mdev: uuid }],
        mdev: uuid,
        asSeen: () => [{ type: runsOn ? 'MdevDetached' : 'GuestStopped', data: { mdev: uuid, guest } }],
      },
    ];
  });
};

export const openings: Stage = (state, { guests: { uses } }) =>
  [...uses].flatMap(([uuid, use]): Move[] => {
    const mdev = state.mdevs.get(uuid);
    if (mdev === undefined || isOpen(mdev)) return [];
    const { guest: name, fromStart, evidence } = use;
    const guest = guestIn(state, mdev, name);
    const isAttached = name !== null && !fromStart;
    return [
      {
        key: `open ${uuid} ${guest}`,
        says: isAttached
          ? `mdev ${uuid} was given to guest ${guest}`
          : `guest ${name ?? '(without a name)'} started with mdev ${uuid}`,
        commands: [
          isAttached
            ? { type: 'AttachMdev', mdev: uuid, guest: name }
            : { type: 'StartGuest', mdev: uuid, guest },
        ],
        mdev: uuid,
        evidence: [evidence],
        asSeen: (now) => openedAsSeen(now, mdev, guest, isAttached),
        drift: {
          what: `guest of mdev ${uuid}`,
          mdev: uuid,
          predicted: 'none',
          actual: name ?? 'one without a name',
        },
      },
    ];
  });

function openedAsSeen(state: HostState, mdev: Mdev, guest: string | null, isAttached: boolean): Fact[] {
  const masks = reachable(state, mdev.guestMatrix ?? mdev.assigned);
  const data = {
    mdev: mdev.uuid,
    guest,
    attached: true,
    effective: idsOfMatrix(masks),
  };
  return [{ type: isAttached ? 'MdevAttached' : 'GuestStarted', data }];
}

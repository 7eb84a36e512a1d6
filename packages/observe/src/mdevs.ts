/** Mdevs that come and go, and what is assigned to them. */
import {
  andNot,
  type ControlledMatrix,
  equalMatrices,
  formatApConfigFile,
  formatApid,
  formatApqi,
  idsOf,
} from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import type { Command, Fact } from '@apledger/events';
import { type HostState, isOpen, type Mdev } from '@apledger/host';
import type { Move, Stage, Strategy } from './move.ts';
import { CREATE, MATRIX } from './snapshot.ts';

/** Mdevs that are gone, that wait to go, or that went and came back. */
export const removals: Stage = (state, { host: { mdevs }, guests: { uses }, recreated }) => {
  if (mdevs === undefined) return [];
  const seen = new Map(mdevs.map((mdev) => [mdev.uuid, mdev]));
  return [...state.mdevs.values()].flatMap((mdev): Move[] => {
    const { uuid } = mdev;
    const now = seen.get(uuid);
    const isWaiting = now?.removing === true;
    if (isWaiting && !isOpen(mdev) && uses.has(uuid)) return []; // Opened first.
    if (now !== undefined && !recreated.has(uuid) && (!isWaiting || mdev.removing)) return [];
    return [
      {
        key: `remove ${uuid}`,
        says: `1 to remove of mdev ${uuid}`,
        commands: [{ type: 'RemoveMdev', mdev: uuid, text: '1' }],
        file: `${MATRIX}/${uuid}/remove`,
        mdev: uuid,
        mayBlock: isWaiting,
        asSeen: () =>
          isWaiting ? [{ type: 'MdevRemovalBlocked', data: { mdev: uuid, effective: null } }] : removed(mdev),
        drift: {
          what: `mdev ${uuid}`,
          mdev: uuid,
          predicted: 'stays',
          actual: isWaiting ? 'being removed' : 'gone',
        },
      },
    ];
  });
};

const removed = (mdev: Mdev): Fact[] => [
  ...(isOpen(mdev) ? [{ type: 'GuestStopped', data: { mdev: mdev.uuid, guest: mdev.guest } } as const] : []),
  { type: 'MdevRemoved', data: { mdev: mdev.uuid } },
];

/** One that waits to go was made first, if somebody has it open. */
export const creations: Stage = (state, { host: { mdevs = [] }, guests: { uses } }) =>
  mdevs.flatMap(({ uuid, removing }): Move[] =>
    state.mdevs.has(uuid) || (removing === true && !uses.has(uuid))
      ? []
      : [
          {
            key: `create ${uuid}`,
            says: `${uuid} to create`,
            commands: [{ type: 'CreateMdev', text: uuid }],
            file: CREATE,
            mdev: uuid,
            asSeen: () => [{ type: 'MdevCreated', data: { mdev: uuid } }],
            drift: { what: `mdev ${uuid}`, mdev: uuid, predicted: 'not there', actual: 'there' },
          },
        ],
  );

export const assignments: Stage = (state, { host: { mdevs = [] } }, strategy) =>
  mdevs.flatMap((seen) => {
    const mdev = state.mdevs.get(seen.uuid);
    if (mdev === undefined || seen.assigned === undefined || seen.removing === true) return [];
    if (equalMatrices(mdev.assigned, seen.assigned)) return [];
    return strategy.configured(seen.uuid) && rulesOf(state.driver).files.has('mdev/ap_config')
      ? [configMove(mdev, seen.assigned)]
      : idMoves(mdev, seen.assigned, strategy);
  });

function configMove({ assigned, uuid }: Mdev, wanted: ControlledMatrix): Move {
  const text = formatApConfigFile(wanted).trim();
  return {
    key: `ap_config ${uuid} ${text}`,
    says: `${text} to ap_config of mdev ${uuid}`,
    commands: [{ type: 'ConfigureMdev', mdev: uuid, text }],
    file: `${MATRIX}/${uuid}/ap_config`,
    mdev: uuid,
    asSeen: (state) => assignedAsSeen(state, uuid, wanted),
    drift: {
      what: `matrix of mdev ${uuid}`,
      mdev: uuid,
      predicted: formatApConfigFile(assigned).trim(),
      actual: text,
    },
  };
}

const AXES = {
  adapters: { name: 'adapter', command: 'Adapter', format: formatApid },
  domains: { name: 'domain', command: 'Domain', format: formatApqi },
  controlDomains: { name: 'control_domain', command: 'ControlDomain', format: formatApqi },
} as const;
type Axis = keyof typeof AXES;

function idMoves(mdev: Mdev, wanted: ControlledMatrix, { domainsFirst, reverse }: Strategy): Move[] {
  const axes: Axis[] = domainsFirst
    ? ['domains', 'adapters', 'controlDomains']
    : ['adapters', 'domains', 'controlDomains'];
  const inOrder = (ids: number[]): number[] => (reverse ? ids.reverse() : ids);
  const gone = axes.flatMap((axis) =>
    inOrder(idsOf(andNot(mdev.assigned[axis], wanted[axis]))).map((id) => idMove(mdev, axis, id, false)),
  );
  const come = axes.flatMap((axis) =>
    inOrder(idsOf(andNot(wanted[axis], mdev.assigned[axis]))).map((id) => idMove(mdev, axis, id, true)),
  );
  return [...gone, ...come];
}

function idMove({ uuid }: Mdev, axis: Axis, id: number, isAssigned: boolean): Move {
  const { name, command, format } = AXES[axis];
  const file = `${isAssigned ? 'assign' : 'unassign'}_${name}`;
  const asked: Command = {
    type: `${isAssigned ? 'Assign' : 'Unassign'}${command}`,
    mdev: uuid,
    text: `0x${format(id)}`,
  };
  return {
    key: `${file} ${uuid} ${id}`,
    says: `0x${format(id)} to ${file} of mdev ${uuid}`,
    commands: [asked],
    file: `${MATRIX}/${uuid}/${file}`,
    mdev: uuid,
    asSeen: () => [assignedFact(uuid, axis, [id], isAssigned)],
    drift: {
      what: `${name.replace('_', ' ')} ${format(id)} of mdev ${uuid}`,
      mdev: uuid,
      predicted: isAssigned ? 'not assigned' : 'assigned',
      actual: isAssigned ? 'assigned' : 'not assigned',
    },
  };
}

function assignedFact(mdev: string, axis: Axis, ids: number[], isAssigned: boolean): Fact {
  const end = isAssigned ? 'Assigned' : 'Unassigned';
  if (axis === 'adapters') return { type: `Adapter${end}`, data: { mdev, adapters: ids } };
  if (axis === 'domains') return { type: `Domain${end}`, data: { mdev, domains: ids } };
  return { type: `ControlDomain${end}`, data: { mdev, controlDomains: ids } };
}

function assignedAsSeen(state: HostState, uuid: string, wanted: ControlledMatrix): Fact[] {
  const mdev = state.mdevs.get(uuid);
  if (mdev === undefined) return [];
  return (['adapters', 'domains', 'controlDomains'] as const).flatMap((axis) => {
    const gone = idsOf(andNot(mdev.assigned[axis], wanted[axis]));
    const come = idsOf(andNot(wanted[axis], mdev.assigned[axis]));
    return [
      ...(gone.length === 0 ? [] : [assignedFact(uuid, axis, gone, false)]),
      ...(come.length === 0 ? [] : [assignedFact(uuid, axis, come, true)]),
    ];
  });
}

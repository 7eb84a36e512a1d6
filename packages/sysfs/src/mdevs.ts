/** The vfio_ap parent device, its mdev type, and the mdevs: driver-rules 4.3 and 5. */
import { formatApConfigFile, formatControlDomainsFile, formatMatrixFile } from '@apledger/ap';
import { type HostState, MAX_MDEVS, type Mdev, rulesOf } from '@apledger/driver';
import type { CommandType } from '@apledger/events';
import { changeable, constant, type Folder, folder, type Group, link, readable, writable } from './folder.ts';
import type { Attribute } from './node.ts';

const TYPE = 'vfio_ap-passthrough';

/**
 * A file shows at most a page less one byte (driver-rules 5.1, 7.3). Older kernels write past the page; that is
 * no answer that a program could want, so all generations stop here.
 */
const MAX_READ = 4095;

/** The mdevs, each by its UUID, as `entry` shows it. */
const eachMdev = (state: HostState, entry: (mdev: Mdev) => ReturnType<Group['entry']>): Group => ({
  names: () => state.mdevs.keys(),
  entry: (name) => {
    const mdev = state.mdevs.get(name);
    return mdev === undefined ? undefined : entry(mdev);
  },
});

/** /sys/devices/vfio_ap/matrix */
export const matrixFolder = (state: HostState): Folder =>
  folder(
    {
      features: rulesOf(state.driver).isMainline
        ? () => constant('guest_matrix hotplug ap_config\n')
        : undefined,
      mdev_supported_types: () => folder({ [TYPE]: () => typeFolder(state) }),
      subsystem: () => link('../../../bus/matrix'),
      uevent: () =>
        changeable(
          () => 'DRIVER=vfio_ap\n',
          () => undefined,
        ),
    },
    eachMdev(state, (mdev) => mdevFolder(state, mdev)),
  );

const typeFolder = (state: HostState): Folder =>
  folder({
    available_instances: () => constant(`${MAX_MDEVS - state.mdevs.size}\n`),
    create: () => writable((text) => ({ type: 'CreateMdev', text })),
    device_api: () => constant('vfio-ap\n'),
    devices: () =>
      folder(
        {},
        eachMdev(state, ({ uuid }) => link(`../../../${uuid}`)),
      ),
    name: () => constant('VFIO AP Passthrough Device\n'),
  });

/** The write-only files of an mdev, by the command that each is. */
const ASSIGNMENTS = {
  assign_adapter: 'AssignAdapter',
  assign_control_domain: 'AssignControlDomain',
  assign_domain: 'AssignDomain',
  unassign_adapter: 'UnassignAdapter',
  unassign_control_domain: 'UnassignControlDomain',
  unassign_domain: 'UnassignDomain',
} as const satisfies Record<string, CommandType>;

function mdevFolder(state: HostState, mdev: Mdev): Folder {
  const links = {
    driver: () => link('../../../../bus/mdev/drivers/vfio_ap_mdev'),
    iommu_group: () => link(`../../../../kernel/iommu_groups/${groupOf(state, mdev)}`),
    mdev_type: () => link(`../mdev_supported_types/${TYPE}`),
    subsystem: () => link('../../../../bus/mdev'),
    uevent: () =>
      changeable(
        () => 'DRIVER=vfio_ap_mdev\n',
        () => undefined,
      ),
  };
  // What vfio_ap put there goes at once, even when the removal has to wait for the guest (driver-rules 5.6).
  if (mdev.removing) return folder(links);
  const assignments = Object.entries(ASSIGNMENTS).map(
    ([name, type]) => [name, () => writable((text) => ({ type, mdev: mdev.uuid, text }))] as const,
  );
  return folder({
    ...links,
    ...Object.fromEntries(assignments),
    ap_config: rulesOf(state.driver).isMainline ? () => apConfig(mdev) : undefined,
    control_domains: () => readable(() => formatControlDomainsFile(mdev.assigned.controlDomains)),
    guest_matrix: () => guestMatrix(mdev),
    matrix: () => readable(() => formatMatrixFile(mdev.assigned).slice(0, MAX_READ)),
    remove: () => writable((text) => ({ type: 'RemoveMdev', mdev: mdev.uuid, text })),
  });
}

const apConfig = (mdev: Mdev): Attribute =>
  changeable(
    () => formatApConfigFile(mdev.assigned),
    (text) => ({ type: 'ConfigureMdev', mdev: mdev.uuid, text }),
  );

const guestMatrix = ({ uuid, filtered }: Mdev): Attribute =>
  readable(() =>
    filtered === null
      ? { errno: 'ENODEV', explanation: `no guest uses mdev ${uuid}` }
      : formatMatrixFile(filtered).slice(0, MAX_READ),
  );

const groupOf = (state: HostState, { uuid }: Mdev): number => [...state.mdevs.keys()].indexOf(uuid);

/** /sys/kernel/iommu_groups: one group an mdev. */
export function groupsFolder(state: HostState): Folder {
  const uuids = [...state.mdevs.keys()];
  return folder(
    {},
    {
      names: () => uuids.map((_, group) => String(group)),
      entry: (name) => {
        const uuid = /^(0|[1-9]\d*)$/.test(name) ? uuids[Number(name)] : undefined;
        if (uuid === undefined) return undefined;
        return folder({
          devices: () => folder({ [uuid]: () => link(`../../../../devices/vfio_ap/matrix/${uuid}`) }),
        });
      },
    },
  );
}

/** /sys/bus/mdev */
export const mdevBusFolder = (state: HostState): Folder =>
  folder({
    devices: () =>
      folder(
        {},
        eachMdev(state, ({ uuid }) => link(`../../../devices/vfio_ap/matrix/${uuid}`)),
      ),
    drivers: () =>
      folder({
        vfio_ap_mdev: () =>
          folder(
            {},
            eachMdev(state, ({ uuid }) => link(`../../../../devices/vfio_ap/matrix/${uuid}`)),
          ),
      }),
  });

/** The vfio_ap parent device, its mdev type, and the mdevs: driver-rules 4.3 and 5. */
import { formatApConfigFile, formatControlDomainsFile, formatMatrixFile } from '@apledger/ap';
import { type HostState, MAX_MDEVS, type Mdev, rulesOf } from '@apledger/driver';
import type { CommandType } from '@apledger/events';
import {
  changeable,
  constant,
  deviceUevent,
  type Folder,
  folder,
  type Group,
  link,
  readable,
  settable,
  silentUevent,
  writable,
} from './folder.ts';
import { iommuGroupOf } from './iommu-groups.ts';
import type { Attribute, Link } from './node.ts';

const TYPE = 'vfio_ap-passthrough';

/** The mdevs, by UUID. */
const mdevFolders = (state: HostState): Group => ({
  names: () => state.mdevs.keys(),
  entry(name) {
    const mdev = state.mdevs.get(name);
    return mdev === undefined ? undefined : mdevFolder(state, mdev);
  },
});

/**
 * Links to the mdevs, from a folder `up` (`../..`) below the root. They are the first that a removal takes away,
 * before it waits for the guest (driver-rules 5.6).
 */
const mdevLinks = (state: HostState, up: string): Group => ({
  names: () =>
    state.mdevs
      .values()
      .filter(({ removing }) => !removing)
      .map(({ uuid }) => uuid),
  entry(name): Link | undefined {
    const mdev = state.mdevs.get(name);
    return mdev === undefined || mdev.removing ? undefined : link(`${up}/devices/vfio_ap/matrix/${name}`);
  },
});

/** /sys/devices/vfio_ap */
export const vfioApFolder = (state: HostState): Folder =>
  folder({ matrix: () => matrixFolder(state), uevent: () => deviceUevent() });

/** /sys/devices/vfio_ap/matrix: the parent of all mdevs. */
const matrixFolder = (state: HostState): Folder =>
  folder(
    {
      driver: () => link('../../../bus/matrix/drivers/vfio_ap'),
      features: rulesOf(state.driver).isMainline
        ? () => constant('guest_matrix hotplug ap_config\n')
        : undefined,
      mdev_supported_types: () => folder({ [TYPE]: () => typeFolder(state) }),
      subsystem: () => link('../../../bus/matrix'),
      uevent: () => deviceUevent('DRIVER=vfio_ap'),
    },
    mdevFolders(state),
  );

const typeFolder = (state: HostState): Folder =>
  folder({
    available_instances: () => constant(`${MAX_MDEVS - state.mdevs.size}\n`),
    create: () => writable((text) => ({ type: 'CreateMdev', text })),
    device_api: () => constant('vfio-ap\n'),
    devices: () => folder({}, typeLinks(state)),
    name: () => constant('VFIO AP Passthrough Device\n'),
  });

/** The type's own links are shorter: they start from the same parent as the mdevs. */
function typeLinks(state: HostState): Group {
  const { names, entry } = mdevLinks(state, '');
  return { names, entry: (name) => (entry(name) === undefined ? undefined : link(`../../../${name}`)) };
}

/** The write-only files of an mdev, by the command that each is. */
const ASSIGNMENTS = {
  assign_adapter: 'AssignAdapter',
  assign_control_domain: 'AssignControlDomain',
  assign_domain: 'AssignDomain',
  unassign_adapter: 'UnassignAdapter',
  unassign_control_domain: 'UnassignControlDomain',
  unassign_domain: 'UnassignDomain',
} as const satisfies Record<string, CommandType>;

/** The driver of mdevs was the generic one before mainline let vfio_ap bring its own. */
const mdevDriver = (state: HostState): string =>
  rulesOf(state.driver).isMainline ? 'vfio_ap_mdev' : 'vfio_mdev';

function mdevFolder(state: HostState, mdev: Mdev): Folder {
  const { uuid } = mdev;
  const iommu_group = () => link(`../../../../kernel/iommu_groups/${iommuGroupOf(uuid)}`);
  // The driver core takes everything else away before vfio_ap begins to wait for the guest (driver-rules 5.6).
  if (mdev.removing) return folder({ iommu_group });
  const { isMainline } = rulesOf(state.driver);
  const driver = mdevDriver(state);
  const assignments = Object.entries(ASSIGNMENTS).map(
    ([name, type]) => [name, () => writable((text) => ({ type, mdev: uuid, text }))] as const,
  );
  return folder({
    ...Object.fromEntries(assignments),
    ap_config: isMainline ? () => apConfigFile(mdev) : undefined,
    control_domains: () => readable(() => formatControlDomainsFile(mdev.assigned.controlDomains)),
    driver: () => link(`../../../../bus/mdev/drivers/${driver}`),
    guest_matrix: () => guestMatrixFile(mdev),
    iommu_group,
    matrix: () => readable(() => formatMatrixFile(mdev.assigned)),
    mdev_type: () => link(`../mdev_supported_types/${TYPE}`),
    power: powerFolder,
    remove: () => writable((text) => ({ type: 'RemoveMdev', mdev: uuid, text })),
    subsystem: () => link('../../../../bus/mdev'),
    uevent: () => deviceUevent(`DRIVER=${driver}`),
    'vfio-dev': isMainline ? () => vfioFolder(uuid) : undefined,
  });
}

const apConfigFile = (mdev: Mdev): Attribute =>
  changeable(
    () => formatApConfigFile(mdev.assigned),
    (text) => ({ type: 'ConfigureMdev', mdev: mdev.uuid, text }),
  );

const guestMatrixFile = ({ uuid, filtered }: Mdev): Attribute =>
  readable(() =>
    filtered === null
      ? { errno: 'ENODEV', explanation: `no guest uses mdev ${uuid}` }
      : formatMatrixFile(filtered),
  );

/** Mdevs have no power management; the driver core makes the folder all the same. */
const powerFolder = (): Folder =>
  folder({ control: () => settable('auto\n'), runtime_status: () => constant('unsupported\n') });

/** The device that user space opens. */
function vfioFolder(uuid: string): Folder {
  const name = `vfio${iommuGroupOf(uuid)}`;
  return folder({ [name]: () => folder({ uevent: () => deviceUevent(`DEVNAME=vfio/devices/${name}`) }) });
}

/** /sys/bus/mdev */
export const mdevBusFolder = (state: HostState): Folder =>
  folder({
    devices: () => folder({}, mdevLinks(state, '../../..')),
    drivers: () =>
      folder({
        [mdevDriver(state)]: () => folder({ uevent: silentUevent }, mdevLinks(state, '../../../..')),
      }),
    uevent: silentUevent,
  });

/** /sys/bus/matrix: the bus of one device, made so that libvirt finds the parent of mdevs. */
export const matrixBusFolder = (): Folder =>
  folder({
    devices: () => folder({ matrix: () => link('../../../devices/vfio_ap/matrix') }),
    drivers: () =>
      folder({
        vfio_ap: () =>
          folder({ matrix: () => link('../../../../devices/vfio_ap/matrix'), uevent: silentUevent }),
      }),
    uevent: silentUevent,
  });

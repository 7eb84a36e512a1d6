/** The vfio_ap parent device, its mdev type, and the mdevs: driver-rules 4.3 and 5. */
import { formatApConfigFile, formatControlDomainsFile, formatMatrixFile } from '@apledger/ap';
import { rulesOf } from '@apledger/driver';
import { MDEV_COMMANDS } from '@apledger/events';
import { type HostState, MAX_MDEVS, type Mdev } from '@apledger/host';
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
  silent,
  writable,
} from './folder.ts';
import { iommuGroupOf } from './iommu-groups.ts';
import type { Attribute } from './node.ts';

const TYPE = 'vfio_ap-passthrough';

/** The mdevs, by UUID. */
const mdevFolders = (state: HostState): Group => ({
  names: () => state.mdevs.keys(),
  entry(name) {
    const mdev = state.mdevs.get(name);
    return mdev === undefined ? undefined : mdevFolder(state, mdev);
  },
});

/** Where the mdevs lie below the root. */
const PARENT = 'devices/vfio_ap/matrix';

/** Links to the mdevs; `parent` is the way from the links' folder to the folder that holds the mdevs. */
const mdevLinks = (state: HostState, parent: string): Group => ({
  names: () => state.mdevs.keys(),
  entry: (name) => (state.mdevs.has(name) ? link(`${parent}/${name}`) : undefined),
});

/** /sys/devices/vfio_ap */
export const vfioApFolder = (state: HostState): Folder =>
  folder({ matrix: () => matrixFolder(state), uevent: () => deviceUevent() });

/** /sys/devices/vfio_ap/matrix: the parent of all mdevs. */
const matrixFolder = (state: HostState): Folder =>
  folder(
    {
      driver: () => link('../../../bus/matrix/drivers/vfio_ap'),
      features: rulesOf(state.driver).files.has('matrix/features')
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
    devices: () => folder({}, mdevLinks(state, '../../..')),
    name: () => constant('VFIO AP Passthrough Device\n'),
  });

/** The driver of mdevs was the generic one before vfio_ap brought its own, with a device for user space to open. */
const mdevDriver = (state: HostState): string =>
  rulesOf(state.driver).files.has('mdev/vfio-dev') ? 'vfio_ap_mdev' : 'vfio_mdev';

function mdevFolder(state: HostState, mdev: Mdev): Folder {
  const { uuid } = mdev;
  const { files } = rulesOf(state.driver);
  const driver = mdevDriver(state);
  const ofDevice = {
    driver: () => link(`../../../../bus/mdev/drivers/${driver}`),
    iommu_group: () => link(`../../../../kernel/iommu_groups/${iommuGroupOf(uuid)}`),
    mdev_type: () => link(`../mdev_supported_types/${TYPE}`),
    power: powerFolder,
    subsystem: () => link('../../../../bus/mdev'),
    uevent: () => deviceUevent(`DRIVER=${driver}`),
    'vfio-dev': files.has('mdev/vfio-dev') ? () => vfioFolder(uuid) : undefined,
  };
  // `remove` and what vfio_ap put there go at once, even when the removal has to wait (driver-rules 5.6).
  if (mdev.removing) return folder(ofDevice);
  const writes = Object.entries(MDEV_COMMANDS).map(
    ([name, type]) => [name, () => writable((text) => ({ type, mdev: uuid, text }))] as const,
  );
  return folder({
    ...ofDevice,
    ...Object.fromEntries(writes),
    ap_config: files.has('mdev/ap_config') ? () => apConfigFile(mdev) : undefined,
    control_domains: () => readable(() => formatControlDomainsFile(mdev.assigned.controlDomains)),
    guest_matrix: files.has('mdev/guest_matrix') ? () => guestMatrixFile(mdev) : undefined,
    matrix: () => readable(() => formatMatrixFile(mdev.assigned)),
  });
}

const apConfigFile = (mdev: Mdev): Attribute =>
  changeable(
    () => formatApConfigFile(mdev.assigned),
    (text) => ({ type: 'ConfigureMdev', mdev: mdev.uuid, text }),
  );

const guestMatrixFile = ({ uuid, guestMatrix }: Mdev): Attribute =>
  readable(() =>
    guestMatrix === null
      ? { errno: 'ENODEV', explanation: `no guest uses mdev ${uuid}` }
      : formatMatrixFile(guestMatrix),
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
    devices: () => folder({}, mdevLinks(state, `../../../${PARENT}`)),
    drivers: () =>
      folder({
        [mdevDriver(state)]: () => folder({ uevent: silent }, mdevLinks(state, `../../../../${PARENT}`)),
      }),
    uevent: silent,
  });

/** /sys/bus/matrix: the bus of one device, made so that libvirt finds the parent of mdevs. */
export const matrixBusFolder = (): Folder =>
  folder({
    devices: () => folder({ matrix: () => link('../../../devices/vfio_ap/matrix') }),
    drivers: () =>
      folder({
        vfio_ap: () => folder({ matrix: () => link('../../../../devices/vfio_ap/matrix'), uevent: silent }),
      }),
    uevent: silent,
  });

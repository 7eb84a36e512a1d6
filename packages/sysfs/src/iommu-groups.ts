/** /sys/kernel/iommu_groups: without its group libvirt does not list an mdev. */
import type { HostState } from '@apledger/host';
import { type Folder, folder, link } from './folder.ts';

/** FNV-1a, 32 bits. */
const HASH_START = 0x811c9dc5;
const HASH_FACTOR = 0x01000193;

/**
 * The number of an mdev's group. The kernel counts, but a number must stay while the mdev lives, and the state knows
 * no count: so it is a hash of the UUID. Programs read it as an int, hence 31 bits. Should two mdevs ever meet in one
 * number, the group holds both, as groups may.
 */
export function iommuGroupOf(uuid: string): number {
  let hash = HASH_START;
  for (let i = 0; i < uuid.length; i++) hash = Math.imul(hash ^ uuid.charCodeAt(i), HASH_FACTOR);
  return hash >>> 1;
}

/** One group an mdev. */
export const iommuGroupsFolder = (state: HostState): Folder =>
  folder(
    {},
    {
      names: () => new Set([...state.mdevs.keys()].map((uuid) => String(iommuGroupOf(uuid)))),
      entry(name) {
        const members = [...state.mdevs.keys()].filter((uuid) => String(iommuGroupOf(uuid)) === name);
        return members.length === 0 ? undefined : groupFolder(members);
      },
    },
  );

const groupFolder = (members: readonly string[]): Folder =>
  folder({
    devices: () =>
      folder(
        {},
        {
          names: () => members,
          entry: (uuid) =>
            members.includes(uuid) ? link(`../../../../devices/vfio_ap/matrix/${uuid}`) : undefined,
        },
      ),
  });

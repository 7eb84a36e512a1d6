/** Steps in the spelling of scripts (docs/scripts.md). */
import { formatApid } from '@apledger/ap';

/** The write of an id, an adapter's or a domain's, to a file of an mdev: `echo 0x05 > /sys/…/assign_adapter`. */
export const writeStep = (mdev: string, file: string, id: number): string =>
  `echo 0x${formatApid(id)} > /sys/devices/vfio_ap/matrix/${mdev}/${file}`;

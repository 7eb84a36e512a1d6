/** Which guest has which mdev, from QEMU's command lines: everybody may read them. Only names and UUIDs are kept. */
import { type ObservedGuest, readQemuCommandLine } from '@apledger/capture';
import type { Collector } from '@apledger/capture/collect';

/** The guests that run with an mdev of vfio_ap. Misses mdevs that were attached while the guest ran. */
export function guestsOf(collector: Collector): readonly ObservedGuest[] {
  return collector
    .names('proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => {
      const guest = readQemuCommandLine(collector.read(`proc/${pid}/cmdline`) ?? '');
      return guest === undefined ? [] : guest.mdevs.map((mdev) => ({ name: guest.name, mdev }));
    });
}

/** Which guest has which mdev, from QEMU's command lines: everybody may read them. Only names and UUIDs are kept. */
import { type ObservedGuest, uuidOf } from '@apledger/capture';
import type { Collector } from '@apledger/capture/collect';

/** The guests that run with an mdev of vfio_ap. Misses mdevs that were attached while the guest ran. */
export function guestsOf(collector: Collector): readonly ObservedGuest[] {
  return collector
    .names('proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((pid) => guestsIn(collector.read(`proc/${pid}/cmdline`) ?? ''));
}

/** Those of one command line, as /proc has it: its arguments end with NUL. */
export function guestsIn(commandLine: string): readonly ObservedGuest[] {
  const args = commandLine.split('\0');
  const name = nameIn(args);
  if (name === undefined) return [];
  return args.flatMap((arg, at) => {
    const mdev = args[at - 1] === '-device' ? mdevIn(arg) : undefined;
    return mdev === undefined ? [] : [{ name, mdev }];
  });
}

/** `-name guest=web,debug-threads=on`, `-name web`; a comma in a name is written twice. */
function nameIn(args: readonly string[]): string | undefined {
  const at = args.indexOf('-name');
  const text = at < 0 ? '' : (args[at + 1] ?? '');
  const [, name = ''] = /^(?:guest=)?((?:[^,]|,,)*)/.exec(text) ?? [];
  return name === '' ? undefined : name.replaceAll(',,', ',');
}

/** libvirt writes a device as JSON, people write `vfio-ap,sysfsdev=/sys/...`. */
function mdevIn(device: string): string | undefined {
  if (!/^\{.*"vfio-ap"|^vfio-ap\b/.test(device)) return undefined;
  const [, path = ''] = /sysfsdev(?:"\s*:\s*"|=)([^",]+)/.exec(device) ?? [];
  return uuidOf(path.split('/').at(-1) ?? '');
}

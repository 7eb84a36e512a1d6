/** What a command line of QEMU says of the guest: its name, and the mdevs that it begins with. */
import { uuidOf } from './values.ts';

interface QemuGuest {
  readonly name: string;
  /** UUIDs. Misses mdevs that were attached while the guest ran, and those that were handed over as a descriptor. */
  readonly mdevs: readonly string[];
}

/** Reads a command line as /proc has it: its arguments end with NUL. Undefined when it names no guest. */
export function readQemuCommandLine(commandLine: string): QemuGuest | undefined {
  const args = commandLine.split('\0');
  const name = nameIn(args);
  if (name === undefined) return undefined;
  const mdevs = args.flatMap((arg, at) => (args[at - 1] === '-device' ? (mdevIn(arg) ?? []) : []));
  return { name, mdevs };
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

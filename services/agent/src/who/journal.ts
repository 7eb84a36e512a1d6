/** Entries of `journalctl --output=json`: those of the audit system as its own lines, and the kernel's warnings about mdevs. Pure. */
import { mdevIn, type Sign } from './sign.ts';

type Entry = Readonly<Record<string, unknown>>;

function entryOf(line: string): Entry | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (entry: Entry, name: string): string | undefined => {
  const value = entry[name];
  return typeof value === 'string' ? value : undefined;
};

/** Milliseconds since 1970; the journal counts microseconds. */
const timeOf = (entry: Entry): number =>
  Math.floor(
    Number(textOf(entry, '_SOURCE_REALTIME_TIMESTAMP') ?? textOf(entry, '__REALTIME_TIMESTAMP')) / 1000,
  );

/** The record as auditd would write it: journald keeps `SYSCALL arch=...` and has number and time in fields. */
export function journalLine(line: string): string | undefined {
  const entry = entryOf(line);
  if (entry === undefined || textOf(entry, '_TRANSPORT') !== 'audit') return undefined;
  const [type, message, id] = [
    textOf(entry, '_AUDIT_TYPE_NAME'),
    textOf(entry, 'MESSAGE'),
    textOf(entry, '_AUDIT_ID'),
  ];
  const time = timeOf(entry);
  if (type === undefined || message === undefined || id === undefined || !Number.isFinite(time))
    return undefined;
  const millis = String(time % 1000).padStart(3, '0');
  return `type=${type} msg=audit(${Math.floor(time / 1000)}.${millis}:${id}): ${message.replace(`${type} `, '')}`;
}

/** A refusal that the kernel logs with the mdev that it is about: EADDRINUSE, and EBUSY of a mask. It names nobody. */
export function kernelSign(line: string): Sign | undefined {
  const entry = entryOf(line);
  if (entry === undefined || textOf(entry, '_TRANSPORT') !== 'kernel') return undefined;
  const mdev =
    textOf(entry, '_KERNEL_SUBSYSTEM') === 'mdev' ? mdevIn(textOf(entry, '_KERNEL_DEVICE') ?? '') : undefined;
  const [text, from] = [textOf(entry, 'MESSAGE'), timeOf(entry)];
  if (mdev === undefined || text === undefined || !Number.isFinite(from)) return undefined;
  return { source: 'kernel-log', from, text, mdevs: [mdev], places: [] };
}

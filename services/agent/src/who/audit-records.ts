/**
 * Records of auditd as text lines: the audisp plugin af_unix writes them to a socket, journald keeps them, and audit.log has them.
 *
 * `type=SYSCALL msg=audit(1700000000.123:456): arch=... auid=1000 ... exe="/usr/bin/bash" key="apledger"`; records of one event have
 * one number. An event ends with EOE, or PROCTITLE on newer systems.
 */
import { loginOf, NO_LOGIN } from './identity.ts';
import { mdevIn, placeOf, type Sign } from './sign.ts';

/** The key of the rules that are shipped (packaging/apledger.rules). */
const AUDIT_KEY = 'apledger';
/** Events of which not all records have come. More are open only when records are lost. */
const MAX_OPEN = 64;
const MAX_LINE = 16_384;

interface AuditRecord {
  readonly type: string;
  readonly at: number;
  readonly serial: string;
  readonly fields: Readonly<Record<string, string>>;
}

const HEAD = /\btype=([A-Z_]+) msg=audit\(([0-9]{1,12})\.([0-9]{3}):([0-9]+)\):\s?(.*)$/;
const FIELD = /([a-zA-Z_][\w-]*)=("[^"]*"|'[^']*'|\S*)/g;

/** A line as its fields; undefined when it is no record. `msg='...'` of user space is opened. */
export function readRecord(line: string): AuditRecord | undefined {
  const [, type, seconds, millis, serial, body] = HEAD.exec(line.slice(0, MAX_LINE)) ?? [];
  if (type === undefined || serial === undefined || body === undefined) return undefined;
  // Newer auditd adds names after a group separator: `\x1dAUID="anna"`.
  const [raw = '', enriched = ''] = body.split('\x1d');
  const fields: Record<string, string> = {};
  const take = (text: string): void => {
    for (const [, name = '', value = ''] of text.matchAll(FIELD)) {
      const quote = value[0];
      if (quote === "'") take(value.slice(1, -1));
      else if (quote === '"') fields[name] ??= value.slice(1, -1);
      else fields[name] ??= isHex(name, value) ? textOfHex(value) : value;
    }
  };
  take(raw);
  take(enriched);
  return { type, at: Number(seconds) * 1000 + Number(millis), serial, fields };
}

/** The kernel writes a text that has blanks or quotes as hexadecimal, without quotes. */
const HEX_FIELDS: ReadonlySet<string> = new Set([
  'name',
  'exe',
  'comm',
  'proctitle',
  'cwd',
  'key',
  'vm',
  'device',
]);
const isHex = (name: string, value: string): boolean =>
  HEX_FIELDS.has(name) && value.length % 2 === 0 && /^[0-9A-F]{2,}$/.test(value);
const textOfHex = (hex: string): string => Buffer.from(hex, 'hex').toString('utf8');

/** Puts records together, and gives what they say of the AP bus. */
export class AuditReader {
  readonly #names: () => ReadonlyMap<number, string>;
  readonly #open = new Map<string, AuditRecord[]>();

  /** `names`: users by their numbers. */
  constructor(names: () => ReadonlyMap<number, string>) {
    this.#names = names;
  }

  /** Takes a line; the signs are those of events that it ended. */
  take(line: string): readonly Sign[] {
    const record = readRecord(line);
    if (record === undefined) return [];
    if (record.type.startsWith('VIRT_')) return virtSign(record);
    const records = this.#open.get(record.serial) ?? [];
    if (records.length === 0) this.#open.set(record.serial, records);
    records.push(record);
    if (record.type === 'EOE' || record.type === 'PROCTITLE') return this.#end(record.serial);
    if (this.#open.size <= MAX_OPEN) return [];
    const [oldest = ''] = this.#open.keys();
    return this.#end(oldest);
  }

  #end(serial: string): readonly Sign[] {
    const records = this.#open.get(serial) ?? [];
    this.#open.delete(serial);
    return syscallSign(records, this.#names());
  }
}

function syscallSign(records: readonly AuditRecord[], names: ReadonlyMap<number, string>): Sign[] {
  const call = records.find(({ type }) => type === 'SYSCALL');
  if (call === undefined || call.fields.success === 'no' || call.fields.key !== AUDIT_KEY) return [];
  const cwd = records.find(({ type }) => type === 'CWD')?.fields.cwd ?? '';
  const paths = records.flatMap(({ type, fields }) => {
    if (type !== 'PATH' || fields.name === undefined || fields.nametype === 'PARENT') return [];
    return [fields.name.startsWith('/') ? fields.name : `${cwd}/${fields.name}`];
  });
  const { auid, exe, comm, pid } = call.fields;
  const title = records.find(({ type }) => type === 'PROCTITLE')?.fields.proctitle?.replaceAll('\0', ' ');
  const by = exe?.split('/').at(-1) ?? comm ?? '';
  return [
    {
      source: 'audit',
      from: call.at,
      // auid is all ones for a daemon: its program is all that audit knows.
      actor: loginOf(auid, names) ?? (by === '' ? undefined : `program ${by}`),
      pid: Number(pid) || undefined,
      text: [title ?? by, ...paths].join(' '),
      places: paths.map(placeOf),
      mdevs: paths.flatMap((path) => mdevIn(path) ?? []),
    },
  ];
}

/** libvirt says which guest takes or gives back which mdev, but not who asked libvirt for it. */
function virtSign({ type, at, fields }: AuditRecord): Sign[] {
  const { resrc, bus, device, vm, reason, exe, auid, pid, res } = fields;
  const mdev = mdevIn(device ?? '');
  if (
    type !== 'VIRT_RESOURCE' ||
    resrc !== 'dev' ||
    bus !== 'mdev' ||
    mdev === undefined ||
    res !== 'success'
  )
    return [];
  const isLogin = auid !== undefined && Number(auid) !== NO_LOGIN;
  return [
    {
      source: 'libvirt',
      from: at,
      actor: `libvirt${isLogin ? ` of uid ${auid}` : ''}`,
      pid: Number(pid) || undefined,
      text: `${exe?.split('/').at(-1) ?? 'libvirt'}: ${reason} of mdev ${mdev} for guest ${vm}`,
      mdevs: [mdev],
      places: [],
    },
  ];
}

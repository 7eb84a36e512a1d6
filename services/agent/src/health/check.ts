/** `apledger agent --check`: what the agent can do on this host, and what each part lacks. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { namesIn, textOf, tried } from '../files/quiet.ts';
import { AP_LOCK, AUDIT_SOCKETS, NOTIFIER_SPOOL, type Roots } from '../roots.ts';

interface Feature {
  readonly feature: string;
  /** `yes`; `partly`: it works less well; `no`. */
  readonly works: 'yes' | 'partly' | 'no';
  /** By what it works, or what is missing and what would help. */
  readonly why: string;
}

/** Bits of CapEff (linux/capability.h). */
const CAP_DAC_READ_SEARCH = 2n;
const CAP_SYS_PTRACE = 19n;

const NOTIFIERS = ['usr/lib/mdevctl/scripts.d/notifiers', 'etc/mdevctl.d/scripts.d/notifiers'];
const NOTIFIER = 'apledger.sh';

/** Where the writer listens, and the root below which the distribution's programs lie. */
interface CheckPlaces {
  readonly writer: string;
  readonly root?: string;
}

/** Looks at the files of the roots. Changes nothing. */
export function checkFeatures(roots: Roots, { writer, root = '/' }: CheckPlaces): readonly Feature[] {
  const host = new Probe(roots, root);
  return [
    host.sysfs(),
    host.events(),
    host.guests(),
    host.notifier(),
    host.lock(),
    host.audit(),
    host.kernelLog(),
    host.reboot(),
    host.writer(writer),
  ];
}

class Probe {
  readonly #roots: Roots;
  readonly #usr: string;

  constructor(roots: Roots, usr: string) {
    this.#roots = roots;
    this.#usr = usr;
  }

  sysfs(): Feature {
    const feature = 'masks, queues and mdevs';
    const path = join(this.#roots.sysfs, 'bus/ap/apmask');
    if (!can(path, constants.R_OK))
      return {
        feature,
        works: 'no',
        why: `${path} cannot be read: this host has no AP bus, or --sysfs is wrong`,
      };
    return can(join(this.#roots.sysfs, 'devices/vfio_ap/matrix'), constants.R_OK)
      ? { feature, works: 'yes', why: 'sysfs' }
      : { feature, works: 'partly', why: 'vfio_ap is not loaded: there are no mdevs (modprobe vfio_ap)' };
  }

  events(): Feature {
    const feature = 'changes that the kernel makes, within a second';
    const path = join(this.#roots.sysfs, 'kernel/uevent_seqnum');
    return can(path, constants.R_OK)
      ? { feature, works: 'yes', why: path }
      : { feature, works: 'partly', why: `${path} cannot be read: they are seen by the timer` };
  }

  guests(): Feature {
    const feature = 'names of guests';
    const caps = this.#capabilities();
    const has = (bit: bigint): boolean => caps !== undefined && ((caps >> bit) & 1n) === 1n;
    if (has(CAP_SYS_PTRACE))
      return { feature, works: 'yes', why: '/proc/PID/fd of the guests (CAP_SYS_PTRACE)' };
    const xml = join(this.#roots.run, 'libvirt/qemu');
    if (has(CAP_DAC_READ_SEARCH) || namesIn(xml) !== undefined)
      return {
        feature,
        works: 'yes',
        why: `${xml}; without CAP_SYS_PTRACE guests outside of libvirt are seen by their command lines only`,
      };
    return {
      feature,
      works: 'partly',
      why: 'command lines of QEMU: mdevs that were attached later are not in them (AmbientCapabilities=CAP_SYS_PTRACE in a drop-in of apledger-agent.service)',
    };
  }

  notifier(): Feature {
    const feature = 'who: mdevctl and libvirt';
    const script = NOTIFIERS.map((folder) => join(this.#usr, folder, NOTIFIER)).find((path) =>
      can(path, constants.X_OK),
    );
    if (script === undefined)
      return {
        feature,
        works: 'no',
        why: `no ${NOTIFIER} in ${NOTIFIERS.map((folder) => join(this.#usr, folder)).join(' or ')}: the package puts it there`,
      };
    const spool = join(this.#roots.run, NOTIFIER_SPOOL);
    return can(spool, constants.R_OK | constants.W_OK | constants.X_OK)
      ? { feature, works: 'yes', why: script }
      : {
          feature,
          works: 'no',
          why: `${spool} is not there, or not ours: systemd-tmpfiles --create apledger-agent.conf`,
        };
  }

  lock(): Feature {
    const feature = 'who: chzdev and mdevctl, by their lock';
    const folder = join(this.#roots.run, AP_LOCK.folder);
    return namesIn(folder) === undefined
      ? { feature, works: 'no', why: `${folder} cannot be read` }
      : { feature, works: 'yes', why: folder };
  }

  audit(): Feature {
    const feature = 'who: direct writes to sysfs';
    const isSet = (namesIn(join(this.#roots.etc, 'audit/rules.d')) ?? []).some((name) =>
      /-F key=apledger|-k apledger/.test(textOf(join(this.#roots.etc, 'audit/rules.d', name)) ?? ''),
    );
    if (!isSet)
      return {
        feature,
        works: 'no',
        why: 'no audit rule with the key apledger: install auditd, and 50-apledger.rules in /etc/audit/rules.d',
      };
    const socket = AUDIT_SOCKETS.map((path) => join(this.#roots.run, path)).find((path) =>
      can(path, constants.R_OK | constants.W_OK),
    );
    if (socket !== undefined) return { feature, works: 'yes', why: socket };
    return this.#readsJournal()
      ? { feature, works: 'yes', why: 'the journal, where systemd-journald-audit.socket is on' }
      : {
          feature,
          works: 'no',
          why: 'records cannot be read: set active = yes in /etc/audit/plugins.d/af_unix.conf, or add the user to the group systemd-journal',
        };
  }

  kernelLog(): Feature {
    const feature = 'the reason that the kernel logs of a refused write';
    return this.#readsJournal()
      ? { feature, works: 'yes', why: 'the journal' }
      : {
          feature,
          works: 'no',
          why: 'the journal cannot be read: add the user to the group systemd-journal',
        };
  }

  reboot(): Feature {
    const feature = 'what a reboot would give';
    const unread = ['mdevctl.d/matrix', 'udev/rules.d', 'modprobe.d'].filter(
      (folder) =>
        exists(join(this.#roots.etc, folder)) && namesIn(join(this.#roots.etc, folder)) === undefined,
    );
    if (unread.length > 0)
      return {
        feature,
        works: 'no',
        why: `${unread.map((folder) => join(this.#roots.etc, folder)).join(', ')} cannot be read`,
      };
    const guests = join(this.#roots.etc, 'libvirt/qemu/autostart');
    return exists(join(this.#roots.etc, 'libvirt')) && namesIn(guests) === undefined
      ? {
          feature,
          works: 'partly',
          why: `${guests} cannot be read: not which guests start (CAP_DAC_READ_SEARCH)`,
        }
      : { feature, works: 'yes', why: this.#roots.etc };
  }

  writer(socket: string): Feature {
    const feature = 'commands of the ledger';
    return can(socket, constants.R_OK | constants.W_OK)
      ? { feature, works: 'yes', why: socket }
      : {
          feature,
          works: 'no',
          why: `${socket} is not there, or not for us: systemctl enable --now apledger-writer.socket`,
        };
  }

  #capabilities(): bigint | undefined {
    const [, hex] =
      /^CapEff:\s*([0-9a-f]+)$/m.exec(textOf(join(this.#roots.proc, 'self/status')) ?? '') ?? [];
    return hex === undefined ? undefined : BigInt(`0x${hex}`);
  }

  #readsJournal(): boolean {
    const journals = join(this.#roots.run, 'log/journal');
    const kept = join(this.#usr, 'var/log/journal');
    return [journals, kept].some((folder) =>
      namesIn(folder)?.some((machine) => namesIn(join(folder, machine)) !== undefined),
    );
  }
}

const can = (path: string, mode: number): boolean => tried(() => accessSync(path, mode) ?? true) ?? false;

const exists = (path: string): boolean => can(path, constants.F_OK);

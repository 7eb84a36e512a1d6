/** What /proc and libvirt say of guests (docs/agent.md, "Guests"). Nothing is asked of libvirt itself. */
import {
  type DomainStatus,
  readDomainStatus,
  readQemuCommandLine,
  Unreadable,
  uuidOf,
} from '@apledger/capture';
import type { SeenProcess } from '@apledger/observe';
import type { LiveFiles } from './live-files.ts';

/** A process that may be a guest. */
interface GuestProcess extends Omit<SeenProcess, 'isYoung'> {
  /** Milliseconds since 1970, by the kernel's clock of the boot. */
  readonly startedAt: number;
}

export interface GuestFilesSeen {
  readonly processes: readonly GuestProcess[];
  readonly domains: readonly DomainStatus[] | undefined;
  /** What cannot be seen, and what it would need. */
  readonly missing: readonly string[];
}

/** Programs that run guests. */
const EMULATOR = /(?:^|\/)(?:qemu[^/\0]*|kvm)(?:\0|$)/;
/** A process may become another program shortly after it began. */
const LOOKS_AT_NEW = 5;
const DOMAINS = 'run/libvirt/qemu';
/** Of the clock in /proc, the same on all Linux architectures. */
const TICKS_PER_SECOND = 100;

export class GuestFiles {
  readonly #live: LiveFiles;
  /** How often each process was looked at and was no guest. */
  #others = new Map<string, number>();
  #guests = new Set<string>();

  constructor(live: LiveFiles) {
    this.#live = live;
  }

  /** `whole`: look again at processes that were no guests. */
  read(whole: boolean): GuestFilesSeen {
    if (whole) this.#others.clear();
    const pids = this.#live.names('proc').filter((name) => /^[0-9]+$/.test(name));
    const others = new Map<string, number>();
    const guests = new Set<string>();
    const processes: GuestProcess[] = [];
    for (const pid of pids) {
      const looks = this.#others.get(pid) ?? 0;
      const command = looks < LOOKS_AT_NEW ? (this.#live.text(`proc/${pid}/cmdline`) ?? '') : '';
      // What was a guest stays one: a process that ends has no command line any more.
      if (!EMULATOR.test(command.split('\0', 1)[0] ?? '') && !this.#guests.has(pid)) {
        others.set(pid, looks + 1);
        continue;
      }
      guests.add(pid);
      processes.push(this.#processOf(pid, command));
    }
    this.#others = others;
    this.#guests = guests;
    const areDenied = processes.some(({ devices, isEnding }) => devices === undefined && !isEnding);
    const { domains, missing } = this.#domains();
    return {
      processes,
      domains,
      missing: [...(areDenied ? ['open descriptors of guests: needs CAP_SYS_PTRACE'] : []), ...missing],
    };
  }

  #processOf(pid: string, command: string): GuestProcess {
    const guest = readQemuCommandLine(command);
    const { state, startedAt } = this.#statOf(pid);
    const listed = this.#live.list(`proc/${pid}/fd`);
    const fds = 'code' in listed ? undefined : listed;
    const targets = fds?.map((fd) => [fd, this.#live.link(`proc/${pid}/fd/${fd}`) ?? ''] as const);
    const named = (targets ?? [])
      .filter(([, target]) => target.includes('vfio-device'))
      .flatMap(([fd]) => this.#mdevOf(pid, fd));
    return {
      pid: Number(pid),
      name: guest?.name,
      mdevs: guest?.mdevs ?? [],
      devices: targets?.map(([, target]) => target).filter((target) => target.startsWith('/dev/vfio/')),
      named,
      startedAt,
      isEnding: state === 'Z' || state === 'X' || state === undefined || fds?.length === 0,
    };
  }

  /** From 7.3 on the kernel names the device of a descriptor. */
  #mdevOf(pid: string, fd: string): string[] {
    const text = this.#live.text(`proc/${pid}/fdinfo/${fd}`) ?? '';
    const path = /^vfio-device-syspath:\s*(\S+)$/m.exec(text)?.[1];
    const uuid = uuidOf(path?.split('/').at(-1) ?? '');
    return uuid === undefined ? [] : [uuid];
  }

  #statOf(pid: string): { readonly state: string | undefined; readonly startedAt: number } {
    const text = this.#live.text(`proc/${pid}/stat`);
    // The name of the program stands in parentheses, and may have some of its own.
    const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
    const booted = Number(/^btime ([0-9]+)$/m.exec(this.#live.text('proc/stat') ?? '')?.[1] ?? 0);
    return {
      state: fields[0],
      startedAt: 1000 * (booted + Number(fields[19] ?? 0) / TICKS_PER_SECOND),
    };
  }

  #domains(): Pick<GuestFilesSeen, 'domains' | 'missing'> {
    const listed = this.#live.list(DOMAINS);
    if ('code' in listed)
      return {
        domains: undefined,
        missing: listed.code === 'ENOENT' ? [] : ["libvirt's run-time XML: needs CAP_DAC_READ_SEARCH"],
      };
    const missing: string[] = [];
    const domains = listed
      .filter((name) => name.endsWith('.xml'))
      .flatMap((name) => {
        const path = `${DOMAINS}/${name}`;
        const text = this.#live.text(path);
        if (text === undefined) return [];
        try {
          return [readDomainStatus(text, path)];
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          missing.push(error.message);
          return [];
        }
      });
    return { domains, missing };
  }
}

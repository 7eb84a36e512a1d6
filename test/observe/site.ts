/** A simulated host that is mounted, and an observer of it in this process. What the lab does not have are files that tests write. */
import { spawn } from 'node:child_process';
import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type HostReader, Observer, type ObserverParts, Reader } from '@apledger/agent/observer';
import type { Decider } from '@apledger/cli/conform';
import { CommandHandler } from '@apledger/command-handler';
import { decide } from '@apledger/driver';
import { type EventLog, openSqliteLog } from '@apledger/event-log';
import {
  attributeOf,
  type Command,
  type Fact,
  GENERATIONS,
  type Generation,
  parseFact,
  UNATTRIBUTED,
} from '@apledger/events';
import { evolve, HostState, isOpen } from '@apledger/host';
import { type DraftCommit, factsOf, type Known, type Sink, type Witness } from '@apledger/observe';
import { apledger, inRepository } from '../cli/support.ts';
import { type LabProcess, mountLab, startProgram } from '../lab/process.ts';
import { Shell } from '../lab/shell.ts';
import { scratch } from '../support/file.ts';
import { put } from '../support/sysfs-files.ts';
import { filesOf, unlike } from './simulated.ts';

export const HOST = 'zlp1';

/** A process that mounts hosts, one after the other. */
export class Mounts {
  readonly #program: LabProcess;

  constructor() {
    this.#program = startProgram(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      inRepository('test/lab/mounts.ts'),
    ]);
  }

  async mount(at: string, data: string): Promise<void> {
    this.#program.type(`${JSON.stringify([HOST, '--at', at, '--data', data])}\n`);
    await this.#program.said(new RegExp(`^apledger lab: .* at ${at}$`, 'm'));
  }
}

type Answer = Awaited<ReturnType<Decider['submit']>>;

export const nobody: Witness = {
  evidenceFor: async () => ({ certainty: 'none', evidence: [], actor: UNATTRIBUTED }),
};

/** Keeps what was observed, and folds it as the ledger does. */
export class Kept implements Sink {
  readonly state: HostState;
  readonly drafts: DraftCommit[] = [];
  known: Known | undefined;

  constructor(state: HostState) {
    this.state = state;
  }

  async record(drafts: readonly DraftCommit[], known: Known): Promise<void> {
    for (const draft of drafts) {
      const sequence = this.drafts.push(draft);
      for (const fact of factsOf(draft, 1, sequence)) evolve(this.state, fact);
    }
    this.known = known;
  }

  /** Facts of the commits from this one on. */
  facts(from = 0): readonly Fact[] {
    return this.drafts.slice(from).flatMap(({ facts }) => facts);
  }
}

/** Reads in this thread: one after the other, hosts of a few steps are read sooner than threads of their own would be started. */
function readerHere(...options: ConstructorParameters<typeof Reader>): HostReader {
  const reader = new Reader(...options);
  return { read: async (scope) => reader.read(scope), file: '', close: async () => reader.close() };
}

export class Site {
  readonly root = scratch();
  readonly data = join(this.root, 'lab');
  readonly sys = join(this.root, 'sys');
  readonly #fakes = join(this.root, 'fakes');
  readonly #guests = new Map<string, number>();
  readonly #shell: Shell;
  #pid = 1000;
  #isShort = false;
  #log!: EventLog;
  #handler!: CommandHandler;
  /** The process that serves the mount, where it is this host's alone. */
  mount: LabProcess | undefined;
  observer!: Observer;
  kept!: Kept;

  private constructor() {
    this.#shell = new Shell(spawn('bash', ['-s'], { stdio: ['pipe', 'pipe', 'pipe'] }));
  }

  /** Mounts a host with these settings. */
  static async open(driver: Generation, ...settings: string[]): Promise<Site> {
    const site = new Site();
    site.mount = await mountLab(HOST, ...settings, `driver=${driver}`, '--at', site.sys, '--data', site.data);
    await site.#begin(driver);
    return site;
  }

  /** Mounts the host that the command makes, for a few steps. */
  static async of(mounts: Mounts, register: Extract<Command, { type: 'RegisterHost' }>): Promise<Site> {
    const site = new Site();
    site.#isShort = true;
    const masks = Object.entries(register.boot).flatMap(([mask, text]) =>
      text === null ? [] : [`ap.${mask}=${text}`],
    );
    await site.#begin(register.driver, masks.join(' '));
    await site.#handler.submit({ host: HOST, actor: 'test', command: { ...register, host: HOST } });
    await mounts.mount(site.sys, site.data);
    return site;
  }

  async #begin(driver: Generation, commandLine = ''): Promise<void> {
    this.#log = await openSqliteLog({ directory: this.data });
    this.#handler = new CommandHandler(this.#log);
    this.put('proc/sys/kernel/osrelease', `${GENERATIONS[driver].kernelPrefix}0-test\n`);
    this.put('proc/sys/kernel/random/boot_id', 'boot-1\n');
    this.put('proc/cmdline', `${commandLine}\n`);
    this.put('proc/stat', 'btime 1700000000\n');
  }

  async end(): Promise<void> {
    await this.observer.end();
    await this.#shell.end();
    await this.#log.close();
  }

  /** A file of /proc, /etc, /dev or /run. */
  put(path: string, text: string): void {
    put(join(this.#fakes, path), text);
  }

  drop(path: string): void {
    rmSync(join(this.#fakes, path), { recursive: true, force: true });
  }

  /** An observer that begins with a host that was never seen. */
  async observe(parts: Partial<ObserverParts> = {}): Promise<void> {
    const roots = {
      sysfs: this.sys,
      proc: join(this.#fakes, 'proc'),
      etc: join(this.#fakes, 'etc'),
      dev: join(this.#fakes, 'dev'),
      run: join(this.#fakes, 'run'),
    };
    const report = (line: string): void => {
      throw new Error(line);
    };
    const sink: Sink = { record: (drafts, known) => this.kept.record(drafts, known) };
    const readsUnbounded = true;
    this.observer = new Observer({
      host: HOST,
      roots,
      witness: nobody,
      sink,
      report,
      readsUnbounded,
      ...(this.#isShort && { reader: readerHere({ roots, readsUnbounded }, () => {}) }),
      ...parts,
    });
    const state = new HostState();
    for (const fact of decide(state, await this.observer.registration()).facts) evolve(state, fact);
    this.kept = new Kept(state.fork());
    this.observer.begin({ state, seenAt: null, boot: null });
  }

  async actual(): Promise<HostState> {
    const state = await this.#handler.state(HOST);
    if (state === undefined) throw new Error('nothing is mounted');
    return state;
  }

  /** Types a line into bash, in the folder below the mount; resolves with its exit status. */
  async type(line: string, folder = ''): Promise<number> {
    return (await this.#shell.type(`(cd ${join(this.sys, folder)} && ${line})`)).status;
  }

  /** Carries it out: bash writes, where there is a file for it. */
  async carryOut(command: Command): Promise<Answer> {
    const write = attributeOf(command);
    // Who writes to `remove` would sleep until the guest stops.
    const isBlocked = command.type === 'RemoveMdev' && decide(await this.actual(), command).isBlocked;
    if (write === undefined || isBlocked) return this.#handler.submit({ host: HOST, actor: 'test', command });
    const after = await this.#log.lastPosition();
    await this.#shell.type(`printf '${octal(write.text)}' > '${join(this.sys, write.file)}'`);
    const facts: Fact[] = [];
    for await (const { type, version, data } of this.#log.readAll({ after }))
      facts.push(parseFact(type, version, data) as Fact);
    const [first] = facts;
    const refusal =
      first?.type === 'CommandRejected'
        ? { errno: first.data.errno, explanation: '', conflicts: [], remedy: '' }
        : undefined;
    return { facts, isBlocked: false, ...(refusal === undefined ? {} : { refusal }) };
  }

  /** Lets the observer look, and gives the places where the host that it has concluded is not the one behind the mount. */
  async differences(): Promise<readonly string[]> {
    for (;;) {
      const before = await this.#log.lastPosition();
      await this.observer.look();
      const actual = await this.actual();
      // The bus scans by itself, too: then the two are of different moments.
      if ((await this.#log.lastPosition()) !== before) continue;
      return [...unlike(this.kept.state, actual, filesOf), ...unlike(this.kept.state, actual)];
    }
  }

  /** `apledger lab WORDS...` on the host. */
  async lab(...words: string[]): Promise<void> {
    await apledger('lab', ...words, '--host', HOST, '--data', this.data);
  }

  /** Makes the processes of the guests that run: each has its mdevs open. `runsOn`: guests that run without any. */
  async fakeGuests(runsOn: ReadonlySet<string>): Promise<void> {
    const mdevs = [...(await this.actual()).mdevs.values()].filter(isOpen);
    // Guests without a name are as many processes.
    const nameOf = ({ guest, uuid }: (typeof mdevs)[number]): string => guest ?? `/${uuid}`;
    const names = new Set([...mdevs.map(nameOf), ...runsOn]);
    for (const [name, pid] of this.#guests)
      if (!names.has(name)) {
        this.drop(`proc/${pid}`);
        this.#guests.delete(name);
      }
    for (const name of names) {
      const pid = this.#guests.get(name) ?? ++this.#pid;
      const own = mdevs.filter((mdev) => nameOf(mdev) === name).map(({ uuid }) => uuid);
      if (!this.#guests.has(name)) {
        const args = name.startsWith('/') ? [] : ['-name', `guest=${name.replaceAll(',', ',,')}`];
        const devices = own.flatMap((uuid) => ['-device', `vfio-ap,sysfsdev=/sys/bus/mdev/devices/${uuid}`]);
        this.put(`proc/${pid}/cmdline`, ['/usr/bin/qemu-system-s390x', ...args, ...devices, ''].join('\0'));
        this.put(`proc/${pid}/stat`, `${pid} (qemu) S${' 0'.repeat(18)} 100 0\n`);
        this.#guests.set(name, pid);
      }
      this.drop(`proc/${pid}/fd`);
      this.put(`proc/${pid}/fd/0`, '');
      own.forEach((uuid, at) => {
        const group = readlinkSync(join(this.sys, `devices/vfio_ap/matrix/${uuid}/iommu_group`))
          .split('/')
          .at(-1);
        symlinkSync(`/dev/vfio/${group}`, join(this.#fakes, `proc/${pid}/fd/${at + 1}`));
      });
    }
  }
}

/** As printf of a shell takes any bytes. */
const octal = (text: string): string =>
  [...Buffer.from(text, 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');

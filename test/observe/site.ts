/** A simulated host that is mounted, and an observer of it in this process. What the lab does not have are files that tests write. */
import { execFile } from 'node:child_process';
import { mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Observer, type ObserverParts } from '@apledger/agent/observer';
import { decide } from '@apledger/driver';
import { type Fact, GENERATIONS, type Generation, UNATTRIBUTED } from '@apledger/events';
import { evolve, HostState, isOpen } from '@apledger/host';
import { type DraftCommit, factsOf, type Known, type Sink, type Witness } from '@apledger/observe';
import { apledger, scratch } from '../cli/support.ts';
import { stateIn } from '../cli/sysfs-tree.ts';
import { mountLab } from '../lab/process.ts';

export const HOST = 'zlp1';
const run = promisify(execFile);

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

export class Site {
  readonly root = scratch();
  readonly data = join(this.root, 'lab');
  readonly sys = join(this.root, 'sys');
  readonly #fakes = join(this.root, 'fakes');
  readonly #guests = new Map<string, number>();
  #pid = 1000;
  observer!: Observer;
  kept!: Kept;

  /** Mounts a host with these settings, and lets the ledger know it. */
  static async open(driver: Generation, ...settings: string[]): Promise<Site> {
    const site = new Site();
    await mountLab(HOST, ...settings, `driver=${driver}`, '--at', site.sys, '--data', site.data);
    site.put('proc/sys/kernel/osrelease', `${GENERATIONS[driver].kernelPrefix}0-test\n`);
    site.put('proc/sys/kernel/random/boot_id', 'boot-1\n');
    site.put('proc/cmdline', '\n');
    site.put('proc/stat', 'btime 1700000000\n');
    return site;
  }

  /** A file of /proc, /etc, /dev or /run. */
  put(path: string, text: string): void {
    const place = join(this.#fakes, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, text);
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
      ...parts,
    });
    const state = new HostState();
    for (const fact of decide(state, await this.observer.registration()).facts) evolve(state, fact);
    this.kept = new Kept(state.fork());
    this.observer.begin({ state, seenAt: null, boot: null });
  }

  actual(): Promise<HostState> {
    return stateIn(this.data, HOST);
  }

  /** Types a line into bash, in the folder below the mount; resolves with its exit status. */
  async type(line: string, folder = ''): Promise<number> {
    try {
      await run('bash', ['-c', line], { cwd: join(this.sys, folder) });
      return 0;
    } catch (error) {
      return (error as { readonly code?: number }).code ?? 1;
    }
  }

  /** `apledger lab WORDS...` on the host. */
  async lab(...words: string[]): Promise<void> {
    await apledger('lab', ...words, '--host', HOST, '--data', this.data);
  }

  /** Makes the processes of the guests that run: each has its mdevs open. `runsOn`: guests that run without any. */
  async fakeGuests(runsOn: ReadonlySet<string>): Promise<void> {
    const mdevs = [...(await this.actual()).mdevs.values()].filter(isOpen);
    const names = new Set([...mdevs.map(({ guest }) => guest ?? ''), ...runsOn]);
    for (const [name, pid] of this.#guests)
      if (!names.has(name)) {
        this.drop(`proc/${pid}`);
        this.#guests.delete(name);
      }
    for (const name of names) {
      const pid = this.#guests.get(name) ?? ++this.#pid;
      const own = mdevs.filter(({ guest }) => (guest ?? '') === name).map(({ uuid }) => uuid);
      if (!this.#guests.has(name)) {
        const args = name === '' ? [] : ['-name', `guest=${name.replaceAll(',', ',,')}`];
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

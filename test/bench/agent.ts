/**
 * The agent as it is installed, on a large host: what it takes while nothing happens and at each scan of the bus, and how long it is until a
 * change is a fact in the ledger. The host's files are plain ones; only the agent's own processor time is counted.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatApConfigFile, maskOf } from '@apledger/ap';
import { type Delivery, followFacts } from '@apledger/client';
import { evolve, HostState } from '@apledger/host';
import { put, writeSysfs } from '../support/sysfs-files.ts';
import { type Bench, type Context, sized } from './context.ts';
import { served } from './http-load.ts';
import { progress, quantile } from './measure.ts';
import { aim, type Row, range } from './table.ts';
import { largeHost, Walk } from './walk.ts';

const LEDGER = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const AGENT_DEB = new URL('../../infra/agent-deb.mjs', import.meta.url).pathname;
const TMPFS = '/dev/shm';
const HOST = 'large';
const IDLE_S = 60;
const SCANS = 10;
const CHANGES = 100;
const GUESTS = 30;
/** The kernel's clock in /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
const MATRIX = 'sys/devices/vfio_ap/matrix';

export const agent: Bench = async (context) => {
  // In memory, as sysfs is.
  const root = mkdtempSync(join(existsSync(TMPFS) ? TMPFS : tmpdir(), 'apledger-bench-'));
  progress('agent: its package, and the files of a host');
  const installed = installAgent(context.scratch);
  writeHost(root);
  const ledger = await served(LEDGER, '--data', join(context.scratch, 'ledger'), '--port', '0');
  const running = startAgent(installed, root, ledger.port);
  const heard = new Heard(ledger.port);
  try {
    await heard.next('ObservationIncomplete');
    return [...(await costs(context, root, running.pid)), ...(await latencies(context, root, heard))];
  } finally {
    heard.close();
    await running.end();
    await ledger.end();
    rmSync(root, { recursive: true, force: true });
  }
};

function writeHost(root: string): void {
  const walk = new Walk(largeHost('7.3'), 1);
  const state = new HostState();
  while (!walk.isOpened) for (const fact of walk.step().decision.facts) evolve(state, fact);
  writeSysfs(state, join(root, 'sys'));
  put(join(root, 'sys/kernel/uevent_seqnum'), '1000\n');
  put(join(root, 'proc/sys/kernel/osrelease'), '7.3.0\n');
  put(join(root, 'proc/sys/kernel/random/boot_id'), 'boot-1\n');
  put(join(root, 'proc/cmdline'), '\n');
  put(join(root, 'proc/stat'), 'btime 1000\n');
  for (const folder of ['etc', 'dev', 'run/lock', 'spool'])
    mkdirSync(join(root, folder), { recursive: true });
}

/** What its wrapper starts Node with. */
type Words = readonly string[];

/** Unpacks the package; it needs dpkg-deb. */
function installAgent(scratch: string): Words {
  const place = join(scratch, 'agent');
  mkdirSync(place);
  const deb = execFileSync(process.execPath, [AGENT_DEB, place], { encoding: 'utf8' }).trim();
  execFileSync('dpkg-deb', ['-x', deb, place]);
  const wrapper = readFileSync(join(place, 'usr/bin/apledger-agent'), 'utf8');
  const [, words = ''] = /^exec \/usr\/bin\/node (.*) "\$@"$/m.exec(wrapper) ?? [];
  return words.split(' ').map((word) => (word.startsWith('/') ? join(place, word) : word));
}

function startAgent(installed: Words, root: string, port: number) {
  const roots = ['sysfs', 'proc', 'etc', 'dev', 'run'].flatMap((name) => [
    `--${name}`,
    join(root, name === 'sysfs' ? 'sys' : name),
  ]);
  const where = ['--host', HOST, '--ledger', `http://127.0.0.1:${port}`, '--spool', join(root, 'spool')];
  const child = spawn(process.execPath, [...installed, ...where, ...roots], {
    stdio: ['ignore', 2, 2],
    // As its unit sets it.
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  });
  const exited = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    async end() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Facts as the ledger publishes them. */
class Heard {
  readonly #ended = new AbortController();
  readonly #facts: AsyncGenerator<Delivery, void, undefined>;

  constructor(port: number) {
    this.#facts = followFacts({ server: `http://127.0.0.1:${port}`, after: 0, signal: this.#ended.signal });
  }

  async next(type: string): Promise<void> {
    for (;;) {
      const { value, done } = await this.#facts.next();
      if (done === true) throw new Error('the ledger has ended');
      if ('fact' in value && value.fact.type === type) return;
    }
  }

  close(): void {
    this.#ended.abort();
  }
}

/** Processor time so far, milliseconds. */
function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

function memoryMb(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1]) / 1024;
}

async function costs(context: Context, root: string, pid: number): Promise<readonly Row[]> {
  const seconds = sized(context, IDLE_S);
  // Its start is another matter: code is compiled, and every file is read.
  await pause(10_000);
  progress(`agent: ${seconds} s in which nothing happens`);
  const before = processorMs(pid);
  await pause(seconds * 1000);
  const idle = (processorMs(pid) - before) / (seconds * 10);
  const scans = sized(context, SCANS);
  progress(`agent: ${scans} scans`);
  const beforeScans = processorMs(pid);
  for (let n = 1; n <= scans; n++) {
    writeFileSync(join(root, 'sys/bus/ap/scans'), `${100 + n}\n`);
    await pause(1500);
  }
  const scanMs = (processorMs(pid) - beforeScans) / scans - idle * 15;
  const withScans = idle + scanMs / 300;
  const [now, peak] = [memoryMb(pid, 'VmRSS'), memoryMb(pid, 'VmHWM')];
  const load = loadavg()[0] ?? 0;
  const busy = `load ${load.toFixed(1)}`;
  return [
    {
      bench: 'agent',
      what: '16 x 85 queues, 60 mdevs, nothing happens: processor time',
      value: `${idle.toFixed(2)} % of a core`,
      spread: busy,
      figures: { idlePercent: idle, load },
    },
    {
      bench: 'agent',
      what: 'the same with a scan of the bus every 30 s',
      value: `${withScans.toFixed(2)} % of a core`,
      ratio: `${scanMs.toFixed(0)} ms a scan`,
      ...aim('< 1 %', withScans, (percent) => percent < 1),
      figures: { withScansPercent: withScans, scanMs },
    },
    {
      bench: 'agent',
      what: 'resident memory',
      value: `${now.toFixed(0)} MB`,
      ratio: `${peak.toFixed(0)} MB at most`,
      ...aim('< 100 MB', now, (mb) => mb < 100),
      figures: { residentMb: now, peakMb: peak },
    },
  ];
}

async function latencies(context: Context, root: string, heard: Heard): Promise<readonly Row[]> {
  const uuid = readdirSync(join(root, MATRIX)).find((name) => /^[0-9a-f-]{36}$/.test(name)) ?? '';
  const apmask = join(root, 'sys/bus/ap/apmask');
  const bits = [...readFileSync(apmask, 'utf8').trim()];
  const apConfig = join(root, MATRIX, uuid, 'ap_config');
  const [adapters = '', domains = ''] = readFileSync(apConfig, 'utf8').trim().split(',');
  const changes: Record<string, (n: number) => void> = {
    // Adapter ff is not plugged: no queue moves.
    'a mask': (n) => writeFileSync(apmask, `${[...bits.slice(0, -1), n % 2 === 0 ? 'e' : 'f'].join('')}\n`),
    'an assignment': (n) => {
      const controlDomains = maskOf([n % 256]);
      const own = formatApConfigFile({ adapters: [], domains: [], controlDomains } as never)
        .trim()
        .split(',');
      writeFileSync(
        join(root, MATRIX, uuid, 'control_domains'),
        `${(n % 256).toString(16).padStart(4, '0')}\n`,
      );
      writeFileSync(apConfig, `${adapters},${domains},${own[2]}\n`);
    },
  };
  const count = sized(context, CHANGES);
  const rows: Row[] = [];
  for (const [what, change] of Object.entries(changes)) {
    const type = what === 'a mask' ? 'MaskChanged' : 'ControlDomainAssigned';
    progress(`agent: ${count} times ${what}`);
    const taken = await timed(count, change, () => heard.next(type));
    rows.push(latencyRow(`${what} until it is a fact in the ledger`, taken, 1000));
  }
  const guests = sized(context, GUESTS);
  progress(`agent: ${guests} times a guest`);
  const place = (n: number): string => join(root, 'proc', String(5000 + n));
  const started: number[] = [];
  const stopped: number[] = [];
  for (let n = 0; n < guests; n++) {
    started.push(
      ...(await timed(
        1,
        () => startGuest(root, uuid, place(n)),
        () => heard.next('GuestStarted'),
      )),
    );
    stopped.push(
      ...(await timed(
        1,
        () => rmSync(place(n), { recursive: true }),
        () => heard.next('GuestStopped'),
      )),
    );
  }
  return [
    ...rows,
    latencyRow("a guest's start until it is a fact in the ledger", started, 2000),
    latencyRow("a guest's stop until it is a fact in the ledger", stopped, 2000),
  ];
}

/** A process with QEMU's command line that has the mdev open, there at once with all its files. */
function startGuest(root: string, uuid: string, place: string): void {
  const device = `vfio-ap,sysfsdev=/sys/bus/mdev/devices/${uuid}`;
  const words = ['qemu-system-s390x', '-name', 'guest=web', '-device', device];
  const made = join(root, 'guest');
  put(join(made, 'cmdline'), `${words.join('\0')}\0`);
  put(join(made, 'stat'), `1 (qemu) S${' 0'.repeat(18)} 100 0\n`);
  mkdirSync(join(made, 'fd'));
  const group = basename(readlinkSync(join(root, MATRIX, uuid, 'iommu_group')));
  symlinkSync(`/dev/vfio/${group}`, join(made, 'fd/9'));
  renameSync(made, place);
}

/** Milliseconds that each took. */
async function timed(
  count: number,
  change: (n: number) => void,
  heard: () => Promise<void>,
): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < count; n++) {
    // Not always at the same moment between two looks.
    await pause(Math.random() * 1000);
    const at = performance.now();
    change(n);
    await heard();
    taken.push(performance.now() - at);
  }
  return taken;
}

function latencyRow(what: string, taken: readonly number[], mostMs: number): Row {
  const [p50Ms, p99Ms] = [quantile(taken, 0.5), quantile(taken, 0.99)];
  return {
    bench: 'agent',
    what,
    value: `${p50Ms.toFixed(0)} ms`,
    spread: range(taken),
    ratio: `p99 ${p99Ms.toFixed(0)} ms`,
    ...aim(`p99 < ${mostMs} ms`, p99Ms, (ms) => ms < mostMs),
    figures: { p50Ms, p99Ms },
  };
}

/**
 * `npm run bench [-- names...] [-- --quick] [-- --json]`: what the ledger does a second, beside what could be done and what others do.
 *
 * One table on stdout, progress on stderr; docs/benchmarks.md explains the figures. It ends with status 0 whatever they are: a figure is no
 * test, and a noisy machine no failure.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { errorText } from '@apledger/text';
import { access } from './access.ts';
import { agent } from './agent.ts';
import { append } from './append.ts';
import { consoleBench } from './console.ts';
import type { Bench, Context } from './context.ts';
import { decide } from './decide.ts';
import { estate } from './estate.ts';
import { evidence } from './evidence.ts';
import { Histories } from './history.ts';
import { http } from './http.ts';
import { jetStream } from './jetstream.ts';
import { kurrentDb } from './kurrentdb.ts';
import { large } from './large.ts';
import { progress } from './measure.ts';
import { messages } from './messages.ts';
import { mounts } from './mount.ts';
import { type Emmett, loadEmmett } from './peers.ts';
import { plan } from './plan.ts';
import { rebuild } from './rebuild.ts';
import { start } from './start.ts';
import { formatTable, type Row } from './table.ts';
import { timeTravel } from './time-travel.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  append,
  evidence,
  rebuild,
  'time-travel': timeTravel,
  start,
  decide,
  plan,
  messages,
  jetstream: jetStream,
  kurrentdb: kurrentDb,
  http,
  access,
  estate,
  large,
  mount: mounts,
  agent,
  console: consoleBench,
};

/** Not among all: each takes about as long as they do together. */
const ON_REQUEST: ReadonlySet<string> = new Set(['estate', 'large']);

/** Beside the checkout's own files: /tmp is often memory, where a sync costs nothing. */
const CACHE = resolve(import.meta.dirname, '../../.cache');

const USAGE = `npm run bench -- [${Object.keys(BENCHES).join('] [')}] [--quick] [--json]`;

interface Wanted {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly json: boolean;
}

/** What to run, `help`, or what is wrong with the arguments. */
function wanted(args: readonly string[]): Wanted | 'help' | { readonly wrong: string } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return 'help';
    const unknown = positionals.find((name) => !Object.hasOwn(BENCHES, name));
    if (unknown !== undefined) return { wrong: `no bench ${unknown}` };
    const names = Object.keys(BENCHES).filter((name) =>
      positionals.length === 0 ? !ON_REQUEST.has(name) : positionals.includes(name),
    );
    return { names, quick: values.quick ?? false, json: values.json ?? false };
  } catch (error) {
    return { wrong: errorText(error) };
  }
}

/** Names of file systems by the magic numbers that statfs(2) gives; Linux only. */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
  [0x6969, 'nfs'],
]);

interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  readonly platform: string;
  readonly sqlite: string;
  readonly fileSystem: string;
}

function machine(directory: string): Machine {
  const cores = cpus();
  const type = statfsSync(directory).type;
  return {
    cores: cores.length,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    sqlite: process.versions.sqlite ?? 'unknown',
    fileSystem: FILE_SYSTEMS.get(type) ?? `type 0x${type.toString(16)}`,
  };
}

const machineLine = ({ cores, cpu, memoryGb, node, platform, sqlite, fileSystem }: Machine): string =>
  `${cores} cores (${cpu}), ${memoryGb} GB, ${platform}, Node ${node}, SQLite ${sqlite}, ${fileSystem}`;

async function run({ names, quick, json }: Wanted, scratch: string): Promise<void> {
  let emmett: Promise<Emmett | { readonly reason: string }> | undefined;
  const context: Context = {
    quick,
    scratch,
    histories: new Histories(scratch),
    emmett: () => {
      emmett ??= loadEmmett();
      return emmett;
    },
  };
  const rows: Row[] = [];
  for (const name of names) rows.push(...((await BENCHES[name]?.(context)) ?? []));
  const found = machine(scratch);
  const peer = await emmett;
  const without = peer !== undefined && 'reason' in peer ? peer.reason : undefined;
  if (json) {
    const date = new Date().toISOString();
    console.log(
      JSON.stringify({ date, machine: found, quick, withoutEmmett: without ?? null, rows }, null, 2),
    );
    return;
  }
  console.log(machineLine(found));
  if (quick) console.log('--quick: a tenth of the sizes; do not compare these figures with others');
  if (without !== undefined) console.log(`without Emmett: ${without}`);
  console.log(`\n${formatTable(rows)}`);
}

const arguments_ = wanted(process.argv.slice(2));
if (arguments_ === 'help') console.log(`usage: ${USAGE}`);
else if ('wrong' in arguments_) {
  process.stderr.write(`bench: ${arguments_.wrong}\nusage: ${USAGE}\n`);
  process.exitCode = 2;
} else {
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'bench-'));
  const clear = (): void => rmSync(scratch, { recursive: true, force: true });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      clear();
      process.kill(process.pid, signal);
    });
  }
  const startedAt = performance.now();
  try {
    await run(arguments_, scratch);
  } finally {
    clear();
    progress(`done in ${Math.round((performance.now() - startedAt) / 1000)} s`);
  }
}

/**
 * `cat` and `echo >` a second on a mounted host, against the same on a bare FUSE file and on tmpfs: one file at the same depth in each.
 * The bare file costs what FUSE costs; what the host's file costs beyond it is the ledger's: of a read the state, of a write one
 * command, durable. Readers, writers and both servers are processes of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { errorText } from '@apledger/text';
import { type Bench, type Context, sized } from './context.ts';
import { type Contender, median, progress, ratio, runAlone, takeRounds } from './measure.ts';
import type { Io } from './mount-io.ts';
import { type Row, range, short, times } from './table.ts';

const ROUNDS = 5;
const COUNTS = { read: 10_000, write: 2000 } as const;
const FILE = 'bus/ap/apmask';
/** Each of them changes the mask. */
const TEXTS = ['-6\n', '+6\n'];
const APLEDGER = resolve(import.meta.dirname, '../../services/cli/bin/apledger.mjs');
const HOST = 'lab mount bench adapters=5,6 domains=4,0x47'.split(' ');
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const TMPFS = '/dev/shm';
const TMPFS_MAGIC = 0x01021994;

type Way = keyof typeof COUNTS;
const WHAT: Readonly<Record<Way, string>> = { read: 'open, read, close', write: 'open, write, close' };

const SYSFS = 'AP sysfs of a mounted host';
const BARE = 'bare FUSE file';
const MEMORY = 'tmpfs';
type Name = typeof SYSFS | typeof BARE | typeof MEMORY;

export const mounts: Bench = async (context) => {
  await using places = new AsyncDisposableStack();
  const paths = new Map<Name, string>();
  try {
    const bare = place();
    places.use(await served([join(import.meta.dirname, 'mount-bare.ts'), bare, FILE], bare));
    paths.set(BARE, join(bare, FILE));
  } catch (error) {
    progress(`nothing can be mounted here: ${errorText(error)}`);
    return [];
  }
  const host = place();
  const data = join(context.scratch, 'lab');
  places.use(await served([APLEDGER, ...HOST, '--at', host, '--data', data], host));
  paths.set(SYSFS, join(host, FILE));
  if (isTmpfs(TMPFS)) {
    const directory = mkdtempSync(join(TMPFS, 'apledger-bench-'));
    places.defer(() => rmSync(directory, { recursive: true }));
    mkdirSync(dirname(join(directory, FILE)), { recursive: true });
    writeFileSync(join(directory, FILE), TEXTS[0] ?? '');
    paths.set(MEMORY, join(directory, FILE));
  }
  return [...(await measured(context, 'read', paths)), ...(await measured(context, 'write', paths))];
};

async function measured(context: Context, way: Way, paths: ReadonlyMap<Name, string>): Promise<Row[]> {
  const contender = ([name, path]: [Name, string]): Contender<Name> => ({
    name,
    perSecond: async () => {
      const io: Io = { path, count: sized(context, COUNTS[way]), texts: TEXTS };
      return (await runAlone<number>('mount-io.ts', way, io)).result;
    },
  });
  const rounds = await takeRounds(ROUNDS, [...paths].map(contender), `mount, ${way}`);
  return [...paths.keys()].toSorted().map((name) => {
    const values = rounds.get(name) ?? [];
    const perSecond = median(values);
    const toBare = name === SYSFS ? ratio(rounds, name, BARE) : undefined;
    const toTmpfs = name === MEMORY ? undefined : ratio(rounds, name, MEMORY);
    const texts = [times(toBare, BARE), times(toTmpfs, MEMORY)].filter((text) => text !== undefined);
    return {
      bench: 'mount',
      what: `${name}, ${WHAT[way]}`,
      value: `${short(perSecond)}/s`,
      spread: range(values),
      ...(texts.length > 0 && { ratio: texts.join(', ') }),
      figures: {
        perSecond,
        ...(toBare !== undefined && { toBare }),
        ...(toTmpfs !== undefined && { toTmpfs }),
      },
    };
  });
}

/** Not in the bench's own folder, which is removed at once when somebody interrupts it. */
const place = (): string => mkdtempSync(join(tmpdir(), 'apledger-bench-'));

/** A program of Node that mounts at a directory, says a line when it has, and unmounts at SIGTERM. */
async function served(args: readonly string[], at: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const stop = (): void => void child.kill('SIGTERM');
  for (const signal of SIGNALS) process.prependOnceListener(signal, stop);
  const end = async (): Promise<void> => {
    stop();
    await exited;
    for (const signal of SIGNALS) process.off(signal, stop);
    rmdirSync(at);
  };
  const line = once(createInterface(child.stdout), 'line').then(() => true);
  if (await Promise.race([line, exited.then(() => false)])) return { [Symbol.asyncDispose]: end };
  await end();
  throw new Error(`${args.join(' ')} ended with status ${child.exitCode}`);
}

function isTmpfs(directory: string): boolean {
  try {
    return statfsSync(directory).type === TMPFS_MAGIC;
  } catch {
    return false;
  }
}

/**
 * `apledger lab mount HOST --over-sys -- COMMAND`: runs one command for which the host's tree lies over /sys.
 *
 * A process cannot leave its mount namespace and keep its threads, so this runs itself again below `unshare`; that
 * one mounts, and runs the command.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, type Output } from '@apledger/command-line';
import { errorText } from '@apledger/text';
import { type LabHostOptions, labDirectory, withLabHost } from './host.ts';
import { coverSys, keepPrivate } from './namespace.ts';

const PROGRAM = new URL('../../bin/apledger.mjs', import.meta.url).pathname;
/** Names the scratch directory to the process inside of the namespace. */
const INSIDE = 'APLEDGER_LAB_NAMESPACE';

/** Runs the command; resolves with its exit status, 128 + n when signal n ended it. Throws Failure. */
export function overSys(
  options: LabHostOptions,
  command: readonly string[],
  output: Output,
): Promise<number> {
  if (command.length === 0)
    throw new Failure(2, '--over-sys needs a command: lab mount HOST --over-sys -- bash');
  const scratch = process.env[INSIDE];
  return scratch === undefined ? outside() : inside(options, command, scratch, output);
}

/** The same command line again, in a namespace of its own. */
async function outside(): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'apledger-lab-'));
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-Urm'];
  const again = [process.execPath, ...process.execArgv, PROGRAM, ...process.argv.slice(2)];
  try {
    return await run(
      'unshare',
      [...flags, '--propagation', 'private', ...again],
      { ...process.env, [INSIDE]: scratch },
      'ipc',
    );
  } finally {
    rmdirSync(scratch); // what was in it was only ever there inside
  }
}

async function inside(
  options: LabHostOptions,
  [program = '', ...args]: readonly string[],
  scratch: string,
  output: Output,
): Promise<number> {
  delete process.env[INSIDE];
  // Who started this was killed, and nobody else would end it; the signal is handed on to the command.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
  await keepPrivate(scratch, scratch);
  return withLabHost(options, output, async (host) => {
    const tree = join(scratch, 'tree');
    const mounted = await host.mount(tree);
    await coverSys(tree, scratch);
    const directory = (name: string): string => {
      const kept = join(labDirectory(options), name);
      mkdirSync(kept, { recursive: true });
      return kept;
    };
    for (const scripts of ['callouts', 'notifiers']) directory(join('mdevctl.d/scripts.d', scripts));
    await keepPrivate('/etc/mdevctl.d', scratch, directory('mdevctl.d'));
    await keepPrivate('/run/lock', scratch);
    await keepPrivate('/etc/udev/rules.d', scratch, directory('udev-rules.d')); // chzdev writes 41-ap.rules
    try {
      return await run(program, args, { SYSTEMD_DEVICE_VERIFY_SYSFS: '0', ...process.env });
    } finally {
      await mounted.unmount();
    }
  });
}

/** Runs a program in our place: it has the terminal, and its end is ours. With `ipc` it hears of ours, too. */
async function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ...more: 'ipc'[]
): Promise<number> {
  const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', ...more], env });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  const leave = (): void => {}; // Ctrl-C reaches the whole foreground: it is the program's to answer
  process.on('SIGINT', leave).on('SIGTERM', forward).on('SIGHUP', forward);
  try {
    const [status, signal] = await once(child, 'exit');
    return signal === null ? status : 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  } catch (error) {
    throw new Failure(2, `${program}: ${errorText(error)}`);
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', forward).off('SIGHUP', forward);
  }
}

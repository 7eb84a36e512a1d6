/** A simulated host below /sys, in a private mount namespace, and one bash inside of it that tests type into. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog, type RecordedFact } from '@apledger/event-log';
import type { Generation } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { errorText } from '@apledger/text';
import { apledger, type Ended, inRepository } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { Shell, type Typed } from './shell.ts';

const PROGRAM = inRepository('services/cli/bin/apledger.mjs');

/** Why nothing can be mounted here; undefined when it can. */
function whyNoMount(): string | undefined {
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
  } catch (error) {
    return `no FUSE in this kernel, or not for this user: ${errorText(error)}`;
  }
  const flags = process.getuid?.() === 0 ? ['-m'] : ['-Urm'];
  const tried = spawnSync('unshare', [...flags, 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
    encoding: 'utf8',
  });
  return tried.status === 0
    ? undefined
    : `no right to mount: ${tried.stderr?.trim() || tried.error?.message}`;
}

/** Why tests with a mount cannot run here. */
export const noMount = whyNoMount();
if (noMount !== undefined) console.warn(`\n*** NOT TESTED: the lab: ${noMount} ***\n`);
/** For what a test starts: this Node, and first of all `bin`, on the PATH; messages in English. */
export const environment = (bin?: string): NodeJS.ProcessEnv => ({
  ...process.env,
  LC_ALL: 'C',
  PATH: [...(bin === undefined ? [] : [bin]), dirname(process.execPath), process.env.PATH].join(delimiter),
});

export interface LabOptions {
  /** As for `apledger lab mount`: `adapters=5,6`. */
  readonly settings: readonly string[];
  readonly driver?: Generation;
  /** Directory of programs that the bash finds before all others. */
  readonly bin?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One host that is mounted, and the bash inside. */
export class Lab {
  readonly host = 'zlp1';
  readonly data = scratch();
  readonly #shell: Shell;

  private constructor({ settings, driver, bin, env }: LabOptions) {
    const generation = driver === undefined ? [] : [`driver=${driver}`];
    const where = ['lab', 'mount', this.host, ...settings, ...generation, '--over-sys', '--data', this.data];
    const bash = spawn(process.execPath, [PROGRAM, ...where, '--', 'bash', '-s'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...environment(bin), ...env },
    });
    this.#shell = new Shell(bash);
  }

  /** Resolves when the bash answers. */
  static async start(options: LabOptions): Promise<Lab> {
    const lab = new Lab(options);
    await lab.type('true');
    return lab;
  }

  /** Types one command, and resolves when it has ended. */
  type(command: string): Promise<Typed> {
    return this.#shell.type(command);
  }

  /** The output of a command that has to succeed. */
  show(command: string): Promise<string> {
    return this.#shell.show(command);
  }

  /** `apledger ARGS...` on the same log, by another process: this one. */
  apledger(...args: string[]): Promise<Ended> {
    return apledger(...args, '--data', this.data);
  }

  /** The host as the log has it. */
  async state(): Promise<HostState> {
    return this.#read(async (log) => {
      const state = await new CommandHandler(log).state(this.host);
      if (state === undefined) throw new Error('the host is not in the log');
      return state;
    });
  }

  /** All facts so far. */
  facts(): Promise<readonly RecordedFact[]> {
    return this.#read(async (log) => {
      const facts: RecordedFact[] = [];
      for await (const fact of log.readAll()) facts.push(fact);
      return facts;
    });
  }

  async #read<T>(work: (log: Awaited<ReturnType<typeof openSqliteLog>>) => Promise<T>): Promise<T> {
    const log = await openSqliteLog({ directory: this.data, readOnly: true });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** Ends the bash, and with it the lab; resolves with its exit status. */
  end(): Promise<number | null> {
    return this.#shell.end();
  }
}

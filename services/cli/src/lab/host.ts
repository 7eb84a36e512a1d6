/** The simulated host that a lab shows: its log, its commands, and its tree as a mount. */

import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { Failure, line, type Output } from '@apledger/command-line';
import { makePrivateDirectory } from '@apledger/event-log';
import { type Mount, MountError, mount, removeStale } from '@apledger/fuse';
import { dataDirectory, type LogLedger, lastPosition, type Place } from '@apledger/ledger';
import type { Step } from '@apledger/script';
import { errorText } from '@apledger/text';
import { Interpreter } from '../interpreter.ts';
import { withLogLedger } from '../ledger.ts';
import { scanRegularly } from './bus-timer.ts';
import { LabFileSystem } from './file-system.ts';
import { stepOf } from './words.ts';

/** The founding document's cards and domains: enough to try everything that it shows. */
const DEFAULT_SETTINGS = ['adapters=5,6', 'domains=4,0x47,0xab,0xff'];

/** One host of a log, ready to be mounted. */
interface LabHost {
  readonly name: string;
  /** Mounts the tree at the directory, which is made when it is missing. Throws Failure. */
  mount(at: string): Promise<Mount>;
}

export interface LabHostOptions extends Place {
  readonly host: string;
  /** As for `host` in a script: `adapters=5,6`. They make the host; one that exists keeps its own. */
  readonly settings: readonly string[];
}

/** Where this lab keeps what is no part of the log: mount points, definitions of mdevctl. */
export const labDirectory = ({ host, ...place }: LabHostOptions): string =>
  join(dataDirectory(place), 'lab', host);

/** Opens the log, makes the host when it has none of that name, and hands it to `work`. Throws Failure or LogError. */
export async function withLabHost<T>(
  options: LabHostOptions,
  output: Output,
  work: (host: LabHost) => Promise<T>,
): Promise<T> {
  const asked = stepOf(['host', options.host, ...withDefaults(options.settings)]);
  return withLogLedger(options, output, async (ledger) => {
    await register(ledger, options, asked, output);
    const following = new AbortController();
    const { signal } = following;
    try {
      return await work({
        name: options.host,
        mount: (at) => mountHost({ ledger, host: options.host, at, output, signal }),
      });
    } finally {
      following.abort();
    }
  });
}

/** The settings, and what nobody said of cards and domains. */
const withDefaults = (settings: readonly string[]): readonly string[] => [
  ...DEFAULT_SETTINGS.filter((own) => !settings.some((given) => given.startsWith(own.replace(/=.*/, '=')))),
  ...settings,
];

/** Makes the host as asked, unless it is there already. Throws Failure. */
async function register(
  ledger: LogLedger,
  { host, settings }: LabHostOptions,
  asked: Step,
  output: Output,
): Promise<void> {
  const user = `${userInfo().username}@${hostname()}`;
  const interpreter = new Interpreter({ ledger, user, name: 'lab' });
  const found = await interpreter.run(stepOf(['host', host]));
  if (found.errno === null && settings.length > 0)
    throw new Failure(
      2,
      `host ${host} is in the log already, with settings of its own: leave yours away, or use lab hardware`,
    );
  if (found.errno === null) return;
  if (found.errno !== 'ENODEV') throw new Failure(2, found.message);
  const made = await interpreter.run(asked);
  if (made.errno !== null) throw new Failure(2, made.message);
  output.note(line(`apledger: made ${asked.source}`));
}

interface MountHostOptions {
  readonly ledger: LogLedger;
  readonly host: string;
  readonly at: string;
  readonly output: Output;
  /** Ends following the log. */
  readonly signal: AbortSignal;
}

async function mountHost({ ledger, host, at, output, signal }: MountHostOptions): Promise<Mount> {
  const report = (error: unknown): void => output.err(line(`apledger: ${host}: ${errorText(error)}`));
  let mounted: Mount | undefined;
  const files = new LabFileSystem({ handler: ledger.handler, host, gone: (path) => mounted?.gone(path) });
  await files.view();
  try {
    if (await removeStale(at, 'apledger'))
      output.note(line(`apledger: ${at}: a mount whose server had died was there; it was taken away`));
    makePrivateDirectory(at);
    mounted = await mount(files, { at, name: host, subtype: 'apledger', report });
  } catch (error) {
    if (error instanceof MountError) throw new Failure(2, error.message);
    throw error;
  }
  follow(files, ledger, host, signal).catch(report);
  scanRegularly({ handler: ledger.handler, host, signal }).catch(report);
  return mounted;
}

/** Shows what other processes do to the host when they do it: somebody may sleep until an mdev is gone. */
async function follow(
  files: LabFileSystem,
  ledger: LogLedger,
  host: string,
  signal: AbortSignal,
): Promise<void> {
  const after = await lastPosition(ledger);
  for await (const _ of ledger.follow({ after, host }, signal)) await files.view();
}

/** `apledger capture`: the AP state of this machine as a tar, for `apledger import`. */
import { writeFile } from 'node:fs/promises';
import { LSZCRYPT, packed } from '@apledger/capture';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { errorText } from '@apledger/text';
import { lszcryptText } from '../capture/lszcrypt.ts';
import { putAbout, takeWhole } from '../capture/whole.ts';

/** Of the tar's own layout. */
const FORMAT = 1;

interface CaptureOptions {
  readonly sysfs?: string | undefined;
  readonly etc: string;
  readonly proc: string;
  readonly guests: boolean;
  readonly unbounded: boolean;
  readonly output?: string | undefined;
}

/** Beside the files of another host, those of this one would say nothing. */
const isHere = ({ sysfs, etc, proc }: CaptureOptions): boolean =>
  sysfs === undefined && etc === '/etc' && proc === '/proc';

export async function capture(options: CaptureOptions, output: Output): Promise<number> {
  if (options.output === undefined && process.stdout.isTTY)
    throw new Failure(2, 'capture writes a tar: send it to a file, apledger capture > host.tar');
  const sys = options.sysfs ?? '/sys';
  const collector = takeWhole(
    { ...options, sys, ...(isHere(options) && { run: '/run', boot: '/boot' }) },
    options,
  );
  // lszcrypt reads the /sys of this machine, whatever was asked for.
  const listing = options.sysfs === undefined ? lszcryptText() : undefined;
  if (listing !== undefined) collector.put(LSZCRYPT, listing);
  const time = new Date();
  putAbout(collector, { format: FORMAT, capturedAt: time.toISOString() });
  for (const { where, what } of collector.problems) output.err(line(`capture: ${where}: ${what}`));
  await write(await packed(collector.files, time), options.output);
  return 0;
}

async function write(tar: Uint8Array, path: string | undefined): Promise<void> {
  if (path === undefined) {
    await new Promise<void>((resolve) => process.stdout.write(tar, () => resolve()));
    return;
  }
  try {
    await writeFile(path, tar, { flag: 'wx' });
  } catch (error) {
    throw new Failure(2, `${path}: ${errorText(error)}`);
  }
}

export const captureCommand = command({
  name: 'capture',
  summary: 'write the AP state of this machine as a tar, for import; needs no root',
  options: {
    output: {
      type: 'string',
      short: 'o',
      value: 'file',
      description: 'a new file (default: standard output)',
    },
    guests: { type: 'boolean', description: 'also the names of guests that run with an mdev' },
    unbounded: {
      type: 'boolean',
      description:
        'read matrix and guest_matrix also where no ap_config bounds them: safe while no mdev has more than 511 queues',
    },
    sysfs: {
      type: 'string',
      value: 'dir',
      description: 'read this instead of /sys, and do not run lszcrypt',
    },
    etc: { type: 'string', value: 'dir', description: 'read this instead of /etc', default: '/etc' },
    proc: { type: 'string', value: 'dir', description: 'read this instead of /proc', default: '/proc' },
  },
  examples: ['apledger capture > host.tar', 'apledger capture --guests -o host.tar'],
  run: (options, { output }) => capture(options, output),
});

/** What is mounted where, and taking it away. */
import { readFile, realpath, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { start } from './program.ts';

export interface Mounted {
  /** Absolute, without links. */
  readonly at: string;
  /** Its type, 'fuse.apledger' for instance. */
  readonly type: string;
  /** Its source: the name it was mounted under. */
  readonly name: string;
  /** The file system's device number, 'MAJOR:MINOR'. */
  readonly device: string;
}

/** Why something could not be mounted or unmounted. */
export class MountError extends Error {}

/** The type of a mount with this subtype, as the mount table shows it. */
export const typeOf = (subtype: string | undefined): string =>
  subtype === undefined ? 'fuse' : `fuse.${subtype}`;

/** What is mounted at a place, the topmost of several. Nothing is asked of the mounted file system, so that a dead one does no harm. */
export async function findMount(at: string): Promise<Mounted | undefined> {
  const place = await placeOf(at);
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table
    .split('\n')
    .map(parseMountLine)
    .findLast((mounted) => mounted?.at === place);
}

/** Whether its server has gone without unmounting it: everything in there is answered ENOTCONN. */
export async function isDead({ at }: Mounted): Promise<boolean> {
  try {
    await statfs(at); // always asks the server, unlike stat
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTCONN' || code === 'ECONNABORTED') return true;
    throw error;
  }
}

/**
 * Unmounts what a dead server of this subtype left at a place: true if there was something.
 * @throws MountError when it cannot be unmounted
 */
export async function removeStale(at: string, subtype?: string): Promise<boolean> {
  let isRemoved = false;
  for (;;) {
    const mounted = await findMount(at);
    if (mounted?.type !== typeOf(subtype) || !(await isDead(mounted))) return isRemoved;
    await detach(mounted.at);
    isRemoved = true;
  }
}

/** Takes the topmost mount away from a place at once; who is still in there keeps it for himself. */
async function detach(at: string): Promise<void> {
  const { status, said } = await start('umount', ['-i', '-l', '--', at]).ended;
  if (status !== 0) throw new MountError(`cannot unmount ${at}: ${said}`);
}

/** 36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw (proc(5)) */
function parseMountLine(line: string): Mounted | undefined {
  const [before = '', after = ''] = line.split(' - ');
  const [, , device, , at] = before.split(' ');
  const [type, name] = after.split(' ');
  if (device === undefined || at === undefined || type === undefined || name === undefined) return undefined;
  return { at: decodeOctal(at), type, name: decodeOctal(name), device };
}

/** Blanks, tabs, newlines and backslashes are octal there; other bytes are as they are. */
const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The path without links; the last name stays as it is where it cannot be asked (a dead mount), the whole where there is none. */
async function placeOf(at: string): Promise<string> {
  const path = resolve(at);
  return realpath(path)
    .catch(async () => join(await realpath(dirname(path)), basename(path)))
    .catch(() => path);
}

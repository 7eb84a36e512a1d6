/**
 * A private mount namespace in which a tree lies over /sys: what `unshare -m` has made, filled from inside.
 *
 * Nothing can be made in a real sysfs, so /sys becomes a small tmpfs that has the real one's entries as binds, and
 * the tree's folders beside them. All of it ends with the namespace.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '@apledger/command-line';
import { errorText } from '@apledger/text';

/** Folders of a host's tree. Each stays for as long as the host does: mounts on what goes would go with it. */
const COVERED = [
  'bus/ap',
  'bus/matrix',
  'bus/mdev',
  'class/mdev_bus',
  'devices/ap',
  'devices/vfio_ap',
  'kernel/iommu_groups',
  'module/ap',
  'module/vfio_ap',
];

/** Counts uevents of this machine, by which programs tell whether a host has changed; the lab's sends none. */
const HIDDEN = 'kernel/uevent_seqnum';

/** Lays the folders of the tree over /sys. `scratch` is an empty directory. Throws Failure. */
export async function coverSys(tree: string, scratch: string): Promise<void> {
  const skeleton = join(scratch, 'sys');
  mkdirSync(skeleton);
  await mountWith('-t', 'tmpfs', '-o', 'mode=755', 'apledger', skeleton);
  const binds = [...copyOf('', skeleton), ...COVERED.map((path) => [join(tree, path), join(skeleton, path)])];
  for (const path of COVERED) mkdirSync(join(skeleton, path), { recursive: true });
  const table = join(scratch, 'fstab');
  writeFileSync(table, binds.map((bind) => `${bind.map(escaped).join(' ')} none rbind 0 0\n`).join(''));
  await mountWith('--fstab', table, '--all');
  await mountWith('--rbind', skeleton, '/sys');
  await mountWith('-o', 'remount,bind,ro', '/sys');
}

/** What to bind so that the skeleton has a folder of the real /sys; the places for it are made. */
function copyOf(folder: string, skeleton: string): string[][] {
  return readdirSync(join('/sys', folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const [real, place] = [join('/sys', path), join(skeleton, path)];
    if (COVERED.includes(path) || path === HIDDEN) return [];
    if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(real), place);
      return [];
    }
    if (!entry.isDirectory()) writeFileSync(place, '');
    else mkdirSync(place);
    return COVERED.some((covered) => covered.startsWith(`${path}/`))
      ? copyOf(path, skeleton)
      : [[real, place]];
  });
}

/** As fstab(5) spells blanks. */
const escaped = (path: string): string =>
  path.replace(/[\s\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** Puts `source`, or an empty tmpfs, at a path that keeps what it had outside of this namespace. Throws Failure. */
export async function keepPrivate(path: string, scratch: string, source?: string): Promise<void> {
  if (!existsSync(path)) await makePrivately(path, scratch);
  if (source === undefined) await mountWith('-t', 'tmpfs', '-o', 'mode=1777', 'apledger', path);
  else await mountWith('--bind', source, path);
}

/** Makes a directory that this machine lacks, for this namespace only: its parent gets an overlay. */
async function makePrivately(path: string, scratch: string): Promise<void> {
  let existing = dirname(path);
  while (!existsSync(existing)) existing = dirname(existing);
  const layer = join(scratch, existing.replaceAll('/', '-'));
  if (!existsSync(layer)) await overlay(existing, layer);
  mkdirSync(path, { recursive: true });
}

async function overlay(directory: string, layer: string): Promise<void> {
  mkdirSync(layer);
  await mountWith('-t', 'tmpfs', 'apledger', layer);
  const [upper, work] = [join(layer, 'upper'), join(layer, 'work')];
  mkdirSync(upper);
  mkdirSync(work);
  const layers = `lowerdir=${directory},upperdir=${upper},workdir=${work}`;
  await mountWith('-t', 'overlay', '-o', layers, 'apledger', directory);
}

/** Never synchronous: this process serves the tree that mount(8) looks at. */
async function mountWith(...args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('mount', args);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new Failure(2, said || `mount: ${errorText(error)}`);
  }
}

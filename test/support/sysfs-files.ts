/** A simulated host's /sys as plain files in a directory: what a reader sees of it, without a mount and without a driver behind it. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostState } from '@apledger/host';
import { nodeAt } from '@apledger/sysfs';

/** A file and the folders that it needs. */
export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Writes the tree below `path`, by default all of it, at the same place below `root`. */
export function writeSysfs(state: HostState, root: string, path = ''): void {
  const node = nodeAt(state, path);
  const place = join(root, path);
  if (node?.kind === 'directory') {
    mkdirSync(place, { recursive: true });
    for (const name of node.list()) writeSysfs(state, root, path === '' ? name : `${path}/${name}`);
  } else if (node?.kind === 'link') {
    symlinkSync(node.target, place);
  } else if (node !== undefined) {
    const content = node.read();
    // Files that only take writes, and those that answer with an errno, give a reader nothing.
    if (typeof content === 'string') writeFileSync(place, content);
  }
}

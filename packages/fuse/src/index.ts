/**
 * A tree of paths in, a mounted file system out: the kernel's FUSE protocol in TypeScript, without libfuse, native code or any package.
 *
 *     const tree = new Map<string, Node>([['', { kind: 'directory', list: () => ['hello'] }], ['hello', hello]]);
 *     const mounted = await mount({ view: () => ({ node: (path) => tree.get(path) }) }, { at: '/mnt', name: 'greetings' });
 *
 * It behaves like sysfs: a file is an attribute, a read is a snapshot, one write is one store whose errno reaches the caller, nothing is
 * created, removed or renamed through the mount, and what is gone is gone at once. Who shows the tree decides what is in it, and may take
 * his time. Linux only; needs mount(8) and /dev/fuse.
 */
export type { Caller, Directory, Failed, File, FileSystem, Link, Node, View } from './file-system.ts';
export { type Mount, type MountOptions, mount } from './mount.ts';
export { MountError, type Mounted, removeStale } from './mount-table.ts';

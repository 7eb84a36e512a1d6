/**
 * The AP sysfs of one host, as a tree of attributes.
 *
 * Given a host's state and a path below /sys, `nodeAt` says what lies there: a directory that can be listed, a
 * link, or an attribute with its mode, its content, and the command that a write to it asks for. Nothing here
 * keeps a state or does I/O: anyone who shows the tree to programs (a script runner, a file system) submits the
 * command and asks again. Reading a number or a mask is a driver rule, so writes carry their text as it is.
 * Nodes are made when they are asked for: a lookup costs the length of its path, not the size of the host.
 */
export type { Attribute, Directory, Failed, Link, Node } from './node.ts';
export { queueStatus } from './queues.ts';
export { nodeAt, pathInSys, resolvePath } from './tree.ts';

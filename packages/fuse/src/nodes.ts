/**
 * The kernel's names for nodes: a number for each path that it knows, kept as long as it says so.
 *
 * A number stands for one thing for ever. What is gone keeps its number until the kernel forgets it, and what comes to its place gets
 * another.
 */
import { createHash } from 'node:crypto';
import { ROOT_ID } from './codec/protocol.ts';
import type { Node } from './file-system.ts';

export interface Known {
  readonly id: number;
  readonly path: string;
  readonly kind: Node['kind'];
  /** Permission bits when it was last looked up. */
  readonly mode: number;
  readonly ino: number;
  readonly isGone: boolean;
}

interface Counted extends Known {
  mode: number;
  isGone: boolean;
  /** Names for it that the kernel was given and has not given back. */
  lookups: number;
}

export class Nodes {
  readonly #byId = new Map<number, Counted>();
  /** Those that are not gone. */
  readonly #byPath = new Map<string, Counted>();
  #lastId = ROOT_ID;

  /** The root is never forgotten. */
  constructor(rootMode: number) {
    this.#add({
      id: ROOT_ID,
      path: '',
      kind: 'directory',
      mode: rootMode,
      ino: ROOT_ID,
      isGone: false,
      lookups: 1,
    });
  }

  /** What the kernel means by a number; undefined for one that it was not given. */
  known(id: number): Known | undefined {
    return this.#byId.get(id);
  }

  /** The node at a path, for which the kernel is given one more name. */
  lookedUp(path: string, kind: Node['kind'], mode: number): Known {
    let node = this.#byPath.get(path);
    if (node !== undefined && node.kind !== kind) {
      this.gone(path); // the kernel does not take another type for the same node
      node = undefined;
    }
    if (node === undefined) {
      node = { id: ++this.#lastId, path, kind, mode, ino: inodeNumber(path), isGone: false, lookups: 0 };
      this.#add(node);
    }
    node.mode = mode;
    node.lookups++;
    return node;
  }

  /** The kernel gives names back. */
  forget(id: number, lookups: number): void {
    const node = this.#byId.get(id);
    if (node === undefined || id === ROOT_ID) return;
    node.lookups -= lookups;
    if (node.lookups > 0) return;
    this.#byId.delete(id);
    if (!node.isGone) this.#byPath.delete(node.path);
  }

  /** What lay at the path and below it does not come back. The root stays. */
  gone(path: string): void {
    for (const node of this.#byPath.values()) {
      if (node.id === ROOT_ID || !(node.path === path || isBelow(node.path, path))) continue;
      node.isGone = true;
      this.#byPath.delete(node.path);
    }
  }

  /** How many the kernel knows. */
  get size(): number {
    return this.#byId.size;
  }

  #add(node: Counted): void {
    this.#byId.set(node.id, node);
    this.#byPath.set(node.path, node);
  }
}

const isBelow = (path: string, directory: string): boolean =>
  directory === '' || path.startsWith(`${directory}/`);

/** The path of an entry. */
export const childOf = (directory: string, name: string): string =>
  directory === '' ? name : `${directory}/${name}`;

/**
 * The inode number of a path, the same for a listing, for stat, and after the kernel forgot the node. 48 bits of a hash: with 10,000 paths,
 * two share one in one of five million trees.
 */
export const inodeNumber = (path: string): number =>
  path === '' ? ROOT_ID : createHash('sha1').update(path).digest().readUIntBE(0, 6);

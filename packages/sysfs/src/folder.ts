/** How the tree is written down: attributes by mode, folders by their entries, everything made when it is asked for. */
import type { Command } from '@apledger/events';
import { MAX_WRITE } from '@apledger/events';
import type { Attribute, Directory, Failed, Link, Node } from './node.ts';

/** A directory that can also find its entries. */
export interface Folder extends Directory {
  entry(name: string): Node | Folder | undefined;
}

type Entry = Node | Folder;

/** Entries whose names depend on the host: devices, mdevs. */
export interface Group {
  names(): Iterable<string>;
  entry(name: string): Entry | undefined;
}

/** A folder of entries with fixed names (undefined = not here) and of groups. */
export function folder(
  fixed: Readonly<Record<string, (() => Entry) | undefined>>,
  ...groups: readonly Group[]
): Folder {
  return {
    kind: 'directory',
    list() {
      const names = Object.keys(fixed).filter((name) => fixed[name] !== undefined);
      return [...names, ...groups.flatMap((group) => [...group.names()])].sort();
    },
    entry(name) {
      if (Object.hasOwn(fixed, name)) return fixed[name]?.();
      for (const group of groups) {
        const entry = group.entry(name);
        if (entry !== undefined) return entry;
      }
      return undefined;
    },
  };
}

export const link = (target: string): Link => ({ kind: 'link', target });

const denied = (access: string): Failed => ({
  errno: 'EACCES',
  explanation: `the file cannot be ${access}, not even by root`,
});

/**
 * A file shows at most a page less one byte (driver-rules 5.1). 7.3 stops there by itself. 6.12 and 2019-v2 write
 * past the page, which the kernel then reports as a page less one byte, so that readers see the same text.
 */
const MAX_READ = 4095;

type Read = () => string | Failed;
/** The command that a text asks for, or why it is refused; undefined = accepted without effect (tree.ts makes a command of it). */
type Write = (text: string) => Command | Failed | undefined;

const attribute = (mode: number, read: Read | undefined, write: Write | undefined): Attribute => ({
  kind: 'attribute',
  mode,
  read() {
    const content = read === undefined ? denied('read') : read();
    return typeof content === 'string' ? content.slice(0, MAX_READ) : content;
  },
  write(text) {
    if (write === undefined) return denied('written');
    // A write of no bytes does not reach the attribute, and of a long one only the first page does (driver-rules 1).
    const wanted = text === '' ? undefined : write(text.slice(0, MAX_WRITE));
    return wanted === undefined || 'errno' in wanted ? wanted : { command: wanted };
  },
});

/** 0444 unless said otherwise. */
export const readable = (read: Read, mode = 0o444): Attribute => attribute(mode, read, undefined);
/** 0200. */
export const writable = (write: Write): Attribute => attribute(0o200, undefined, write);
/** 0644. */
export const changeable = (read: Read, write: Write): Attribute => attribute(0o644, read, write);
/** A file that always says the same. */
export const constant = (text: string): Attribute => readable(() => text);
/** 0644, of which only the content matters here: a write is recorded, and nothing follows. */
export const settable = (text: string): Attribute =>
  changeable(
    () => text,
    () => undefined,
  );

/**
 * The `uevent` file of a device: the properties that udev and libvirt read. A write would send the event once more
 * to listeners, of which a simulated host has none.
 */
export const deviceUevent = (...properties: readonly string[]): Attribute =>
  settable(properties.map((property) => `${property}\n`).join(''));
/** 0200, and nothing follows of a write here: the `uevent` file of a bus or a driver. */
export const silent = (): Attribute => writable(() => undefined);

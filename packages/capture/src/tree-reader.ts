/** Single files and folders of a captured sysfs, and what is wrong with them. */
import type { CapturedFiles } from './archive.ts';
import type { Problem } from './observed.ts';

export const BUS = 'sys/bus/ap';
export const DEVICES = 'sys/devices/ap';
export const MDEVS = 'sys/devices/vfio_ap/matrix';

/** Reads single files, and keeps what is wrong with them. */
export class TreeReader {
  readonly problems: Problem[] = [];
  readonly #files: CapturedFiles;
  readonly #children = new Map<string, Set<string>>();

  constructor(files: CapturedFiles) {
    this.#files = files;
    for (const path of files.keys())
      for (let at = path.lastIndexOf('/'), rest = path; at > 0; at = rest.lastIndexOf('/')) {
        const parent = rest.slice(0, at);
        const known = this.#children.get(parent);
        const name = rest.slice(at + 1);
        if (known === undefined) this.#children.set(parent, new Set([name]));
        else if (known.has(name)) break;
        else known.add(name);
        rest = parent;
      }
  }

  has(path: string): boolean {
    return this.#files.has(path) || this.#children.has(path);
  }

  /** The names below a folder, sorted. */
  names(path: string): string[] {
    return [...(this.#children.get(path) ?? [])].sort();
  }

  text(path: string): string | undefined {
    const file = this.#files.get(path);
    return file !== undefined && 'text' in file ? file.text : undefined;
  }

  /** The last name of a link's target; undefined when there is no link. */
  linkName(path: string): string | undefined {
    const file = this.#files.get(path);
    return file !== undefined && 'target' in file ? file.target.split('/').at(-1) : undefined;
  }

  /** The value in a file; undefined, and a problem, when it is none; undefined when the file is not there. */
  value<T>(path: string, read: (text: string) => T | undefined): T | undefined {
    const text = this.text(path);
    if (text === undefined) return undefined;
    const value = read(text);
    if (value === undefined)
      this.problems.push({
        where: path,
        what: `not understood: ${JSON.stringify(text.trim().slice(0, 80))}`,
      });
    return value;
  }
}

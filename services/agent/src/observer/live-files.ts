/**
 * Single files of the live host. Descriptors of files that are read every second are kept: the kernel makes the content anew at each
 * read, in a sixth of the time. A descriptor that fails belongs to a device that is gone; perhaps another one has its name now.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '@apledger/capture';
import { ABSENT } from '@apledger/capture/collect';
import { errorCode } from '@apledger/text';
import type { Roots } from '../roots.ts';

/** Longer than any file that is read. */
const MAX_BYTES = 256 * 1024;
const buffer = Buffer.alloc(MAX_BYTES);
const KEPT = /^sys\/(?:bus\/ap\/[a-z_]+|devices\/vfio_ap\/matrix\/[0-9a-f-]{36}\/[a-z_]+)$/;
const DEVICE = /^sys\/devices\/ap\//;

export class LiveFiles {
  readonly #roots: Roots;
  readonly #kept = new Map<string, number>();
  /** Told the file that is about to be read: the kernel may take its time. */
  readonly #reading: (path: string) => void;
  problems: Problem[] = [];
  /** Files whose device went away and came back. */
  readonly renewed = new Set<string>();

  constructor(roots: Roots, reading: (path: string) => void) {
    this.#roots = roots;
    this.#reading = reading;
  }

  /** `path` begins with the name of a root: `sys/bus/ap/apmask`. Undefined when there is none, or it cannot be read. */
  text(path: string): string | undefined {
    this.#reading(path);
    const kept = this.#kept.get(path);
    if (kept === undefined) return this.#tried(path, () => this.#open(path));
    try {
      return whole(kept);
    } catch {
      closeSync(kept);
      this.#kept.delete(path);
      const text = this.#tried(path, () => this.#open(path));
      if (text !== undefined) this.renewed.add(path);
      return text;
    }
  }

  link(path: string): string | undefined {
    return this.#tried(path, () => readlinkSync(this.#real(path)));
  }

  names(path: string): readonly string[] {
    return this.#tried(path, () => readdirSync(this.#real(path))) ?? [];
  }

  /** The names in a folder; the errno where it cannot be listed. */
  list(path: string): readonly string[] | { readonly code: string } {
    try {
      return readdirSync(this.#real(path));
    } catch (error) {
      return { code: errorCode(error) ?? String(error) };
    }
  }

  close(): void {
    for (const fd of this.#kept.values()) closeSync(fd);
    this.#kept.clear();
  }

  #open(path: string): string {
    // A pipe that somebody has put there must not make us wait.
    const fd = openSync(this.#real(path), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Attributes of devices are made by the kernel, and a host has ten thousand of them.
      if (!DEVICE.test(path) && !fstatSync(fd).isFile()) throw new Error('it is no file');
      const text = whole(fd);
      if (KEPT.test(path)) this.#kept.set(path, fd);
      return text;
    } finally {
      if (this.#kept.get(path) !== fd) closeSync(fd);
    }
  }

  #real(path: string): string {
    const [root = '', ...rest] = path.split('/');
    return join(
      root === 'sys' ? this.#roots.sysfs : (this.#roots[root as keyof Roots] ?? '/nowhere'),
      ...rest,
    );
  }

  #tried<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = errorCode(error) ?? String(error);
      if (!ABSENT.has(code)) this.problems.push({ where: path, what: `cannot be read: ${code}` });
      return undefined;
    }
  }
}

/** Files of sysfs are read in one piece; those of /proc may come in several. */
function whole(fd: number): string {
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, MAX_BYTES - length, length);
    length += count;
    if (count === 0 || length < 4096) return buffer.toString('utf8', 0, length);
    if (length >= MAX_BYTES) throw new Error(`longer than ${MAX_BYTES} bytes`);
  }
}

/** Reads the files of a capture: everything below one root, nothing followed, nothing written. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@apledger/text';
import { type CapturedFile, type CapturedFiles, MAX_FILE_BYTES } from './archive.ts';
import type { FileSource } from './boot-files.ts';
import type { Problem } from './observed.ts';

/** Where /sys, /etc and the others are: tests have their own. What is not named is not there. */
export interface Roots {
  readonly sys: string;
  readonly etc: string;
  readonly proc: string;
  readonly run?: string | undefined;
  readonly boot?: string | undefined;
}

/** Codes of files that are not there, which is no problem: kernels differ in the files that they have. */
export const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENODEV', 'ESRCH']);

export class Collector implements FileSource {
  readonly problems: Problem[] = [];
  readonly #roots: Roots;
  readonly #files = new Map<string, CapturedFile>();

  constructor(roots: Roots) {
    this.#roots = roots;
  }

  get files(): CapturedFiles {
    return this.#files;
  }

  /** Puts a text of our own there. */
  put(path: string, text: string): void {
    this.#files.set(path, { text });
  }

  /** Takes the file in, and gives its text; undefined when it is not there or cannot be read. */
  take(path: string): string | undefined {
    const text = this.read(path);
    if (text !== undefined) this.put(path, text);
    return text;
  }

  /** The text of a file that is not taken in. */
  read(path: string): string | undefined {
    return this.#tried(path, () => {
      // A pipe that somebody has put there must not make us wait.
      const fd = openSync(this.#real(path), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        if (!fstatSync(fd).isFile()) throw new Error('it is no file');
        return readWhole(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Takes a link in as a link. */
  takeLink(path: string): void {
    const target = this.#tried(path, () => readlinkSync(this.#real(path)));
    if (target !== undefined) this.#files.set(path, { target });
  }

  /** The names in a folder, sorted; none when it is not there. */
  names(path: string): readonly string[] {
    return this.#tried(path, () => readdirSync(this.#real(path)).sort()) ?? [];
  }

  changedAt(path: string): Date | undefined {
    return this.#tried(path, () => statSync(this.#real(path)).mtime);
  }

  problem(where: string, what: string): void {
    this.problems.push({ where, what });
  }

  #real(path: string): string {
    const [name = '', ...rest] = path.split('/');
    const root = this.#roots[name as keyof Roots];
    if (root === undefined) throw Object.assign(new Error(`${path} is not there`), { code: 'ENOENT' });
    return join(root, ...rest);
  }

  #tried<T>(path: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = errorCode(error) ?? String(error);
      if (!ABSENT.has(code)) this.problem(path, `cannot be read: ${code}`);
      return undefined;
    }
  }
}

/** One for all files: a host has ten thousand of them. */
const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);

/** At most as much as a capture may hold. Files of sysfs and proc do not know their size before. */
function readWhole(fd: number): string {
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.toString('utf8', 0, length);
    length += count;
    if (length > MAX_FILE_BYTES) throw new Error(`longer than ${MAX_FILE_BYTES} bytes`);
  }
}

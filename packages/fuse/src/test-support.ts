/**
 * Real mounts for tests, used by other processes: this one must never touch its own mount by a synchronous call, nor start a program whose
 * directory lies in it.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { File, FileSystem, Node, View } from './file-system.ts';
import { type Mount, type MountOptions, mount } from './mount.ts';

const CAP_SYS_ADMIN = 1n << 21n;

/** Why nothing can be mounted here; undefined where it can. */
export const cannotMount: string | undefined = (() => {
  if (!existsSync('/dev/fuse')) return 'this kernel has no FUSE';
  const [, effective = '0'] = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return BigInt(`0x${effective}`) & CAP_SYS_ADMIN
    ? undefined
    : 'mounting needs root, or a user namespace: unshare -Urm npx vitest run packages/fuse';
})();

/** Whether this is root with users beside it: a user namespace of `unshare -Ur` knows nobody else. */
export const hasOtherUsers: boolean =
  process.getuid?.() === 0 && /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'));

/** The title of tests that mount; where nothing can be mounted, with the reason, which it also says on stderr. */
export function mounting(title: string): string {
  if (cannotMount === undefined) return title;
  process.stderr.write(`SKIPPED: ${title}: ${cannotMount}\n`);
  return `${title} (SKIPPED: ${cannotMount})`;
}

/** Files and links by their paths; the directories are what lies between. It can be changed; views of it do not. */
export class Tree implements FileSystem {
  #nodes: ReadonlyMap<string, Node> = new Map();

  constructor(nodes: Readonly<Record<string, Node>> = {}) {
    this.change(nodes);
  }

  /** Puts nodes there, or removes them. */
  change(nodes: Readonly<Record<string, Node | undefined>>): void {
    const changed = new Map(this.#nodes);
    for (const [path, node] of Object.entries(nodes)) {
      if (node === undefined) changed.delete(path);
      else changed.set(path, node);
    }
    this.#nodes = changed;
  }

  view(): View {
    const nodes = this.#nodes;
    return { node: (path) => nodes.get(path) ?? directory([...nodes.keys()], path) };
  }
}

function directory(paths: readonly string[], path: string): Node | undefined {
  const prefix = path === '' ? '' : `${path}/`;
  const below = paths.filter((one) => one.startsWith(prefix));
  if (path !== '' && below.length === 0) return undefined;
  const names = new Set(below.map((one) => one.slice(prefix.length).split('/')[0] ?? ''));
  return { kind: 'directory', list: () => [...names] };
}

/** A file that holds what it is given. */
export function value(content: string, over: Partial<File> = {}): File {
  let now: Uint8Array = Buffer.from(content);
  return {
    kind: 'file',
    mode: 0o644,
    read: () => now,
    write: (data) => {
      now = data;
      return undefined;
    },
    ...over,
  };
}

/** A fresh directory, removed after the test. */
export function place(): string {
  const at = mkdtempSync(join(tmpdir(), 'fuse-test-'));
  onTestFinished(() => rmdirSync(at));
  return at;
}

/** A mount for the length of a test, and what it reported. */
export async function mounted(
  fs: FileSystem,
  options: Partial<MountOptions> = {},
): Promise<Mount & { readonly reports: readonly string[] }> {
  const at = options.at ?? place();
  const reports: string[] = [];
  const report = (error: Error): void => void reports.push(error.message);
  const made = await mount(fs, { name: 'tree', subtype: 'test', report, ...options, at });
  onTestFinished(() => made.unmount());
  return { ...made, reports };
}

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A program under way. */
export class Running {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly pid: number;
  /** When it has ended, with what it wrote to stderr. */
  readonly ended: Promise<Omit<Ran, 'out'>>;

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // cwd: see above.
    this.#child = spawn(program, args, {
      cwd: '/',
      env: { ...process.env, LC_ALL: 'C', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    let err = '';
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    this.#child.stdin.on('error', () => undefined); // it has ended before it read all
    this.ended = once(this.#child, 'close').then(([status, signal]) => ({ status, signal, err }));
  }

  /** Its next line of output. @throws Error when it ended instead, with what it said */
  async line(): Promise<string> {
    const { done, value: line } = await this.#lines.next();
    if (done) throw new Error(`ended: ${(await this.ended).err}`);
    return line;
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** No more input; the rest of its output. */
  async finish(): Promise<Ran> {
    this.#child.stdin.end();
    const out: string[] = [];
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next())
      out.push(next.value);
    return { ...(await this.ended), out: out.join('\n') };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** A bash with $MNT. */
export const bash = (at: string, script: string): Running => new Running('bash', ['-c', script], { MNT: at });

/** What a bash script did that began in the mount. */
export const ran = (at: string, script: string): Promise<Ran> => bash(at, `cd "$MNT"\n${script}`).finish();

/**
 * What a function gave that ran in another Node: self-contained, with node:fs and the path of the mount. An exception with a code gives
 * the code.
 */
export async function inChild<T>(
  at: string,
  work: (fs: typeof import('node:fs'), at: string) => T,
): Promise<T | string> {
  const script = `
    let result;
    try { result = (${work})(require('node:fs'), ${JSON.stringify(at)}); } catch (error) { result = error.code ?? String(error); }
    console.log(JSON.stringify(result ?? null));`;
  const child = new Running(process.execPath, ['-e', script]);
  return JSON.parse(await child.line()) as T | string;
}

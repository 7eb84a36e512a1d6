/** Processes of child.ts, and listening to what they say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inRepository } from '../cli/support.ts';
import { atEnd } from '../support/file.ts';

const CHILD = join(import.meta.dirname, 'child.ts');
const APLEDGER = inRepository('services/cli/bin/apledger.mjs');

/** One process; it is killed with the tests at the latest. */
export class Child {
  readonly #process: ChildProcess;
  readonly #out: AsyncIterator<string>;
  readonly #err: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;

  /** A task of child.ts and its arguments, or `cli` and those of the command line. */
  constructor(...args: readonly string[]) {
    const words = args[0] === 'cli' ? [APLEDGER, ...args.slice(1)] : [CHILD, ...args];
    this.#process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#process;
    if (stdout === null || stderr === null) throw new Error('no output');
    this.#out = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.#err = createInterface({ input: stderr })[Symbol.asyncIterator]();
    this.#closed = once(this.#process, 'close');
    atEnd(() => this.kill());
  }

  /** The next line that it prints and that matches. */
  printed(pattern: RegExp): Promise<string> {
    return next(this.#out, (line) => pattern.test(line));
  }

  /** The next line on its standard error that matches. */
  said(pattern: RegExp): Promise<string> {
    return next(this.#err, (line) => pattern.test(line));
  }

  /** Resolves when it has printed a position as large as this, with it. */
  async reached(position: number): Promise<number> {
    return Number(await next(this.#out, (line) => Number(line) >= position));
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#closed;
  }

  /** Asks it to end, if told with a signal; resolves with its exit status. */
  async ended(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#process.kill(signal);
    await this.#closed;
    return this.#process.exitCode;
  }
}

async function next(lines: AsyncIterator<string>, wanted: (line: string) => boolean): Promise<string> {
  const seen: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the process ended; it had said:\n${seen.join('\n')}`);
    if (wanted(value)) return value;
    seen.push(value);
  }
}

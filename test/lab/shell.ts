/** A bash that tests type into. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Ends the output of every command: no program prints this byte. */
const END = '\x04';

/** What a command did, as somebody in front of the terminal sees it. */
export interface Typed {
  readonly status: number;
  /** Standard output and standard error together, without newlines at the end. */
  readonly text: string;
}

export class Shell {
  readonly #bash: ChildProcess;
  readonly #gone: Promise<unknown>;
  #pending = '';
  #errors = '';
  #heard: () => void = () => {};

  /** `bash`: a process that is, or will become, `bash -s`. */
  constructor(bash: ChildProcess) {
    this.#bash = bash;
    this.#gone = once(bash, 'close').then(() => this.#heard());
    bash.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#pending += text;
      this.#heard();
    });
    bash.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    bash.stdin?.write('exec 2>&1\n');
  }

  /** Types one command, and resolves when it has ended. */
  async type(command: string): Promise<Typed> {
    this.#bash.stdin?.write(`${command}\nprintf '\\004%d\\n' $?\n`);
    for (;;) {
      const end = this.#pending.indexOf(END);
      const stop = this.#pending.indexOf('\n', end);
      if (end >= 0 && stop >= 0) {
        const text = this.#pending
          .slice(0, end)
          .replace(/\n+$/, '')
          .replace(/^bash: line \d+: /gm, 'bash: ');
        const status = Number(this.#pending.slice(end + 1, stop));
        this.#pending = this.#pending.slice(stop + 1);
        return { status, text };
      }
      if (this.#bash.exitCode !== null)
        throw new Error(`bash has ended: ${command}\n${this.#pending}${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** The output of a command that has to succeed. */
  async show(command: string): Promise<string> {
    const { status, text } = await this.type(command);
    if (status !== 0) throw new Error(`${command}: exit status ${status}: ${text}`);
    return text;
  }

  /** Resolves with its exit status. */
  async end(): Promise<number | null> {
    this.#bash.stdin?.end();
    await this.#gone;
    return this.#bash.exitCode;
  }
}

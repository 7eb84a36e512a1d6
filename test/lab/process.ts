/** `apledger lab mount` as a process of its own: what it says, and how it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inRepository } from '../cli/support.ts';
import { processesOfFile } from '../support/file.ts';

const PROGRAM = inRepository('services/cli/bin/apledger.mjs');

const processes = processesOfFile('SIGTERM');

export interface LabProcess {
  readonly pid: number;
  /** Everything on standard output and standard error so far. */
  readonly output: () => string;
  /** Resolves once that has been said; rejects when the process ends without. */
  said(pattern: RegExp): Promise<void>;
  type(text: string): void;
  /** Ends its standard input. */
  close(): void;
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit status, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
}

/** Starts a program, and tells of it. */
export function startProgram(program: string, args: readonly string[]): LabProcess {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  });
  processes(child);
  let output = '';
  let tell = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      tell.resolve();
    });
  let hasEnded = false;
  const closed = once(child, 'close').then(() => {
    hasEnded = true;
    tell.resolve();
  });
  return {
    pid: child.pid ?? 0,
    output: () => output,
    said: async (pattern) => {
      while (!pattern.test(output)) {
        if (hasEnded) throw new Error(`it ended without saying ${pattern}:\n${output}`);
        tell = Promise.withResolvers();
        await tell.promise;
      }
    },
    type: (text) => void child.stdin.write(text),
    close: () => void child.stdin.end(),
    signal: (signal) => child.kill(signal),
    ended: async () => {
      await closed;
      return child.signalCode ?? child.exitCode ?? 0;
    },
  };
}

/** Starts `apledger lab ARGS...`. */
export const startLab = (...args: string[]): LabProcess =>
  startProgram(process.execPath, [PROGRAM, 'lab', ...args]);

/** As startLab, resolved once the host is mounted. */
export async function mountLab(...args: string[]): Promise<LabProcess> {
  const lab = startLab('mount', ...args);
  await lab.said(/^apledger lab: .* at /m);
  return lab;
}

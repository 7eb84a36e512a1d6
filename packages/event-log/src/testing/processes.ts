/** Starting the other processes of a test, and listening to what they say. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where Node keeps what it compiled: a process then starts in a third of the time. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'apledger-compile-cache');
const CHILD = new URL('./child.ts', import.meta.url).pathname;

export interface OtherProcess {
  readonly process: ChildProcess;
  /** Lines that it has printed so far. */
  readonly lines: readonly string[];
  /** Resolves once it has printed so many lines; rejects when it ended before. */
  said(lines: number): Promise<void>;
  /** Kills it without a chance to clean up, and waits until it is gone. */
  kill(): Promise<void>;
  /** Resolves when it has ended by itself; rejects when it failed. */
  ended(): Promise<void>;
}

/** Runs testing/child.ts with the arguments. */
export function start(...args: string[]): OtherProcess {
  return startProgram(CHILD, args);
}

/** Runs a program of ours with the arguments. */
export function startProgram(program: string, args: readonly string[]): OtherProcess {
  const options = ['--disable-warning=ExperimentalWarning', program, ...args];
  const env = { ...process.env, NODE_COMPILE_CACHE };
  const child = spawn(process.execPath, options, { stdio: ['pipe', 'pipe', 'inherit'], env });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const closed = once(child, 'close');
  return {
    process: child,
    lines,
    said: async (count) => {
      while (lines.length < count) {
        const ended = await Promise.race([once(reader, 'line').then(() => false), closed.then(() => true)]);
        if (ended && lines.length < count)
          throw new Error(`the other process ended after ${lines.length} lines`);
      }
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => {
      await closed;
      if (child.exitCode !== 0) throw new Error(`the other process ended with ${child.exitCode}`);
    },
  };
}

import { type ChildProcess, spawn } from 'node:child_process';

export interface Program {
  readonly child: ChildProcess;
  /** Its exit status, and what it wrote to stderr. */
  readonly ended: Promise<{ readonly status: number | null; readonly said: string }>;
}

/**
 * Starts a program, which finds `fd` as its descriptor 3. Its directory is `/`: in a mount of ours, spawn() would wait for the process
 * that it keeps from answering.
 */
export function start(program: string, args: readonly string[], fd?: number): Program {
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe', fd ?? 'ignore'] });
  const ended = new Promise<{ status: number | null; said: string }>((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdout?.resume();
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, said: said.trim() }));
  });
  return { child, ended };
}

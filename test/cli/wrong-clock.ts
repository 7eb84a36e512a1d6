/** Real processes that believe it is another time. */
import { spawnSync } from 'node:child_process';
import { file, inRepository } from './support.ts';

/** Loaded before the program: `new Date()` and `Date.now()` begin at FAKE_NOW, and run on. */
const FAKE_CLOCK = `
const Right = Date;
const off = Right.parse(process.env.FAKE_NOW) - Right.now();
globalThis.Date = new Proxy(Right, {
  construct: (_, given, made) => given.length === 0 ? new Right(Right.now() + off) : Reflect.construct(Right, given, made),
  get: (_, key) => key === 'now' ? () => Right.now() + off : Reflect.get(Right, key),
});`;

/** Carries a script out, as if it were `now`. Throws what the program says. */
export function runAt(now: string, data: string, script: string): void {
  const env = { ...process.env, FAKE_NOW: now, NODE_OPTIONS: `--import ${file('clock.mjs', FAKE_CLOCK)}` };
  const program = inRepository('services/cli/bin/apledger.mjs');
  const args = [program, 'run', file('host.sh', script), '--data', data];
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

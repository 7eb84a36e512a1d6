/**
 * Mounts hosts, as many as it is told: a program for tests that need one host after another, so that each costs a mount and not the start
 * of a process. A line on standard input is what comes after `apledger lab mount`, as JSON. SIGTERM unmounts them all.
 */
import { createInterface } from 'node:readline';
import { main } from '@apledger/cli';

process.setMaxListeners(0);
const print = (text: string): void => void process.stdout.write(text);
const living = new Set<Promise<unknown>>();
const lines = createInterface({ input: process.stdin });
process.once('SIGTERM', () => lines.close());
for await (const line of lines) {
  const words = JSON.parse(line) as string[];
  const mounted = main(['lab', 'mount', ...words], { out: print, err: print, isInteractive: false });
  living.add(mounted.finally(() => living.delete(mounted)));
}
await Promise.all(living);
process.stdin.destroy();

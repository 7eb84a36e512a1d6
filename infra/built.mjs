// What vite makes of our sources, put in place whole. Plain JavaScript without dependencies, see toolchain.mjs.
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, run, SetupError } from './toolchain.mjs';

/**
 * Runs `vite build` with these arguments into `directory`; a few seconds. It is put in place when it is whole, so that others may use or
 * build it at the same time. Its file `dated` gets the time of the beginning: what is edited meanwhile is newer.
 */
export async function buildInto(directory, { node, args, dated, failure }) {
  mkdirSync(dirname(directory), { recursive: true });
  const half = mkdtempSync(`${directory}-`);
  const began = new Date();
  try {
    const vite = ['node_modules/vite/bin/vite.js', 'build', ...args, '--outDir', half, '--logLevel', 'error'];
    const end = await run(node, vite, { cwd: root, capture: true });
    if (end.code !== 0) throw new SetupError(`${failure}:\n${end.output.trim()}`);
    utimesSync(join(half, dated), began, began);
    // mkdtemp keeps other users out: for them our programs would run from their sources, which takes five times as long.
    chmodSync(half, 0o777 & ~process.umask());
    rmSync(directory, { recursive: true, force: true });
    renameSync(half, directory);
  } catch (error) {
    // Another process was faster; what it built is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

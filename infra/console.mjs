// node infra/console.mjs: builds the console into services/console/dist when it is missing or older than its sources.
// Plain JavaScript without dependencies, see toolchain.mjs; the build itself needs the locked packages.
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { reportSetupError, root, run, SetupError } from './toolchain.mjs';

const home = join(root, 'services', 'console');
const built = join(home, 'dist');
/** Our own packages that the one in the directory stands on, and those that these stand on. */
function packagesBelow(directory, found = new Set()) {
  const manifest = join(directory, 'package.json');
  if (!existsSync(manifest)) return found;
  const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const below = join(root, 'packages', name.replace('@apledger/', ''));
    if (!name.startsWith('@apledger/') || found.has(below)) continue;
    found.add(below);
    packagesBelow(below, found);
  }
  return found;
}

/** What goes into the page. */
const sources = [
  ...['src', 'index.html', 'vite.config.ts', 'package.json'].map((name) => join(home, name)),
  ...[...packagesBelow(home)].map((directory) => join(directory, 'src')),
  join(root, 'package-lock.json'),
];

/** When the file, or the newest below the directory, was written; 0 when there is none. */
function writtenAt(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(0, ...readdirSync(path).map((name) => writtenAt(join(path, name))));
}

/** Whether the built page is missing, or older than what it is made of. */
export function consoleIsStale() {
  const at = writtenAt(join(built, 'index.html'));
  return at === 0 || sources.some((path) => writtenAt(path) > at);
}

/** Builds the page; a few seconds. It is put in place when it is whole, so that others may serve or build at the same time. */
export async function buildConsole(node) {
  const half = mkdtempSync(join(home, 'dist-'));
  try {
    const args = ['node_modules/vite/bin/vite.js', 'build', home, '--outDir', half, '--logLevel', 'error'];
    const end = await run(node, args, { cwd: root, capture: true });
    if (end.code !== 0) throw new SetupError(`the console cannot be built:\n${end.output.trim()}`);
    rmSync(built, { recursive: true, force: true });
    renameSync(half, built);
  } catch (error) {
    // Another process was faster; what it built is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  try {
    if (consoleIsStale()) await buildConsole(process.execPath);
    console.log(built);
  } catch (error) {
    reportSetupError(error);
  }
}

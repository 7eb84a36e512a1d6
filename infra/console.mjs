// node infra/console.mjs: builds the console into services/console/dist when it is missing or older than its sources.
// Plain JavaScript without dependencies, see toolchain.mjs; the build itself needs the locked packages.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildInto } from './built.mjs';
import { reportSetupError, root } from './toolchain.mjs';

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

/** Builds the page. */
export const buildConsole = (node) =>
  buildInto(built, { node, args: [home], dated: 'index.html', failure: 'the console cannot be built' });

if (process.argv[1] === import.meta.filename) {
  try {
    if (consoleIsStale()) await buildConsole(process.execPath);
    console.log(built);
  } catch (error) {
    reportSetupError(error);
  }
}

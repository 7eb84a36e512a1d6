// The programs of a clone in a few files each: they start in a quarter of the time that 1,500 modules take. Only a cache, in
// .cache/programs: without it, or when a source is newer, the sources themselves run. npm start and npm test make it.
// Plain JavaScript without dependencies, see toolchain.mjs.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run, SetupError } from './toolchain.mjs';

/** Programs, and the threads that they start. */
export const ENTRIES = [
  'services/cli/src/main.ts',
  'services/ledger/src/main.ts',
  'services/ledger/src/thread/main.ts',
  'services/ledger/src/evidence/worker.ts',
  'packages/ledger/src/verify/worker.ts',
  'packages/sealer/src/leaves-worker.ts',
];

/** In the bundle: the sources that went into it. */
export const SOURCES_FILE = 'sources.json';

const built = join(root, '.cache', 'programs');

/** What an entry is called in the bundle. */
export const fileOf = (entry) => entry.replaceAll('/', '-').replace(/\.ts$/, '.js');

const writtenAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;

/** Whether the bundle is missing, or older than anything that it is made of. */
export function programsAreStale() {
  let sources;
  try {
    sources = JSON.parse(readFileSync(join(built, SOURCES_FILE), 'utf8'));
  } catch {
    return true;
  }
  const at = writtenAt(join(built, SOURCES_FILE));
  return ['package-lock.json', ...sources].some((path) => writtenAt(join(root, path)) >= at);
}

/** The entry as a URL to import: from the bundle when it is current, else the source. */
export function program(entry) {
  const path = programsAreStale() ? join(root, entry) : join(built, fileOf(entry));
  return pathToFileURL(path).href;
}

/** Makes the bundle; a few seconds. It is put in place when it is whole. */
export async function buildPrograms(node) {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const half = mkdtempSync(join(root, '.cache', 'programs-'));
  try {
    const args = [
      'node_modules/vite/bin/vite.js',
      'build',
      '--config',
      'infra/programs.vite.mjs',
      '--outDir',
      half,
    ];
    const end = await run(node, [...args, '--logLevel', 'error'], { cwd: root, capture: true });
    if (end.code !== 0) throw new SetupError(`the programs cannot be put together:\n${end.output.trim()}`);
    rmSync(built, { recursive: true, force: true });
    renameSync(half, built);
  } catch (error) {
    // Another process was faster; what it made is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}

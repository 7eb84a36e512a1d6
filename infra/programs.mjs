// The programs of a clone in a few files each: they start in less than half of the time that 1,500 modules take. Only a cache, in
// .cache/programs: without it, or when a source is newer, the sources themselves run. npm test makes it, and npm start with the console.
// Plain JavaScript without dependencies, see toolchain.mjs.
import { readFileSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildInto } from './built.mjs';
import { root } from './toolchain.mjs';

/** Programs, and the threads that they start. */
export const ENTRIES = [
  'services/cli/src/main.ts',
  'services/ledger/src/main.ts',
  'services/ledger/src/thread/main.ts',
  'services/ledger/src/evidence/worker.ts',
  'services/agent/src/main.ts',
  'services/agent/src/observer/reader-worker.ts',
  'services/agent/src/writer/main.ts',
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
  return ['package-lock.json', 'infra/programs.vite.mjs', ...sources].some(
    (path) => writtenAt(join(root, path)) >= at,
  );
}

/** The entry as a URL to import: from the bundle when it is current, else the source. */
function program(entry) {
  const path = programsAreStale() ? join(root, entry) : join(built, fileOf(entry));
  return pathToFileURL(path).href;
}

/** Loads the entry in this process, with what an earlier start compiled, which halves its time. */
export function load(entry) {
  module.enableCompileCache?.(join(root, '.cache', 'compiled'));
  return import(program(entry));
}

/** Makes the bundle. */
export const buildPrograms = (node) =>
  buildInto(built, {
    node,
    args: ['--config', 'infra/programs.vite.mjs'],
    dated: SOURCES_FILE,
    failure: 'the programs cannot be put together',
  });

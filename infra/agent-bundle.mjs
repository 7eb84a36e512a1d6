// Makes plain JavaScript of the agent: the program, its reader, and the writer. Everything is in it: no node_modules.
import { join } from 'node:path';
import { build } from 'vite';

const source = (path) => join(import.meta.dirname, '../services/agent/src', path);

// What our packages use, and Node 20 does not have.
const FOR_NODE_20 = `Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  let at = 0;
  for (const item of items) {
    const key = keyOf(item, at++);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
};`;

/**
 * Each alone: what is shared would be loaded by all of them, and the reader's thread needs neither the rules of the driver nor the
 * schemas of facts. Half of what it has in memory is code.
 */
const PROGRAMS = {
  main: 'main.ts',
  'reader-worker': 'observer/reader-worker.ts',
  'writer/main': 'writer/main.ts',
};

/** What Node is started with, so that it keeps little memory: it reads small files all day, and waits in between. */
export const NODE_OPTIONS = ['--max-semi-space-size=1', '--max-old-space-size=256', '--optimize-for-size'];

/** Writes the bundle into the directory, which it makes. */
export async function bundleAgent(directory) {
  for (const [name, path] of Object.entries(PROGRAMS))
    await build({
      configFile: false,
      logLevel: 'warn',
      build: {
        ssr: true,
        target: 'node20',
        minify: false,
        outDir: directory,
        emptyOutDir: false,
        rolldownOptions: {
          input: { [name]: source(path) },
          // No module of ours, nor of what we use, is loaded for what its loading does.
          treeshake: { moduleSideEffects: false },
          output: {
            entryFileNames: '[name].js',
            chunkFileNames: `${name}.[name].js`,
            format: 'es',
            banner: FOR_NODE_20,
          },
        },
      },
      ssr: { noExternal: true },
    });
}

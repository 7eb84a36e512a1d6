// How agent-deb.mjs makes plain JavaScript of one of the agent's programs, $APLEDGER_PROGRAM. Everything is in it: no node_modules.
import { join } from 'node:path';

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
};
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};`;

/** Programs, by what they are called in the package. */
const SOURCES = {
  main: 'main.ts',
  'reader-worker': 'observer/reader-worker.ts',
  'writer/main': 'writer/main.ts',
};

const name = process.env.APLEDGER_PROGRAM;

export default {
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    emptyOutDir: false,
    rolldownOptions: {
      input: { [name]: source(SOURCES[name]) },
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
};

// How agent-deb.mjs makes plain JavaScript of the agent: the program, its reader, and the writer. Everything is in it: no node_modules.
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

export default {
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: {
        main: source('main.ts'),
        'reader-worker': source('observer/reader-worker.ts'),
        'writer/main': source('writer/main.ts'),
      },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: '[name].js',
        format: 'es',
        banner: FOR_NODE_20,
      },
    },
  },
  ssr: { noExternal: true },
};

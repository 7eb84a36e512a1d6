// How programs.mjs puts the programs of a clone together: `vite build --config infra/programs.vite.mjs --outDir DIR`.
import { writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { ENTRIES, fileOf, SOURCES_FILE } from './programs.mjs';
import { root } from './toolchain.mjs';

const THREAD = /new URL\((['`])([\w./-]+)\.(?:ts|\$\{extension\})\1, import\.meta\.url\)/g;

/** Code for where the source is, told from the bundle: a clone may be moved or copied with it. */
function placeOf(id, what, bundle) {
  const url = `new URL(${JSON.stringify(relative(bundle, id))}, import.meta.url)`;
  if (what === 'url') return `${url}.href`;
  return `process.getBuiltinModule('node:url').fileURLToPath(${what === 'dirname' ? `new URL('.', ${url})` : url})`;
}

let bundle;

/** Sources find files beside them: that goes on. The threads and programs that they start are in the bundle, too. */
const places = {
  name: 'places',
  configResolved(config) {
    bundle = resolve(config.root, config.build.outDir);
  },
  transform: {
    // Before the types are taken out, so that the code looks as we wrote it.
    order: 'pre',
    handler(code, id) {
      if (!id.startsWith(root) || id.includes('node_modules') || !code.includes('import.meta'))
        return undefined;
      return code
        .replaceAll(THREAD, (whole, _, path) => {
          const entry = relative(root, join(dirname(id), `${path}.ts`));
          return ENTRIES.includes(entry) ? `new URL('./${fileOf(entry)}', import.meta.url)` : whole;
        })
        .replaceAll(/(?<!new URL\('\.\/[\w.-]+\.js', )import\.meta\.(url|dirname|filename)/g, (_, what) =>
          placeOf(id, what, bundle),
        );
    },
  },
  writeBundle({ dir }) {
    const ours = [...this.getModuleIds()].filter((id) => id.startsWith(root) && !id.includes('node_modules'));
    writeFileSync(join(dir, SOURCES_FILE), JSON.stringify(ours.map((id) => relative(root, id)).sort()));
  },
};

export default {
  root,
  publicDir: false,
  plugins: [places],
  build: {
    ssr: true,
    target: 'node22',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: Object.fromEntries(
        ENTRIES.map((entry) => [fileOf(entry).replace(/\.js$/, ''), join(root, entry)]),
      ),
      output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[hash].js', format: 'es' },
    },
  },
  ssr: { noExternal: true },
};

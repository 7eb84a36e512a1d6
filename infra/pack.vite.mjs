// How pack.mjs bundles a package: `vite build --config infra/pack.vite.mjs`. The service's page has a config of its own.
import { join } from 'node:path';
import { root } from './toolchain.mjs';

const { name, files } = JSON.parse(process.env.APLEDGER_PACK ?? '{}');
const isForeign = (id) => !id.startsWith('.') && !id.startsWith('/') && !id.startsWith('@apledger/');

export default {
  root,
  publicDir: false,
  build: {
    target: 'es2022',
    minify: false,
    lib: {
      formats: ['es'],
      entry: Object.fromEntries(
        files.map((file) => [file.replace(/\.ts$/, ''), join(root, 'packages', name, 'src', file)]),
      ),
    },
    rolldownOptions: {
      external: isForeign,
      output: { entryFileNames: '[name].js', chunkFileNames: 'shared-[hash].js' },
    },
  },
};

/** How the page is built: `node infra/bootstrap.mjs console`. The service serves what lies in dist. */
export default {
  root: import.meta.dirname,
  build: {
    target: 'es2024',
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // a policy without data: URLs stays possible
    reportCompressedSize: true,
  },
  worker: { format: 'es' },
  // For work on the page: `npx vite services/console`, beside a service on its usual port.
  server: { proxy: { '/api': 'http://127.0.0.1:7391' } },
};

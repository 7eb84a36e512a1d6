import { join } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';
import { chooseSeed, ensureReady } from './infra/tests.mjs';

ensureReady();
chooseSeed();
// The tests start some hundred processes of ours: each starts in half the time with what an earlier one compiled.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.cache', 'compiled');

const PATIENCE_MS = process.env.APLEDGER_LONG === '1' ? 1_800_000 : 180_000;

export default {
  test: {
    // Many tests wait for processes that they started: one worker would leave a core idle.
    maxWorkers: 2,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // Bounds for what hangs: a busy machine may take ten times as long as a quiet one.
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS / 3 } },
    setupFiles: ['test/support/seed.ts'],
    projects: [
      {
        extends: true,
        // These have no state but their own, so they share a process and load our sources once.
        test: {
          name: 'units',
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts'],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'system', include: ['test/**/*.test.ts'] } },
    ],
  },
} satisfies ViteUserConfig;

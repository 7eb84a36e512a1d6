import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 60_000,
    // Many tests wait for processes that they started: one worker would leave a core idle.
    maxWorkers: Math.max(2, availableParallelism()),
  },
});

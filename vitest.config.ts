import { join } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';
import type { TestSpecification } from 'vitest/node';
import { chooseSeed, ensureReady } from './infra/tests.mjs';

ensureReady();
chooseSeed();
// The tests start some hundred processes of ours: each starts in half the time with what an earlier one compiled.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.cache', 'compiled');

// What a developer's own configuration says is nothing to a test.
process.env.APLEDGER_CONFIG = '';

/** A bound for what hangs: a busy machine may take twenty times as long as a quiet one. */
const PATIENCE_MS = process.env.APLEDGER_LONG === '1' ? 1_800_000 : 600_000;

/** The longest files: one that came last would leave a core idle. */
const FIRST = [
  'test/agent/kills.test.ts',
  'test/observe/mounted.test.ts',
  'test/conformance/vectors.test.ts',
  'test/observe/lab.test.ts',
  'test/kurrentdb/contract.test.ts',
  'test/nats/contract.test.ts',
  'test/cluster/nodes.test.ts',
  'test/console/access.test.ts',
  'test/messages/kills.test.ts',
].map((path) => join(import.meta.dirname, path));

/** Files that change what others of their process would see, or measure what they use. */
const ALONE = ['test/mutants/**/*.test.ts', 'test/limits/**/*.test.ts'];

/** Set-up files of the tests of the system. */
const OF_SYSTEM = ['test/support/seed.ts', 'test/support/ends.ts'];

const TYPEBOX = ['typebox', 'typebox/compile', 'typebox/error', 'typebox/type'];

const { BaseSequencer } = await import('vitest/node'); // there, says ensureReady

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = FIRST.indexOf(moduleId);
      return found < 0 ? FIRST.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}

export default {
  test: {
    // Many tests wait for processes that they started: as many workers as cores would leave one idle.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // 683 modules, which the process of each test file would load one by one.
    deps: { optimizer: { ssr: { enabled: true, include: TYPEBOX } } },
    execArgv: ['--disable-warning=ExperimentalWarning'],
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
      // What a file of these began ends with it (test/support/file.ts), and so they share processes, too.
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
          setupFiles: OF_SYSTEM,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE, setupFiles: OF_SYSTEM } },
    ],
  },
} satisfies ViteUserConfig;

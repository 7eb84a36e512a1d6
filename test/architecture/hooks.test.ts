import { describe, expect, it } from 'vitest';
import { projectFiles, read, type SourceFile } from './sources.ts';

const HOOK = /^(?:before|after)(?:All|Each)\(/m;
/** Runs once for each test file. */
const SET_UP = 'test/support/ends.ts';

/** Files share processes, so a module is loaded once for many of them. */
const registersHooks = ({ path, text }: SourceFile): boolean =>
  path.endsWith('.ts') && !path.endsWith('.test.ts') && path !== SET_UP && HOOK.test(text);

describe('modules that tests share', () => {
  it('register no hook while they load: it would be that of the first file alone', () => {
    const files = projectFiles().map(read);
    expect(files.some(({ path }) => path === SET_UP)).toBe(true);
    expect(files.filter(registersHooks).map(({ path }) => path)).toEqual([]);
  });

  it.each([
    ['test/lab/process.ts', 'afterAll(async () => {', true],
    ['services/agent/src/testing/scene.ts', 'beforeEach(() => {', true],
    ['test/lab/life.test.ts', 'afterAll(async () => {', false],
    ['packages/event-log/src/contract/living.ts', '  beforeAll(async () => {', false],
  ])('%s with %j: %s', (path, text, isOne) => {
    expect(registersHooks({ path, text })).toBe(isOne);
  });
});

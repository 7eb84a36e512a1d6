import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, read, type SourceFile } from './sources.ts';

const rules: readonly { readonly of: string; readonly breaks: (file: SourceFile) => boolean }[] = [
  {
    of: 'a path of the machine it was written on',
    breaks: ({ text }) => /(?<![\w.-])\/(?:work\/|root\/|tmp\/n24)/.test(text),
  },
  {
    of: 'the directory shared/ beside the checkout',
    breaks: ({ path, text }) =>
      [...text.matchAll(/(?:\.\.\/)+shared\b/g)].some(([up]) =>
        posix.join(posix.dirname(path), up).startsWith('../'),
      ),
  },
  {
    of: 'a registry of packages',
    breaks: ({ text }) => /\/\/[\w.-]*registry[\w.-]*|npmjs\.(?:org|com)|^(?:@[\w-]+:)?registry=/m.test(text),
  },
];
const broken = (file: SourceFile) => rules.filter(({ breaks }) => breaks(file)).map(({ of }) => of);

describe('the checkout', () => {
  it('names nothing outside of itself', () => {
    const files = projectFiles()
      .filter((path) => path !== 'test/architecture/self-contained.test.ts')
      .map(read)
      .filter(({ text }) => !text.includes('\0'));
    expect(files.length).toBeGreaterThan(20);
    expect(files.flatMap((file) => broken(file).map((of) => `${file.path} names ${of}`))).toEqual([]);
  });

  it('has its reference inside', () => {
    expect(existsSync(new URL('../../docs/driver-rules.md', import.meta.url))).toBe(true);
    const vectors = projectFiles('test/vectors').filter((path) => path.endsWith('.jsonl.gz'));
    expect(vectors.length).toBeGreaterThanOrEqual(20);
  });

  it.each([
    ['packages/ap/src/a.ts', "read('/work/main/x')"],
    ['docs/a.md', 'see /root/.npmrc'],
    ['docs/a.md', 'see ../../shared/design.md'],
    ['a.ts', "'../shared/reference'"],
    ['.npmrc', 'registry=x'],
    ['docs/a.md', 'https://registry.npmjs.org/x'],
  ])('would notice in %s: %s', (path, text) => {
    expect(broken({ path, text })).toHaveLength(1);
  });

  it.each([
    ['services/console/src/pages/a.ts', "import { x } from '../shared/x.ts';"],
    ['services/lab/src/a.ts', '// the registry of hosts\nregistry.get(host);'],
    ['docs/a.md', 'services/lab mounts /sys/bus/ap; test/work/x'],
  ])('does not mind in %s: %s', (path, text) => {
    expect(broken({ path, text })).toEqual([]);
  });
});

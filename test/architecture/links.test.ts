/** What documents and comments point to is there. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectFiles, read, root, type SourceFile } from './sources.ts';

const isCode = (path: string): boolean => /\.(?:ts|tsx|mjs)$/.test(path);
const isDocument = (path: string): boolean => path.endsWith('.md');
/** Says what the checkout was like when it was written. */
const isOfItsTime = (path: string): boolean => path === 'docs/founding-document.md';

const withoutFences = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

/** The targets of `[text](target)` that are no URLs. */
const linksOf = (text: string): string[] =>
  [...withoutFences(text).matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

/** Anchors of headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const headings = [...withoutFences(text).matchAll(/^#+ +(.*)$/gm)].map(([, heading]) => heading ?? '');
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set(headings.map(slug));
}

const commentsOf = (text: string): string =>
  [...text.matchAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm)].map(([comment]) => comment).join('\n');

const proseOf = ({ path, text }: SourceFile): string => (isDocument(path) ? text : commentsOf(text));

/** Paths from the root: `packages/ap/src/mask.ts`, `docs/`. Not patterns, as `packages/*`, and not what a build makes. */
function pathsIn(prose: string): string[] {
  const mentions = prose.matchAll(
    /(?<![\w./@~-])(?:packages|services|test|docs|infra|examples)\/[\w./*<>{}$|[\]-]*/g,
  );
  return [...mentions]
    .map(([mention]) => mention.replace(/[.]+$/, ''))
    .filter((path) => !/[*<>{}$|[\]]|NNNN|NAME|FAMILY|\.\.\.|\/dist$/.test(path));
}

/** Modules and documents that comments name by their last names only: `layout.ts`, `sqlite/writer.ts`, `custody.md`. */
const modulesIn = (comments: string): string[] =>
  [...comments.matchAll(/(?<![\w./@-])(?:\.{1,2}\/)*((?:[\w.-]+\/)*[\w.-]*\w\.(?:ts|tsx|mjs|md))\b/g)].map(
    ([, name]) => name ?? '',
  );

function brokenLinks({ path, text }: SourceFile): string[] {
  return linksOf(text).filter((link) => {
    const [target = '', anchor] = link.split('#');
    const file = target === '' ? path : posix.join(posix.dirname(path), decodeURIComponent(target));
    if (!existsSync(join(root, file))) return true;
    return anchor !== undefined && isDocument(file) && !anchorsOf(read(file).text).has(anchor);
  });
}

const files = projectFiles()
  .filter((path) => (isCode(path) || isDocument(path)) && !isOfItsTime(path))
  .filter((path) => path !== 'test/architecture/links.test.ts')
  .map(read);

describe('what documents and comments point to is there', () => {
  it('finds documents and code to read', () => {
    expect(files.filter(({ path }) => isDocument(path)).length).toBeGreaterThan(15);
    expect(files.filter(({ path }) => isCode(path)).length).toBeGreaterThan(200);
  });

  it('follows the links of documents', () => {
    const documents = files.filter(({ path }) => isDocument(path));
    expect(documents.flatMap((file) => brokenLinks(file).map((link) => `${file.path}: ${link}`))).toEqual([]);
  });

  it('finds the paths that are mentioned', () => {
    const broken = files.flatMap((file) =>
      pathsIn(proseOf(file))
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${file.path}: ${path}`),
    );
    expect(broken).toEqual([]);
  });

  it('finds the modules and documents that comments name', () => {
    const paths = projectFiles();
    const isThere = (name: string): boolean =>
      paths.some((path) => path === name || path.endsWith(`/${name}`));
    const broken = files
      .filter(({ path }) => isCode(path))
      .flatMap((file) =>
        modulesIn(commentsOf(file.text))
          .filter((name) => !isThere(name))
          .map((name) => `${file.path}: ${name}`),
      );
    expect(broken).toEqual([]);
  });
});

describe('the reader of links', () => {
  it('sees links, anchors, paths and modules', () => {
    expect(linksOf('[a](docs/a.md#b) [c](https://c) `x`\n```\n[d](e.md)\n```\n')).toEqual(['docs/a.md#b']);
    expect([...anchorsOf('# A b: `c`\n## D-e')]).toEqual(['a-b-c', 'd-e']);
    expect(pathsIn('see packages/ap/src/x.ts, docs/, (test/a.ts). Not packages/*/src or a/test/b')).toEqual([
      'packages/ap/src/x.ts',
      'docs/',
      'test/a.ts',
    ]);
    expect(modulesIn('(../passable.ts, layout.ts), sqlite/writer.ts; 6.12, custody.md')).toEqual([
      'passable.ts',
      'layout.ts',
      'sqlite/writer.ts',
      'custody.md',
    ]);
    expect(commentsOf("const a = 'nats://b'; // see c.ts\n/** d.ts */")).toBe('// see c.ts\n/** d.ts */');
  });
});

/**
 * Kept states of hosts are used only by the version that wrote them. Whoever changes what a state is, or what facts make of it,
 * changes one of these sources, and is told here to change the version with it.
 */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { STATE_VERSION } from '@apledger/driver';
import { describe, expect, it } from 'vitest';
import { read } from './sources.ts';

/** Facts become a state here: brought up to date, folded, and turned into bytes and back. */
const ROOTS = [
  'packages/events/src/upcast.ts',
  'packages/driver/src/evolve.ts',
  'packages/command-handler/src/state-bytes.ts',
];

/** What a module takes from others: `import { a, type b } from 'c'`, also `export`, as the formatter writes them. */
const IMPORT = /^(?:import|export)\s+(?:type\s+)?(?:\{([^}]*)\}|\*)\s*from '([^']+)';/gm;

interface Import {
  /** Undefined = all of them. */
  readonly names: readonly string[] | undefined;
  readonly from: string;
}

const importsOf = (path: string): Import[] =>
  [...read(path).text.matchAll(IMPORT)].map(([, names, from = '']) => ({
    names: names
      ?.split(',')
      .map((name) =>
        name
          .trim()
          .replace(/^type /, '')
          .replace(/ as .*$/, ''),
      )
      .filter((name) => name !== ''),
    from,
  }));

/** The files that the sources stand on, themselves included; of other packages, only where the imported names come from. */
function closureOf(roots: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    found.add(path);
    for (const { names, from } of importsOf(path)) {
      if (from.startsWith('.')) visit(posix.join(posix.dirname(path), from));
      else if (from.startsWith('@apledger/')) for (const file of sourcesOf(from, names ?? [])) visit(file);
    }
  };
  for (const root of roots) visit(root);
  return [...found].sort();
}

/** The files behind names of a package's index: those that re-export them, or the index itself. */
function sourcesOf(specifier: string, names: readonly string[]): string[] {
  const index = `packages/${specifier.slice('@apledger/'.length)}/src/index.ts`;
  const exports = importsOf(index).filter(({ from }) => from.startsWith('./'));
  const files = names.flatMap((name) => {
    const named = exports.filter((each) => each.names?.includes(name));
    const stars = exports.filter((each) => each.names === undefined);
    return named.length > 0 ? named : stars.length > 0 ? stars : [{ from: './index.ts' }];
  });
  return [...new Set(files.map(({ from }) => posix.join(posix.dirname(index), from)))];
}

function versionOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of files) hash.update(`${path}\n${read(path).text}\n`);
  return hash.digest('hex').slice(0, 16);
}

describe('the version of kept states', () => {
  const files = closureOf(ROOTS);

  it('follows everything that states depend on, and nothing that only decides or tells', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'packages/ap/src/mask.ts',
        'packages/ap/src/matrix.ts',
        'packages/driver/src/evolve-devices.ts',
        'packages/driver/src/lifecycle.ts',
        'packages/driver/src/state.ts',
        'packages/events/src/facts.ts',
        'packages/events/src/vocabulary.ts',
        'packages/machines/src/guest.ts',
        'packages/machines/src/adapter-plug.ts',
      ]),
    );
    for (const other of ['driver/src/decide.ts', 'ap/src/table.ts', 'messages/src/async-api.ts'])
      expect(files).not.toContain(`packages/${other}`);
  });

  it('is the one in packages/driver/src/state-version.ts: set it there to what is expected here', () => {
    expect(STATE_VERSION).toBe(versionOf(files));
  });
});

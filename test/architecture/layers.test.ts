import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brokenImports, disagreements, type House, type Workspace } from './layers.ts';
import { importsOf, projectFiles, read } from './sources.ts';

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
interface TsConfig {
  readonly references?: readonly { readonly path: string }[];
}

const json = <T>(path: string): T => JSON.parse(read(path).text) as T;
const names = (dependencies: Manifest['dependencies']) => Object.keys(dependencies ?? {});
const referencesOf = (dir: string) =>
  (json<TsConfig>(posix.join(dir, 'tsconfig.json')).references ?? []).map(({ path }) =>
    posix.join(dir, path),
  );

function readHouse(): House {
  const paths = projectFiles();
  const workspaces = paths
    .filter((path) => /^(?:packages\/[^/]+|services\/[^/]+|test)\/package\.json$/.test(path))
    .map((path): Workspace => {
      const dir = posix.dirname(path);
      const manifest = json<Manifest>(path);
      return {
        dir,
        name: manifest.name,
        exports: names(manifest.exports),
        dependencies: names(manifest.dependencies),
        devDependencies: names(manifest.devDependencies),
        references: referencesOf(dir),
      };
    });
  const files = paths
    .filter((path) => /^(?:packages|services|test|infra)\/.*\.[cm]?[jt]sx?$/.test(path))
    .map(read);
  return { workspaces, files, rootDevDependencies: names(json<Manifest>('package.json').devDependencies) };
}

describe('the house', () => {
  const house = readHouse();

  it('has arrows that point down only', () => {
    expect(house.files.length).toBeGreaterThan(10);
    expect(brokenImports(house)).toEqual([]);
  });

  it('declares what it imports, and nothing else', () => {
    expect(disagreements(house)).toEqual([]);
  });

  it('is built whole by tsc -b at the root', () => {
    expect(referencesOf('.').sort()).toEqual(house.workspaces.map(({ dir }) => dir).sort());
  });
});

describe('the checker', () => {
  const workspace = (dir: string, dependencies: string[], more: Partial<Workspace> = {}): Workspace => ({
    dir,
    name: `@apledger/${posix.basename(dir)}`,
    exports: ['.', './sqlite'],
    dependencies: dependencies.map((name) => (name === 'typebox' ? name : `@apledger/${name}`)),
    devDependencies: [],
    references: dependencies.filter((name) => name !== 'typebox').map((name) => `packages/${name}`),
    ...more,
  });
  const breaks = (path: string, text: string) =>
    brokenImports({
      workspaces: [
        workspace('packages/ap', []),
        workspace('packages/events', ['ap', 'typebox']),
        workspace('packages/driver', ['ap', 'events', 'machines', 'projections']),
        workspace('packages/machines', []),
        workspace('packages/projections', ['driver', 'event-log']),
        workspace('packages/event-log', []),
        workspace('packages/upstart', ['ap']),
        workspace('services/cli', ['ap', 'driver', 'event-log', 'lab']),
        workspace('services/lab', ['ap']),
        workspace('test', []),
      ],
      files: [{ path, text }],
      rootDevDependencies: ['vitest'],
    });
  const statement = (specifier: string) => `import { x } from '${specifier}';\n`;

  it.each([
    ['downwards', 'packages/driver/src/a.ts', '@apledger/events'],
    ['within the package', 'packages/driver/src/deep/a.ts', '../b.ts'],
    ['an exported subpath', 'services/cli/src/a.ts', '@apledger/event-log/sqlite'],
    ['a declared npm package', 'packages/events/src/a.ts', 'typebox/value'],
    ['no I/O', 'packages/ap/src/a.ts', 'node:crypto'],
    ['I/O in the log', 'packages/event-log/src/a.ts', 'node:sqlite'],
    ['I/O in a test', 'packages/ap/src/a.test.ts', 'node:fs'],
    ['I/O in a tool', 'packages/machines/src/write-docs.ts', 'node:fs'],
    ['a test tool in a test', 'packages/ap/src/a.test.ts', 'vitest'],
    ['a launcher and infra', 'services/cli/bin/a.mjs', '../../../infra/toolchain.mjs'],
    ['infra itself', 'infra/a.mjs', './toolchain.mjs'],
    ['a test and an example', 'test/messages/a.test.ts', '../../examples/a.ts'],
  ])('lets pass: %s', (_, path, specifier) => {
    expect(breaks(path, statement(specifier))).toEqual([]);
  });

  it.each([
    ['upwards', 'packages/events/src/a.ts', '@apledger/driver', 'stands on ap'],
    ['projections and rules', 'packages/projections/src/a.ts', '@apledger/driver', 'stands on'],
    ['upwards in a test too', 'packages/ap/src/a.test.ts', '@apledger/events', 'nothing of ours'],
    ['a package and a service', 'packages/ap/src/a.ts', '@apledger/cli', 'packages only'],
    ['a service and another', 'services/cli/src/a.ts', '@apledger/lab', 'packages only'],
    ['the tests', 'services/cli/src/a.ts', '@apledger/test', 'packages only'],
    ['an example from a source', 'services/cli/src/a.ts', '../../../examples/a.ts', 'outside'],
    ['the tests by path', 'services/cli/src/a.ts', '../../../test/a.ts', 'outside'],
    ['an inside by path', 'packages/events/src/a.ts', '../../ap/src/mask.ts', 'outside'],
    ['an inside by name', 'packages/events/src/a.ts', '@apledger/ap/src/mask.ts', 'not exported'],
    ['infra from a source', 'services/cli/src/a.ts', '../../../infra/toolchain.mjs', 'outside'],
    ['an undeclared npm package', 'packages/ap/src/a.ts', 'typebox', 'not declared'],
    ['a test tool in a source', 'packages/ap/src/a.ts', 'vitest', 'not declared'],
    ['an npm package in infra', 'infra/a.mjs', 'typebox', 'before anything is installed'],
    ['I/O', 'packages/driver/src/a.ts', 'node:fs/promises', 'no I/O'],
    ['I/O by its bare name', 'packages/driver/src/a.ts', 'fs', 'no I/O'],
    ['a tool', 'packages/machines/src/index.ts', './write-docs.ts', 'no library'],
    ['an absolute path', 'packages/ap/src/a.ts', '/etc/x.ts', 'absolute'],
    ['a package without a floor', 'packages/upstart/src/a.ts', '@apledger/ap', 'no floor'],
  ])('stops: %s', (_, path, specifier, why) => {
    expect(breaks(path, statement(specifier))).toEqual([expect.stringContaining(why)]);
  });

  it.each([
    ['of a default', (to: string) => `import x from '${to}';`],
    ['of a namespace', (to: string) => `import * as x from "${to}";`],
    ['of a type', (to: string) => `import type { X } from '${to}';`],
    ['for its effect', (to: string) => `import '${to}';`],
    ['over lines, with an apostrophe', (to: string) => `import {\n  a, // don't\n  b,\n} from '${to}';`],
    ['with attributes', (to: string) => `import x from '${to}' with { type: 'json' };`],
    ['as an export', (to: string) => `export { x } from '${to}';`],
    ['as an export of all', (to: string) => `export * from '${to}';`],
    ['at run time', (to: string) => `const x = await import('${to}');`],
    ['at run time, over lines', (to: string) => `const x = await import(\n  '${to}'\n);`],
    ['in a type', (to: string) => `type X = import('${to}').X;`],
    ['by require', (to: string) => `const x = require('${to}');`],
    ['around the import', (to: string) => `process.getBuiltinModule('${to}');`],
  ])('sees an import %s', (_, form) => {
    expect(importsOf(`const before = 'it';\n${form('node:fs')}\nexport const after = 1;\n`)).toEqual([
      'node:fs',
    ]);
  });

  it('sees no import in prose', () => {
    expect(importsOf("// Take it from 'there'.\n * import x from 'y'\nconst a = 'from b';\n")).toEqual([]);
  });

  it('compares package.json and tsconfig.json with the imports', () => {
    const workspaces = [
      workspace('packages/ap', []),
      workspace('packages/machines', []),
      workspace('packages/driver', ['ap', 'machines', 'typebox'], {
        devDependencies: ['idle'],
        references: ['packages/ap', 'packages/events'],
      }),
    ];
    const files = [
      { path: 'packages/driver/src/a.ts', text: statement('@apledger/ap') },
      { path: 'packages/driver/src/a.test.ts', text: statement('typebox') },
    ];
    expect(disagreements({ workspaces, files, rootDevDependencies: [] })).toEqual([
      'packages/driver/tsconfig.json lacks the reference to packages/machines, a dependency',
      'packages/driver/tsconfig.json references packages/events, which is no dependency',
      'packages/driver/package.json declares @apledger/machines, which nothing there imports',
      'packages/driver/package.json: only tests import typebox: it belongs in devDependencies',
      'packages/driver/package.json declares idle for tests, which no test there imports',
    ]);
  });
});

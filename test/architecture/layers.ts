/** The dependency rule of the house: who may import whom. See layers.test.ts. */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { importsOf, type SourceFile } from './sources.ts';

export interface Workspace {
  /** From the root: `packages/ap`. */
  readonly dir: string;
  readonly name: string;
  /** Subpaths that it offers: `.`, `./sqlite`. */
  readonly exports: readonly string[];
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Directories of the workspaces that its tsconfig.json references. */
  readonly references: readonly string[];
}

export interface House {
  readonly workspaces: readonly Workspace[];
  readonly files: readonly SourceFile[];
  /** Test tools are declared once, at the root. */
  readonly rootDevDependencies: readonly string[];
}

/** What each floor stands on, from the ground up. */
const floors: Readonly<Record<string, readonly string[]>> = {
  ap: [],
  text: [],
  moment: [],
  events: ['ap'],
  machines: [],
  host: ['ap', 'events', 'machines'],
  driver: ['ap', 'events', 'host', 'machines'],
  access: ['ap', 'events', 'host', 'machines'],
  nats: ['text'],
  'event-log': ['nats', 'text'],
  evidence: [],
  sealer: ['event-log', 'evidence', 'text'],
  'agent-protocol': ['events'],
  api: ['text', 'events', 'agent-protocol'],
  projections: ['ap', 'api', 'events', 'event-log', 'host', 'text'],
  sysfs: ['ap', 'events', 'driver', 'host'],
  capture: ['ap', 'events', 'driver', 'host', 'text'],
  drift: ['ap', 'capture', 'events', 'driver', 'host'],
  observe: ['ap', 'capture', 'driver', 'events', 'host'],
  fuse: ['text'],
  script: ['ap', 'events', 'driver', 'host', 'sysfs', 'text'],
  changes: ['access', 'ap', 'driver', 'events', 'host', 'projections', 'script', 'text'],
  'command-handler': ['agent-protocol', 'ap', 'events', 'driver', 'event-log', 'host', 'projections'],
  messages: ['ap', 'events', 'nats', 'event-log', 'text'],
  client: ['api', 'events'],
  ledger: [
    'access',
    'agent-protocol',
    'ap',
    'api',
    'changes',
    'client',
    'command-handler',
    'driver',
    'event-log',
    'events',
    'evidence',
    'host',
    'machines',
    'moment',
    'projections',
    'script',
    'sealer',
    'text',
  ],
  'command-line': ['text'],
};

/** What does I/O itself: the log, the mount, and the caches of what was folded. The rest gets it from a service. */
const mayDoIo = [
  'packages/nats/',
  'packages/event-log/',
  'packages/fuse/',
  'packages/sealer/',
  'packages/capture/src/collect.ts',
  'packages/projections/src/cache-file.ts',
  'packages/projections/src/fact-index/kept.ts',
  'packages/projections/src/sqlite-store.ts',
  'packages/ledger/src/place.ts',
  'packages/ledger/src/kept-sessions.ts',
  'packages/ledger/src/verify/',
  'packages/messages/src/relay/place.ts',
];
const io =
  /^(?:node:)?(?:fs|net|tls|dgram|dns|http|https|http2|child_process|cluster|sqlite|worker_threads)(?:\/|$)/;

/** Tests, and what serves only tests: test-support.ts, testing/, the contract that log adapters are held to. */
const isTestFile = (path: string) =>
  path.startsWith('test/') || /(?:\.test|\/test-[a-z]+|\/contract)\.ts$|\/(?:testing|contract)\//.test(path);
/** Writes generated documents: run by `npm run docs`, part of no library. */
const isTool = (path: string) => path.endsWith('/write-docs.ts');
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Every import that runs against the rule. */
export function brokenImports(house: House): string[] {
  return house.files.flatMap((file) => importsOf(file.text).flatMap((to) => brokenBy(house, file.path, to)));
}

function brokenBy(house: House, path: string, specifier: string): string[] {
  const broken = (why: string) => [`${path} imports '${specifier}': ${why}`];
  const home = house.workspaces.find(({ dir }) => path.startsWith(`${dir}/`));

  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    if (target.startsWith(`${home?.dir ?? 'infra'}/`)) {
      return isTool(target) && !isTestFile(path) ? broken('a tool is part of no library') : [];
    }
    if (home?.dir === 'test' && target.startsWith('examples/')) return []; // examples are tested
    if (/^services\/[^/]+\/bin\//.test(path) && target.startsWith('infra/')) return []; // the launcher
    return broken(`reaches outside ${home?.dir ?? 'infra'}; import the package by its name`);
  }
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return broken('an absolute path');
  if (isBuiltin(specifier)) {
    const pure = path.startsWith('packages/') && !mayDoIo.some((place) => path.startsWith(place));
    return pure && io.test(specifier) && !isTestFile(path) && !isTool(path)
      ? broken('no I/O in this package')
      : [];
  }
  if (!home) return broken('infra runs before anything is installed');

  const name = packageOf(specifier);
  if (name === home.name) return [];
  const target = house.workspaces.find((workspace) => workspace.name === name);
  if (target) {
    if (!target.exports.includes(`.${specifier.slice(name.length)}`))
      return broken('not exported by that package');
    const why = floorBroken(home.dir, target.dir);
    if (why) return broken(why);
  }
  const declared = isTestFile(path)
    ? [...home.dependencies, ...home.devDependencies, ...house.rootDevDependencies]
    : home.dependencies;
  return declared.includes(name) ? [] : broken(`not declared in ${home.dir}/package.json`);
}

function floorBroken(from: string, to: string): string | undefined {
  if (from === 'test') return undefined;
  // The agent is a program of its own, which the command line also offers.
  if (from === 'services/cli' && to === 'services/agent') return undefined;
  if (!to.startsWith('packages/')) return `${from} may import packages only`;
  if (from.startsWith('services/')) return undefined;
  const below = floors[posix.basename(from)];
  if (!below) return `${from} has no floor yet: give it one in test/architecture/layers.ts`;
  return below.includes(posix.basename(to))
    ? undefined
    : `${from} stands on ${below.join(', ') || 'nothing of ours'}`;
}

/** Where package.json and tsconfig.json differ from what is imported: they name all of it, and nothing else. */
export function disagreements(house: House): string[] {
  return house.workspaces.flatMap((workspace) => [
    ...wrongReferences(house, workspace),
    ...unused(house, workspace),
  ]);
}

function wrongReferences(house: House, { dir, dependencies, devDependencies, references }: Workspace) {
  const declared = [...dependencies, ...devDependencies];
  const ours = house.workspaces.filter(({ name }) => declared.includes(name)).map((other) => other.dir);
  const missing = ours.filter((other) => !references.includes(other));
  const idle = references.filter((other) => !ours.includes(other));
  return [
    ...missing.map((other) => `${dir}/tsconfig.json lacks the reference to ${other}, a dependency`),
    ...idle.map((other) => `${dir}/tsconfig.json references ${other}, which is no dependency`),
  ];
}

function unused(house: House, { dir, dependencies, devDependencies }: Workspace) {
  // What crosses packages may need any of them tomorrow; and building them all is what checks their types.
  if (dir === 'test') return [];
  const files = house.files.filter(({ path }) => path.startsWith(`${dir}/`));
  const used = (among: readonly SourceFile[]) =>
    new Set(among.flatMap(({ text }) => importsOf(text)).map(packageOf));
  const inTests = used(files.filter(({ path }) => isTestFile(path)));
  const inSources = used(files.filter(({ path }) => !isTestFile(path)));
  return [
    ...dependencies
      .filter((name) => !inSources.has(name))
      .map((name) =>
        inTests.has(name)
          ? `${dir}/package.json: only tests import ${name}: it belongs in devDependencies`
          : `${dir}/package.json declares ${name}, which nothing there imports`,
      ),
    ...devDependencies
      // A tool of the root once more is another version of it, which a tool in there needs beside itself.
      .filter((name) => !inTests.has(name) && !house.rootDevDependencies.includes(name))
      .map((name) => `${dir}/package.json declares ${name} for tests, which no test there imports`),
  ];
}

// node infra/pack.mjs [DIR]: the packages that others install, as tarballs for `npm install FILE`. npm run pack does it.
// Here the packages are TypeScript that imports its siblings; outside they are JavaScript with types, and only what
// others keep in registries is a dependency.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { reportSetupError, root, run, SetupError } from './toolchain.mjs';

/** Each with the files behind its exports, in packages/NAME/src, and whether browsers load them. */
const PACKED = {
  client: {
    entries: { '.': 'index.ts' },
    description: 'The HTTP API of apledger as typed calls, and its stream of facts',
  },
  messages: {
    entries: { '.': 'index.ts', './nats': 'subscriptions.ts' },
    description: 'Facts of apledger as messages: envelopes, subjects, and subscriptions over NATS JetStream',
  },
};
const OLDEST_NODE = '>=20.12';
const SCOPE = '@apledger/';
const SPECIFIER = /(\bfrom |\bimport\()(['"])([^'"]+)\2/g;

const manifestOf = (name) => JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));

/** `@apledger/nats/address` as the package and the file of its sources. */
function sourceOf(specifier) {
  const [, name, ...rest] = specifier.split('/');
  const path = manifestOf(name).exports[rest.length === 0 ? '.' : `./${rest.join('/')}`];
  return { name, file: path.replace('./src/', '') };
}

/** Declarations that an entry needs, each with its specifiers made relative; below `into`, one directory for each package. */
function copyTypes(first, into, external) {
  const seen = new Set();
  const waiting = [first];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, file } = next;
    const from = join(name, file.replace(/\.ts$/, ''));
    if (seen.has(from)) continue;
    seen.add(from);
    const text = readFileSync(join(root, 'packages', name, 'dist', file.replace(/\.ts$/, '.d.ts')), 'utf8');
    const written = text.replaceAll(SPECIFIER, (whole, before, quote, specifier) => {
      if (!specifier.startsWith('.') && !specifier.startsWith(SCOPE)) {
        external.add(specifier);
        return whole;
      }
      const to = specifier.startsWith(SCOPE)
        ? sourceOf(specifier)
        : { name, file: join(dirname(file), specifier) };
      waiting.push(to);
      const path = relative(dirname(from), join(to.name, to.file.replace(/\.ts$/, '.js')));
      return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
    });
    const target = join(into, `${from}.d.ts`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, written.replace(/\n\/\/# sourceMappingURL=.*/, ''));
  }
}

/** One module for each entry, with our own packages in it and those of others outside. See pack.vite.mjs. */
async function bundle(name, entries, into, external) {
  const env = { ...process.env, APLEDGER_PACK: JSON.stringify({ name, files: Object.values(entries) }) };
  const args = [
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'infra/pack.vite.mjs',
    '--outDir',
    into,
  ];
  const end = await run(process.execPath, [...args, '--emptyOutDir', '--logLevel', 'error'], {
    cwd: root,
    capture: true,
    env,
  });
  if (end.code !== 0) throw new SetupError(`${name} cannot be bundled:\n${end.output.trim()}`);
  for (const file of readdirSync(into).filter((each) => each.endsWith('.js')))
    for (const [, , , specifier] of readFileSync(join(into, file), 'utf8').matchAll(SPECIFIER))
      if (!specifier.startsWith('.')) external.add(specifier);
}

/** Versions of the packages that specifiers name, as our own packages ask for them. */
function dependenciesOn(specifiers) {
  const known = Object.assign(
    {},
    ...['api', 'client', 'event-log', 'events', 'messages', 'nats'].map(
      (name) => manifestOf(name).dependencies,
    ),
  );
  const names = [...specifiers]
    .filter((specifier) => !isBuiltin(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    );
  return Object.fromEntries(
    [...new Set(names)].sort().map((name) => {
      if (known[name] === undefined) throw new SetupError(`${name} is no dependency of our packages`);
      return [name, `^${known[name]}`];
    }),
  );
}

async function stage(name, { entries, description }, directory) {
  const external = new Set();
  await bundle(name, entries, directory, external);
  for (const file of Object.values(entries)) copyTypes({ name, file }, join(directory, 'types'), external);
  const { version, license } = manifestOf(name);
  const exported = Object.entries(entries).map(([path, file]) => {
    const stem = file.replace(/\.ts$/, '');
    return [path, { types: `./types/${name}/${stem}.d.ts`, default: `./${stem}.js` }];
  });
  const manifest = {
    name: SCOPE + name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: OLDEST_NODE },
    exports: Object.fromEntries(exported),
    dependencies: dependenciesOn(external),
  };
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(root, 'LICENSE'), join(directory, 'LICENSE'));
  copyFileSync(join(root, 'packages', name, 'README.md'), join(directory, 'README.md'));
}

/** The tarballs, one line each on standard output. */
async function pack(directory) {
  mkdirSync(directory, { recursive: true });
  const types = await run(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-b', 'packages/client', 'packages/messages'],
    {
      cwd: root,
      capture: true,
    },
  );
  if (types.code !== 0) throw new SetupError(`the types cannot be made:\n${types.output.trim()}`);
  for (const [name, what] of Object.entries(PACKED)) {
    const staged = mkdtempSync(join(tmpdir(), 'apledger-pack-'));
    try {
      await stage(name, what, staged);
      const packed = await run('npm', ['pack', '--silent', '--pack-destination', directory, staged], {
        cwd: root,
        capture: true,
      });
      if (packed.code !== 0) throw new SetupError(`npm pack: ${packed.output.trim()}`);
      console.log(join(directory, packed.output.trim().split('\n').at(-1)));
    } finally {
      rmSync(staged, { recursive: true, force: true });
    }
  }
}

try {
  await pack(resolve(process.argv[2] ?? join(root, 'dist')));
} catch (error) {
  reportSetupError(error);
}

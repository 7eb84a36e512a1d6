/** `@apledger/client` and `@apledger/messages` as strangers have them: from a tarball, with their types, on an older Node and in a browser. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, inRepository } from '../cli/support.ts';
import { launch } from '../console/browser.ts';
import { describeInBrowser } from '../console/support.ts';
import { type HttpService, startService } from '../http/support.ts';
import { codeBlocks } from '../support/documents.ts';
import { scratch } from '../support/file.ts';
import { olderNode } from '../support/older-node.ts';

const folder = mkdtempSync(join(tmpdir(), 'apledger-packed-'));
/** Where a stranger works. */
const home = join(folder, 'stranger');
const older = olderNode();
let service: HttpService;

const here = (...path: string[]): string => inRepository(join('node_modules', ...path));
const run = (program: string, args: readonly string[], cwd = home): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** What they depend on is taken from this clone, so that no test asks a registry. */
function install(tarballs: readonly string[]): void {
  const packages = tarballs.map((tarball) => join('file:..', 'tarballs', basename(tarball)));
  const [client = '', messages = ''] = packages;
  const foreign = [
    'typebox',
    'eventsource-parser',
    'canonicalize',
    '@nats-io/jetstream',
    '@nats-io/transport-node',
  ];
  const manifest = {
    name: 'stranger',
    private: true,
    type: 'module',
    dependencies: {
      '@apledger/client': client,
      '@apledger/messages': messages,
      ...Object.fromEntries(foreign.map((name) => [name, `file:${here(name)}`])),
    },
  };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']);
}

beforeAll(async () => {
  const made = run(
    process.execPath,
    [inRepository('infra/pack.mjs'), join(folder, 'tarballs')],
    inRepository(''),
  );
  mkdirSync(home);
  install(made.trim().split('\n'));
  const data = scratch();
  await apledger('run', inRepository('examples/01-three-guests.sh'), '--data', data);
  service = await startService('--data', data, '--console', browserFolder());
});
afterAll(async () => {
  service?.process.signal('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Programs of a stranger: the examples of the documents, with the address of this service. */
const programs = {
  'client.ts': () => codeBlocks(inRepository('packages/client/README.md'), 'ts')[0] ?? '',
  'messages.ts': () => `import { subjectFilter, subjectOf } from '@apledger/messages';
console.log(subjectFilter({ host: 'zlp1.bank.example', type: 'QueueReset' }));
console.log(subjectOf({ host: 'zlp1', kind: 'bus', id: '', guest: undefined, type: 'BusScanned' }));
`,
  'subscription.ts': () => codeBlocks(inRepository('packages/messages/README.md'), 'ts')[0] ?? '',
  // With types that let everything through, the error would be missing.
  'wrong.ts': () => `import { Api } from '@apledger/client';
// @ts-expect-error There is no such path.
await new Api('').get('/hots', {});
`,
};

describe(`the packed packages (${'missing' in older ? older.missing : older.version})`, () => {
  beforeAll(() => {
    for (const [name, text] of Object.entries(programs))
      writeFileSync(join(home, name), text().replaceAll('http://127.0.0.1:8642', service.server));
    // A stranger has the types of Node, and so have we.
    mkdirSync(join(home, 'node_modules', '@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types'])
      symlinkSync(here(name), join(home, 'node_modules', name), 'dir');
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023', 'dom'],
      strict: true,
      types: ['node'],
      outDir: 'built',
      rootDir: '.',
    };
    writeFileSync(
      join(home, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: Object.keys(programs) }),
    );
  });

  it('hold nothing but JavaScript, types, a licence and a page to read', () => {
    for (const name of ['client', 'messages']) {
      const files = run('find', [join(home, 'node_modules/@apledger', name), '-type', 'f'])
        .trim()
        .split('\n');
      expect(files.length).toBeGreaterThan(10);
      for (const file of files) expect(file).toMatch(/(?:\.js|\.d\.ts|package\.json|LICENSE|README\.md)$/);
    }
  });

  it('have types with which the examples of the documents compile', () => {
    const compiled = run(process.execPath, [here('typescript/bin/tsc'), '-p', home]);
    expect(compiled).toBe('');
  });

  it.skipIf('missing' in older)('run on an older Node', () => {
    const node = 'program' in older ? older.program : '';
    expect(run(node, ['built/messages.js'])).toBe(
      'apledger.v1.host.zlp1%2Ebank%2Eexample.*.*.*.QueueReset\napledger.v1.host.zlp1.bus.-.-.BusScanned\n',
    );
    const lines = run(node, ['built/client.js']).trim().split('\n');
    expect(lines[0]).toBe('zlp1');
    expect(lines).toContain('1 HostRegistered');
    expect(run(node, ['--input-type=module', '-e', "await import('@apledger/messages/nats')"])).toBe('');
  });
});

/** What the page of a stranger does, who has a bundler: its title says what came of it. */
const PAGE = `import { Api, followFacts } from '@apledger/client';
import { subjectFilter } from '@apledger/messages';

const { hosts } = await new Api('').get('/hosts', {});
const stop = new AbortController();
const types = [];
for await (const delivery of followFacts({ server: '', signal: stop.signal })) {
  if ('fact' in delivery) types.push(delivery.fact.type);
  else stop.abort();
}
document.title = [hosts[0].host, types[0], subjectFilter({ host: hosts[0].host })].join(' ');
`;

/** The page, built: the service serves it in place of the console, under the same policy. */
function browserFolder(): string {
  const page = join(home, 'page');
  mkdirSync(page);
  writeFileSync(
    join(page, 'index.html'),
    '<!doctype html><title></title><script type="module" src="./page.js"></script>',
  );
  writeFileSync(join(page, 'page.js'), PAGE);
  const site = join(folder, 'site');
  const flags = ['--outDir', site, '--logLevel', 'error', '--configLoader', 'native'];
  run(process.execPath, [here('vite/bin/vite.js'), 'build', page, '--target', 'es2024', ...flags]);
  return site;
}

describeInBrowser('the packed packages in a browser', () => {
  it('ask the service that the page is from, follow its facts and know their subjects', async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`${service.server}/`);
      await page.waitForFunction(() => document.title !== '');
      expect(await page.title()).toBe('zlp1 HostRegistered apledger.v1.host.zlp1.*.*.*.*');
    } finally {
      await browser.close();
    }
  });
});

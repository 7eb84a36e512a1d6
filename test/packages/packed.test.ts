/** `@apledger/client` and `@apledger/messages` as strangers have them: from a tarball, with their types, on an older Node and in a browser. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apledger, inRepository } from '../cli/support.ts';
import { launch } from '../console/browser.ts';
import { describeInBrowser } from '../console/support.ts';
import { type HttpService, startService } from '../http/support.ts';
import { scratch } from '../ledger/support.ts';
import { codeBlocks } from '../support/documents.ts';
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
  const foreign = ['typebox', 'eventsource-parser', 'canonicalize', '@nats-io/jetstream', '@nats-io/transport-node'];
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
      exactOptionalPropertyTypes: true,
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
      const [manifest = ''] = run('npm', ['ls', `@apledger/${name}`, '--parseable'])
        .trim()
        .split('\n');
      const files = run('find', [join(home, 'node_modules/@apledger', name), '-type', 'f'])
        .trim()
        .split('\n');
      expect(manifest).not.toBe('');
      for (const file of files) expect(file).toMatch(/(?:\.js|\.d\.ts|package\.json|LICENSE|README\.md)$/);
    }
  });

  it('have types with which the examples of the documents compile', () => {
    const compiled = run(process.execPath, [here('typescript/bin/tsc'), '-p', home]);
    expect(compiled).toBe('');
    writeFileSync(join(home, 'wrong.ts'), programs['client.ts']().replace("'/hosts'", "'/hots'"));
    const wrong = ['--noEmit', '--ignoreConfig', '--module', 'nodenext', '--target', 'es2022', 'wrong.ts'];
    expect(() => run(process.execPath, [here('typescript/bin/tsc'), ...wrong])).toThrow();
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

/** A page of a stranger, who has no bundler: the service serves it beside the packages. */
function browserFolder(): string {
  const site = join(folder, 'site');
  mkdirSync(join(site, 'assets'), { recursive: true });
  symlinkSync(join(home, 'node_modules', '@apledger'), join(site, 'apledger'), 'dir');
  writeFileSync(join(site, 'index.html'), '<!doctype html><title>stranger</title>');
  return site;
}

describeInBrowser('the packed client in a browser', () => {
  it('asks the service that its page is from, and follows its facts', async () => {
    const parser = readFileSync(here('eventsource-parser/dist/stream.js'), 'utf8');
    const client = readFileSync(join(home, 'node_modules/@apledger/client/index.js'), 'utf8');
    const messages = readFileSync(join(home, 'node_modules/@apledger/messages/index.js'), 'utf8');
    const browser = await launch();
    try {
      const page = await (await browser.newContext({ bypassCSP: true })).newPage();
      const scripts: Readonly<Record<string, string>> = {
        'client.js': client.replaceAll('eventsource-parser/stream', '/stranger/stream.js'),
        'messages.js': messages,
        'stream.js': parser,
      };
      await page.route('**/stranger/*', (route) => {
        const name = basename(new URL(route.request().url()).pathname);
        const chunk =
          scripts[name] ??
          readFileSync(join(dirname(here('eventsource-parser/dist/stream.js')), name), 'utf8');
        return route.fulfill({ contentType: 'text/javascript', body: chunk });
      });
      await page.goto(`${service.server}/`);
      const seen = await page.evaluate(async () => {
        const { Api, followFacts } = await import(`${location.origin}/stranger/client.js`);
        const { hosts } = await new Api('').get('/hosts', {});
        const stop = new AbortController();
        const types: string[] = [];
        for await (const delivery of followFacts({ server: '', after: 0, signal: stop.signal })) {
          if ('fact' in delivery) types.push(delivery.fact.type);
          else stop.abort();
        }
        return { host: hosts[0].host, first: types[0] };
      });
      expect(seen).toEqual({ host: 'zlp1', first: 'HostRegistered' });
    } finally {
      await browser.close();
    }
  });
});

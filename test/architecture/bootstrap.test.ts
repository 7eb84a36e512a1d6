import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from './sources.ts';

const lock = { packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } } };

/** In place of npm: notes the call, and installs what the bootstrap then looks for. */
const npm = `#!/bin/sh
echo "$1" >> "$HOUSE/npm-calls"
[ -n "$NPM_FAILS" ] && { echo "npm error no network"; exit 7; }
sleep 0.2
case "$1" in
  ci) mkdir -p node_modules/vite/bin && cp vite.mjs node_modules/vite/bin/vite.js
    cp package-lock.json node_modules/.package-lock.json ;;
  install)
    for word in "$@"; do case "$word" in node-*@24) package="\${word%@24}" ;; esac; done
    mkdir -p "node_modules/$package/bin" && ln -s "$NODE" "node_modules/$package/bin/node" ;;
esac
`;

const main = `import 'node:sqlite';
export async function main(argv: string[]): Promise<number> {
  console.log(argv.join(' '));
  if (argv.includes('--wait')) await new Promise<void>((resolve) => {
    const hold = setInterval(() => {}, 1000);
    process.once('SIGTERM', () => { console.log('told to stop'); clearInterval(hold); resolve(); });
    console.log('waiting');
  });
  return argv[0] === 'demo' ? 0 : 3;
}
`;

const service = `console.log(['ledger', ...process.argv.slice(2)].join(' '));
process.exitCode = 3;
`;

/** In place of the bundler. */
const vite = `import { writeFileSync } from 'node:fs';
writeFileSync(process.argv[process.argv.indexOf('--outDir') + 1] + '/index.html', 'built');
`;

/** Makes this Node look too old. */
const old = '--no-experimental-strip-types';
const on = (arch: string) =>
  `--import=data:text/javascript,Object.defineProperty(process,"arch",{value:"${arch}"})`;
const prebuilt = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

describe('infra/bootstrap.mjs', () => {
  let house: string;

  beforeEach(() => {
    house = mkdtempSync(join(tmpdir(), 'apledger-house-'));
    for (const path of ['infra', 'services/cli/bin', 'services/ledger/bin'])
      cpSync(join(root, path), join(house, path), { recursive: true });
    for (const path of ['services/cli/src', 'services/ledger/src', 'services/console'])
      mkdirSync(join(house, path), { recursive: true });
    writeFileSync(join(house, 'services/ledger/src/main.ts'), service);
    writeFileSync(join(house, 'services/console/package.json'), '{}');
    mkdirSync(join(house, 'bin'));
    writeFileSync(join(house, 'services/cli/src/main.ts'), main);
    writeFileSync(join(house, 'vite.mjs'), vite);
    writeFileSync(join(house, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(house, 'package-lock.json'), JSON.stringify(lock));
    writeFileSync(join(house, 'bin/npm'), npm);
    chmodSync(join(house, 'bin/npm'), 0o755);
  });
  afterEach(() => rmSync(house, { recursive: true, force: true }));

  const launch = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawn(process.execPath, args, {
      cwd: house,
      env: {
        PATH: [join(house, 'bin'), '/usr/bin', '/bin'].join(delimiter),
        HOUSE: house,
        NODE: process.execPath,
        // Which ports are taken on this machine is nothing to these tests.
        APLEDGER_PORT: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const ended = (child: ReturnType<typeof launch>) =>
    new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
      let out = '';
      let err = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
      child.on('close', (code) => resolve({ code, out, err }));
    });
  const run = (args: string[], env?: NodeJS.ProcessEnv) => ended(launch(args, env));
  const npmCalls = () => {
    const path = join(house, 'npm-calls');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };
  const start = ['infra/bootstrap.mjs', 'start'];
  const launcher = 'services/cli/bin/apledger.mjs';

  it('installs the locked packages and builds the console once, and passes arguments and exit status on', async () => {
    const first = await run([...start, '--port', '80', '--data', 'd']);
    const out = 'demo --data d\nledger --port 80 --data d\n';
    expect(first).toMatchObject({ code: 3, out, err: expect.stringContaining('npm ci') });
    expect(readFileSync(join(house, 'services/console/dist/index.html'), 'utf8')).toBe('built');
    expect(await run(start)).toEqual({ code: 3, out: 'demo\nledger\n', err: '' });
    expect(npmCalls()).toEqual(['ci']);
  });

  it('starts a service so that it gives memory back, and leaves what was set', async () => {
    writeFileSync(
      join(house, 'services/ledger/src/main.ts'),
      `const { MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_ } = process.env;
      console.log(MALLOC_ARENA_MAX, MALLOC_MMAP_THRESHOLD_, process.env.NODE_OPTIONS);`,
    );
    const ledger = (env?: NodeJS.ProcessEnv) => run(['infra/bootstrap.mjs', 'ledger'], env);
    expect((await ledger()).out).toBe('2 32768 --max-semi-space-size=8\n');
    const own = { MALLOC_ARENA_MAX: '7', NODE_OPTIONS: '--max-semi-space-size=16' };
    expect((await ledger(own)).out).toBe('7 32768 --max-semi-space-size=8 --max-semi-space-size=16\n');
  });

  it.each([
    ['test', 'undefined'],
    ['test:long', '1'],
  ])('%s tells vitest how long loops are, and hears from it how many tests passed', async (target, long) => {
    await run(start); // there are packages then
    mkdirSync(join(house, 'node_modules/vitest'), { recursive: true });
    writeFileSync(
      join(house, 'node_modules/vitest/vitest.mjs'),
      `import { writeFileSync } from 'node:fs';
      console.log('long:', process.env.APLEDGER_LONG);
      writeFileSync(process.env.APLEDGER_COUNTS, '{ "passed": 3, "failed": 0, "skipped": 0 }');`,
    );
    const { code, out } = await run(['infra/bootstrap.mjs', target, 'test/some']);
    expect({ code, out }).toEqual({ code: 0, out: `long: ${long}\n3 passed, 0 failed\n` });
  });

  it('says that the port is taken before anything is played', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, out, err } = await run([...start, '--port', String(port)]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`port ${port} is taken`);
    other.close();
  });

  it('installs again when the lock has changed', async () => {
    await run(start);
    writeFileSync(join(house, 'package-lock.json'), JSON.stringify(lock).replace('1.0.0', '1.0.1'));
    await run(start);
    expect(npmCalls()).toEqual(['ci', 'ci']);
  });

  it('installs once when two start at a time', async () => {
    const both = await Promise.all([run(start), run([launcher, 'x'])]);
    expect(both.map(({ code }) => code)).toEqual([3, 3]);
    expect(npmCalls()).toEqual(['ci']);
  });

  it('takes over from an installer that was killed', async () => {
    const gone = launch(['--version']);
    await ended(gone);
    mkdirSync(join(house, '.cache'));
    writeFileSync(join(house, '.cache/installing'), String(gone.pid));
    expect(await run(start)).toMatchObject({ code: 3 });
    expect(existsSync(join(house, '.cache/installing'))).toBe(false);
  });

  it('shows what npm says when it fails, and the command to type', async () => {
    const { code, err } = await run(start, { NPM_FAILS: '1' });
    expect(code).toBe(1);
    expect(err).toContain('npm error no network');
    expect(err).toMatch(/npm ci exited with 7.*\n {2}cd \S+ && npm ci\n$/);
  });

  it('says that npm is missing', async () => {
    const { code, err } = await run(start, { PATH: join(house, 'empty') });
    expect(code).toBe(1);
    expect(err).toMatch(/npm is not on the PATH/);
  });

  it('installs nothing under APLEDGER_NO_INSTALL=1', async () => {
    const { code, err } = await run([old, ...start], { APLEDGER_NO_INSTALL: '1' });
    expect(code).toBe(1);
    expect(err).toMatch(/ {2}cd \S+ && npm ci\n$/);
    if (prebuilt)
      expect(err).toMatch(
        / {2}npm install --prefix \S+\.cache\/node --no-save --ignore-scripts node-\S+@24\n/,
      );
    expect(npmCalls()).toEqual([]);
    expect(existsSync(join(house, '.cache'))).toBe(false);
  });

  it.runIf(prebuilt)('gets a Node when this one is too old, and keeps it', async () => {
    const first = await run([old, launcher, 'matrix', '--json']);
    expect(first).toMatchObject({ code: 3, out: 'matrix --json\n', err: expect.stringContaining('190 MB') });
    expect(await run([old, launcher, 'matrix'])).toEqual({ code: 3, out: 'matrix\n', err: '' });
    expect(npmCalls()).toEqual(['install', 'ci']);
  });

  it('asks for the Node of the distribution where npm has none', async () => {
    const { code, err } = await run([old, on('s390x'), ...start]);
    expect(code).toBe(1);
    expect(err).toContain("Install the distribution's Node >= 22.18");
    expect(npmCalls()).toEqual([]);
  });

  it.each([
    ['in this process', []],
    ['in another', [...(prebuilt ? [old] : [])]],
  ])('hands SIGTERM on to what runs %s', async (_, flags) => {
    const child = launch([...flags, launcher, '--wait']);
    const end = ended(child);
    child.stdout.on('data', (text: string) => {
      if (text.includes('waiting')) child.kill('SIGTERM');
    });
    expect(await end).toMatchObject({ code: 3, out: '--wait\nwaiting\ntold to stop\n' });
  });

  it('builds the console again when it was edited during the build', async () => {
    const edits = `import { appendFileSync } from 'node:fs';
if (process.argv[3].endsWith('console')) appendFileSync(process.env.HOUSE + '/services/console/index.html', 'x');
`;
    writeFileSync(join(house, 'vite.mjs'), edits + vite);
    await run(start);
    await run(start);
    expect(readFileSync(join(house, 'services/console/index.html'), 'utf8')).toBe('xx');
  });

  describe('programs put together', () => {
    const source = 'services/cli/src/main.ts';
    const bundle = '.cache/programs';
    beforeEach(async () => {
      await run([launcher, '--first']); // so that the packages are there
      mkdirSync(join(house, bundle), { recursive: true });
      writeFileSync(
        join(house, bundle, 'services-cli-src-main.js'),
        "export const main = () => { console.log('put together'); };\n",
      );
      writeFileSync(join(house, bundle, 'sources.json'), JSON.stringify([source]));
    });
    const at = (seconds: number, path: string) => utimesSync(join(house, path), seconds, seconds);
    const printed = async () => (await run([launcher, '--again'])).out;

    it('run in place of their sources while they are newer', async () => {
      expect(await printed()).toBe('put together\n');
    });

    it.each([source, 'package-lock.json'])('do not run once %s is newer', async (path) => {
      at(Date.now() / 1000 + 60, path);
      expect(await printed()).toBe('--again\n');
    });

    it.each([
      ['is gone', () => rmSync(join(house, source))],
      ['says nothing', () => writeFileSync(join(house, bundle, 'sources.json'), '{')],
    ])('do not run when what says of what they are made %s', async (_, damage) => {
      damage();
      expect(await printed()).not.toContain('put together');
    });
  });

  it('dies of the signal that its child died of', async () => {
    writeFileSync(join(house, 'services/cli/src/main.ts'), "process.kill(process.pid, 'SIGKILL');\n");
    const child = launch(start);
    await ended(child);
    expect(child.signalCode).toBe('SIGKILL');
  });

  describe('tests.mjs, before vitest begins', () => {
    const program = `import { chooseSeed, ensureReady } from './infra/tests.mjs';
try { ensureReady(); chooseSeed(); console.log('seed', process.env.APLEDGER_SEED); }
catch (error) { console.log(error.message); }
`;
    /** Of this platform, as the bootstrap would have installed it. */
    const cachedNode = () => join(house, `.cache/node/node_modules/node-linux-${process.arch}/bin/node`);
    beforeEach(() => {
      writeFileSync(join(house, 'program.mjs'), program);
      mkdirSync(join(house, 'node_modules/vitest'), { recursive: true });
    });

    it('says what to type where nothing is installed', async () => {
      const typeThis = expect.stringMatching(/ {2}npm test -- PATH\n$/);
      expect(await run([old, 'program.mjs'])).toMatchObject({ out: typeThis });
      rmSync(join(house, 'node_modules'), { recursive: true });
      expect(await run(['program.mjs'])).toMatchObject({ out: typeThis });
    });

    it.runIf(prebuilt)('hands over to the Node in .cache where this one is too old', async () => {
      mkdirSync(join(cachedNode(), '..'), { recursive: true });
      writeFileSync(cachedNode(), '#!/bin/sh\necho "$@"; exit 3\n', { mode: 0o755 });
      const { code, out } = await run([old, 'program.mjs', 'run', 'a b']);
      expect(code).toBe(3);
      expect(out).toMatch(/ \S+\/program\.mjs run a b\n$/);
    });

    it('chooses one seed, another one for long runs, and takes a given one', async () => {
      const seed = async (env: NodeJS.ProcessEnv) => (await run(['program.mjs'], env)).out;
      expect(await seed({})).toBe(await seed({}));
      expect(await seed({ APLEDGER_LONG: '1' })).not.toBe(await seed({ APLEDGER_LONG: '1' }));
      expect(await seed({ APLEDGER_SEED: '12', APLEDGER_LONG: '1' })).toBe('seed 12\n');
      expect(await seed({ APLEDGER_SEED: 'luck' })).toMatch(/^APLEDGER_SEED=luck: not a number below/);
      expect((await run(['program.mjs'], { APLEDGER_SEED: '12' })).err).toContain('APLEDGER_SEED=12');
    });
  });

  it('lists its targets', async () => {
    const { code, err } = await run(['infra/bootstrap.mjs', 'toString']);
    expect(code).toBe(2);
    expect(err).toContain('one of: start, console, test, test:long, check, format, bench, mutants, docs');
  });
});

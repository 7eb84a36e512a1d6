/** What all commands share: definitions that documents are made from, remarks, variables, standard input, and tables that fit. */
import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '@apledger/cli';
import { manualPage } from '@apledger/command-line';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const BIN = inRepository('services/cli/bin/apledger.mjs');
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** As a process, with a standard input of its own. */
function started(args: readonly string[], { input = '' }: { readonly input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], { input, encoding: 'utf8' });
  return { status, out: stdout, err: stderr };
}

describe('the definitions', () => {
  it.each(program.commands.map((command) => [command.name, command] as const))(
    '%s has examples that name it',
    (name, { examples = [] }) => {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(example).toContain(`apledger ${name}`);
    },
  );

  it('are what the manual page in the repository was made from', () => {
    expect(readFileSync(inRepository('services/cli/man/apledger.1'), 'utf8')).toBe(manualPage(program));
  });

  it('name every variable in the document', () => {
    const document = readFileSync(inRepository('docs/command-line.md'), 'utf8');
    for (const name of Object.keys(program.environment ?? {})) expect(document).toContain(`| \`${name}\` |`);
  });
});

describe('a log of many hosts', () => {
  let data: string;
  beforeAll(async () => {
    data = scratch();
    const hosts = range(40).map((n) => `host prod${String(n).padStart(2, '0')} adapters=5 domains=4\n`);
    const large = `host z16.bank.example adapters=0-15 domains=0-84 driver=7.3
echo -0-3 > /sys/bus/ap/apmask
echo 11111111-1111-4111-8111-111111111111 > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111
echo 0 > assign_adapter
${range(60)
  .map((n) => `echo ${n} > assign_domain\n`)
  .join('')}guest start web 11111111-1111-4111-8111-111111111111
`;
    const { status, err } = await apledger('run', '--data', data, file('many.sh', hosts.join('') + large));
    expect({ status, err }).toEqual({ status: 0, err: '' });
  });

  it('lists them', async () => {
    const { out } = await apledger('hosts', '--data', data);
    expect(out.split('\n')).toHaveLength(42);
    expect(out).toMatch(/^prod00 {12}revision 6, position 7, \d{4}-/);
    expect(objects((await apledger('hosts', '--find', 'BANK', '--json', '--data', data)).out)).toMatchObject([
      { host: 'z16.bank.example' },
    ]);
    expect(await apledger('hosts', '--find', 'nosuch', '--data', data)).toMatchObject({
      status: 0,
      out: '',
      err: 'There is no host with nosuch in its name.\n',
    });
    expect((await apledger('hosts', '--at', '21', '--json', '--data', data)).out.split('\n')).toHaveLength(4);
  });

  it('is never printed whole in an error', async () => {
    for (const args of [
      ['show', 'host', 'prox'],
      ['events', '--host', 'prox'],
      ['export', 'prox'],
      ['what-if', 'scan', '--host', 'prox'],
      ['what-if', 'scan'],
      ['exposure', '--to', '0'],
    ]) {
      const { err, status } = await apledger(...args, '--data', data);
      expect(status).toBeGreaterThan(0);
      expect(err.length).toBeLessThan(600);
    }
    expect((await apledger('show', 'host', 'prox', '--data', data)).err).toMatch(
      /^apledger: There is no host prox\. There are 41, among them prod00, .*; apledger hosts lists them\.\n$/,
    );
  });

  it('is drawn on a page, whatever the size of the host is', async () => {
    for (const args of [
      ['show', 'host', 'z16.bank.example'],
      ['show', 'mdev'],
      ['show', 'guest', 'web'],
    ]) {
      const { out, status } = await apledger(...args, '--data', data);
      expect(status).toBe(0);
      for (const line of out.split('\n').filter((each) => each.startsWith(' ')))
        expect(line.length).toBeLessThanOrEqual(100);
    }
    const { out } = await apledger('show', 'host', 'z16.bank.example', '--data', data);
    expect(out).toContain(`       0123456789abcdef 0123456789abcdef`);
    expect(out).toContain(`    00 ${'v'.repeat(16)} ${'v'.repeat(16)}`);
    expect(out).toContain(`    0f ${'z'.repeat(16)} `);
    expect((await apledger('show', 'guest', 'web', '--data', data)).out).toContain(
      '    60 queues: adapters 00\n    with each of the domains 00-3b\n',
    );
  });

  it('knows a host with dots in its name everywhere', async () => {
    const host = 'z16.bank.example';
    expect((await apledger('custody', '0.3', '--host', host, '--data', data)).out).toContain(
      `00.0003 on host ${host}`,
    );
    const facts = objects((await apledger('events', '--host', host, '--json', '--data', data)).out);
    expect(facts[0]).toMatchObject({ stream: `host-${host}`, type: 'HostRegistered' });
    expect((await apledger('replay', '--host', host, '--data', data)).out).toContain(`  ${host}  by `);
    expect((await apledger('verify', '--data', data)).status).toBe(0);
    for (const name of ['a..b', '.a', 'a.', 'a/b', `${'a'.repeat(62)}.b`]) {
      const { status, err } = await apledger('run', file('a.sh', `host ${name} adapters=1 domains=1\n`));
      expect({ name, status }).toEqual({ name, status: 2 });
      expect(err).toContain('single dots between them, at most 63');
    }
  });
});

describe('remarks', () => {
  it('are left out by -q, before and after the command; errors are not', async () => {
    const data = scratch();
    await apledger('run', '--data', data, file('a.sh', 'host h adapters=5 domains=4\n'));
    const asked = ['diff', '--from', '0', '--data', data];
    expect((await apledger(...asked)).err).toMatch(/^What differs /);
    expect((await apledger('-q', ...asked)).err).toBe('');
    expect((await apledger(...asked, '--quiet')).err).toBe('');
    expect((await apledger('-q', 'show', 'host', 'x', '--data', data)).err).toContain('There is no host x.');
  });

  it('say that a run without a log keeps nothing', async () => {
    const script = file('a.sh', 'host h adapters=5 domains=4\n');
    expect((await apledger('run', script)).err).toBe(
      'apledger run: nothing was kept; --data DIR appends to a log\n',
    );
    expect((await apledger('-q', 'run', script)).err).toBe('');
  });
});

describe('the environment', () => {
  /** In an environment that has these variables; undefined takes one away. */
  async function inEnvironment(env: Readonly<Record<string, string | undefined>>, ...args: string[]) {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    try {
      return await apledger(...args);
    } finally {
      vi.unstubAllEnvs();
    }
  }

  it('and the configuration file name the service that is asked, and options count before them', async () => {
    const config = file('config', '# of a test\nAPLEDGER_SERVER=http://127.0.0.1:9\n');
    for (const env of [
      { APLEDGER_SERVER: 'http://127.0.0.1:9' },
      { APLEDGER_SERVER: undefined, APLEDGER_CONFIG: config },
    ]) {
      expect(await inEnvironment(env, 'hosts')).toMatchObject({
        status: 2,
        err: expect.stringContaining(':9: '),
      });
      const given = await inEnvironment(env, 'hosts', '--server', 'http://127.0.0.1:11');
      expect(given.err).toContain(':11: ');
      expect((await inEnvironment(env, 'hosts', '--data', '/nowhere')).err).toContain('there is no log');
      const script = file('a.sh', 'host h adapters=5 domains=4\n');
      expect((await inEnvironment(env, 'run', script)).status).toBe(0);
    }
    const both = { APLEDGER_CONFIG: config, APLEDGER_SERVER: 'http://127.0.0.1:11' };
    expect((await inEnvironment(both, 'hosts')).err).toContain(':11: ');
  });

  it('has no file in a place that the user cannot look into, as with the HOME of another one', async () => {
    const home = scratch();
    symlinkSync('apledger', join(home, 'apledger')); // leads nowhere, for root too
    const env = { APLEDGER_CONFIG: undefined, XDG_CONFIG_HOME: home };
    expect((await inEnvironment(env, 'run', file('a.sh', 'host h adapters=5 domains=4\n'))).status).toBe(0);
  });

  it('a file with a misspelt name, or that is not there, is an error', async () => {
    const config = file('config', 'APLEDGER_SEVER=http://127.0.0.1:9\n');
    expect(await inEnvironment({ APLEDGER_CONFIG: config }, 'hosts')).toMatchObject({
      status: 2,
      err: expect.stringContaining(`${config}: APLEDGER_SEVER is not a variable of apledger; there are `),
    });
    const env = { APLEDGER_CONFIG: join(scratch(), 'nothing') };
    expect((await inEnvironment(env, 'hosts')).err).toContain('$APLEDGER_CONFIG, ');
  });

  it.each(['APLEDGER_SERVER http://127.0.0.1:9', 'APLEDGER_DATA: /x', 'foo'])(
    'a file with the line %s is an error, which does not repeat it: it may be a secret',
    async (wrong) => {
      const config = file('config', `# = of a test\n\nAPLEDGER_TOKEN="a\nb"\n${wrong}\nAPLEDGER_SIGNER=x\n`);
      expect(await inEnvironment({ APLEDGER_CONFIG: config }, 'hosts')).toEqual({
        status: 2,
        out: '',
        err: `apledger: ${config}: line 5 is not NAME=value. Lines that say nothing begin with #.\n`,
      });
    },
  );

  it('--version prints the version', async () => {
    const { version } = JSON.parse(readFileSync(inRepository('services/cli/package.json'), 'utf8'));
    expect(await apledger('--version')).toEqual({ status: 0, out: `apledger ${version}\n`, err: '' });
  });

  it('a server without a scheme is refused with the right address', async () => {
    expect((await apledger('hosts', '--server', '127.0.0.1:8642')).err).toContain(
      'write http://127.0.0.1:8642 or https://127.0.0.1:8642.',
    );
  });
});

describe('-', () => {
  it('is standard input for scripts, steps, heads and plans', () => {
    const data = scratch();
    const place = ['--data', data];
    expect(started(['run', '-', ...place], { input: 'host h adapters=5 domains=4\n' }).status).toBe(0);
    const steps = '# what would it do\n\necho -5 > /sys/bus/ap/apmask\nscan\n';
    const { out } = started(['what-if', '-', '--json', ...place], { input: steps });
    expect(JSON.parse(out).steps).toMatchObject([{ step: 'echo -5 > /sys/bus/ap/apmask' }, { step: 'scan' }]);
    const heads = started(['verify', '--json', ...place]).out;
    expect(started(['verify', '--heads', '-', ...place], { input: heads }).out).toContain('1 head compared');
    const plan = started(['export', 'h', ...place]).out;
    expect(started(['plan', '-', ...place], { input: plan }).out).toContain('Nothing has to be done.');
    expect(started(['verify', '--heads', '/nowhere', ...place]).err).toContain('--heads /nowhere: ENOENT');
  });
});

describe('a queue', () => {
  it('is read as people write it, and several at once', async () => {
    const data = scratch();
    await apledger('run', '--data', data, file('a.sh', 'host h adapters=5 domains=4,0x47\n'));
    for (const text of ['05.0047', '5.47', '05.47', '0x05.0x47', '05,47'])
      expect((await apledger('custody', text, '--data', data)).out).toContain('05.0047 on host h');
    const both = await apledger('custody', '5.4', '5.47', '--json', '--data', data);
    expect(objects(both.out)).toMatchObject([{ apqn: '05.0004' }, { apqn: '05.0047' }]);
    const one = await apledger('custody', '7.7', '5.47', '--data', data);
    expect(one).toMatchObject({ status: 1, err: expect.stringContaining('There is no queue 07.0007') });
    expect(one.out).toContain('05.0047 on host h');
    expect(await apledger('custody', '5', '5.47', '--data', data)).toMatchObject({ status: 2, out: '' });
  });
});

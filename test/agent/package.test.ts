/** The Debian package of the agent: it is built, its units are looked at by systemd-analyze, and its programs run on an old Node. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { olderNode } from '../support/older-node.ts';

const repository = new URL('../../', import.meta.url).pathname;
const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const UNITS = '/usr/lib/systemd/system';
const isDebian = has('dpkg-deb');

describe.skipIf(!isDebian)(
  `the package of the agent${isDebian ? '' : ' (skipped: apt-get install dpkg)'}`,
  () => {
    const scratch = mkdtempSync(join(tmpdir(), 'apledger-package-'));
    const root = join(scratch, 'root');
    const older = olderNode();
    const node = 'missing' in older ? process.execPath : older.program;

    beforeAll(() => {
      const path = execFileSync(process.execPath, ['infra/agent-deb.mjs', scratch], {
        cwd: repository,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
      execFileSync('dpkg-deb', ['--extract', path, root]);
      execFileSync('dpkg-deb', ['--control', path, join(scratch, 'control')]);
    });
    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    const run = (program: string, args: readonly string[], input = '') =>
      spawnSync(node, [join(root, 'usr/lib/apledger-agent/lib', program), ...args], {
        encoding: 'utf8',
        input,
      });

    it('has nothing of this workplace, and programs that may be executed', () => {
      const lib = join(root, 'usr/lib/apledger-agent/lib');
      for (const name of readdirSync(lib, { recursive: true, encoding: 'utf8' }))
        if (name.endsWith('.js')) expect(readFileSync(join(lib, name), 'utf8')).not.toContain(repository);
      for (const program of [
        'usr/bin/apledger-agent',
        'usr/bin/apledger-agent-writer',
        'usr/lib/mdevctl/scripts.d/notifiers/apledger.sh',
        'usr/lib/apledger-agent/audit-rules',
      ])
        expect(statSync(join(root, program)).mode & 0o777).toBe(0o755);
      expect(readFileSync(join(scratch, 'control/control'), 'utf8')).toContain('Depends: nodejs (>= 20.11)');
    });

    it(`runs on an older Node (${'missing' in older ? older.missing : older.version})`, () => {
      const help = run('main.js', ['--help']);
      expect([help.status, help.stderr]).toEqual([0, '']);
      expect(help.stdout).toContain('--check');
    });

    it('ends without a word when nobody reads its output any more', async () => {
      const child = spawn(node, [join(root, 'usr/lib/apledger-agent/lib/main.js'), '--help']);
      child.stdout.destroy();
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (data: string) => {
        said += data;
      });
      const [status] = await once(child, 'close');
      expect([status, said]).toEqual([141, '']);
    });

    it('says what is missing here, and has status 2 where there is no AP bus', () => {
      const nothing = ['sysfs', 'proc', 'etc', 'dev', 'run'].flatMap((name) => [
        `--${name}`,
        join(scratch, 'none'),
      ]);
      const { status, stdout } = run('main.js', [
        '--check',
        '--json',
        '--host',
        'zlp1',
        '--ledger',
        'http://127.0.0.1:1',
        ...nothing,
      ]);
      expect(status).toBe(2);
      const features = stdout
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text));
      expect(features[0]).toMatchObject({ feature: 'masks, queues and mdevs', works: 'no' });
      expect(features.every(({ why }) => why !== '')).toBe(true);
    });

    it('has a writer that begins nothing it cannot finish', () => {
      const none = join(scratch, 'none');
      const { stdout } = run('writer/main.js', ['--sysfs', none, '--run', none], '{"file":"/etc/passwd"}');
      expect(JSON.parse(stdout)).toMatchObject({ outcome: 'not-begun' });
    });

    const canVerify = existsSync(UNITS) && has('systemd-analyze');
    it.skipIf(!canVerify)('has units in which systemd-analyze verify finds nothing wrong', () => {
      cpSync(UNITS, join(root, 'usr/lib/systemd/system'), {
        recursive: true,
        force: false,
        verbatimSymlinks: true,
      });
      const units = [
        'apledger-agent.service',
        'apledger-writer.socket',
        'apledger-writer@1.service',
        'apledger-audit.service',
      ];
      const { status, stderr } = spawnSync(
        'systemd-analyze',
        ['verify', '--man=no', `--root=${root}`, ...units],
        {
          encoding: 'utf8',
        },
      );
      expect([status, stderr.split('\n').filter((text) => text.includes('apledger'))]).toEqual([0, []]);
    });

    it('has no setting that blinds the agent or stops Node', () => {
      const settings = readFileSync(join(root, 'usr/lib/systemd/system/apledger-agent.service'), 'utf8')
        .split('\n')
        .filter((text) => !text.startsWith('#'));
      for (const bad of [
        'PrivateNetwork',
        'MemoryDenyWriteExecute',
        'ProtectProc',
        'ProcSubset',
        'PrivateUsers',
        'PrivateDevices',
      ])
        expect(settings.filter((text) => text.startsWith(`${bad}=`))).toEqual([]);
      expect(settings).toEqual(
        expect.arrayContaining(['User=apledger', 'Type=notify', 'NotifyAccess=all', 'AmbientCapabilities=']),
      );
    });
  },
);

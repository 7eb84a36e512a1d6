/** Who did it, from the sources themselves: mdevctl's notifier script, the lock of chzdev, and auditd's socket. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvidenceKeeper, watchEvidence } from '@apledger/agent/who';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const packaging = new URL('../../services/agent/packaging/', import.meta.url).pathname;
const UUID = '11111111-1111-4111-8111-111111111111';

let root: string;
let evidence: EvidenceKeeper | undefined;
let server: Server | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'apledger-who-'));
  for (const folder of ['run/lock', 'run/apledger/notifier', 'run/audit', 'etc', 'proc/901'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'anna:x:1000:1000::/home/anna:/bin/sh\n');
});
afterEach(() => {
  evidence?.close();
  server?.close();
  rmSync(root, { recursive: true, force: true });
});

const watch = (): EvidenceKeeper => {
  const [sysfs, proc, etc, dev, run] = ['sys', 'proc', 'etc', 'dev', 'run'].map((name) =>
    join(root, name),
  ) as [string, string, string, string, string];
  evidence = watchEvidence({ sysfs, proc, etc, dev, run }, { onProblem: () => {} });
  return evidence;
};
const about = { files: [], mdevs: [UUID] };
const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString();
const now = (): string => new Date().toISOString();

/** The script as a child of a shell that stands for mdevctl. */
const notify = (args: string, env: Readonly<Record<string, string>> = {}) =>
  spawnSync(
    'sh',
    ['-c', `${join(packaging, 'mdevctl-notifier.sh')} ${args}; echo "status $?"`, 'mdevctl', 'start'],
    {
      encoding: 'utf8',
      env: { ...process.env, APLEDGER_NOTIFIER_SPOOL: join(root, 'run/apledger/notifier'), ...env },
    },
  );
const ARGS = `-t vfio_ap-passthrough -e notify -a start -s success -u ${UUID} -p matrix`;

describe("mdevctl's notifier", () => {
  it('leaves a note that names the process that called it, and prints nothing', async () => {
    const before = minuteAgo();
    expect(notify(ARGS, { SUDO_USER: 'anna' }).stdout).toBe('status 0\n');
    const testimony = await watch().evidenceFor({ notBefore: before, notAfter: now() }, about);
    expect(testimony.evidence).toMatchObject([{ source: 'notifier', pid: expect.any(Number) }]);
    expect(testimony.evidence[0]?.text).toMatch(/^start success sh -c .*mdevctl-notifier\.sh/);
    expect(readdirSync(join(root, 'run/apledger/notifier'))).toEqual([]);
  });

  it.each([
    ['other mdevs', '-t i915-GVTg_V5_4 -e notify -a start -s success -u x -p p'],
    ['other events', `-t vfio_ap-passthrough -e pre -a start -s none -u ${UUID} -p matrix`],
    ['nothing', ''],
    ['an odd word', '-t'],
  ])('succeeds without a note for %s', (_, args) => {
    expect(notify(args).stdout).toBe('status 0\n');
    expect(readdirSync(join(root, 'run/apledger/notifier'))).toEqual([]);
  });

  it('succeeds where there is no agent, and does not fill a spool that nobody reads', () => {
    const spool = join(root, 'run/apledger/notifier');
    for (let count = 0; count < 1000; count++) writeFileSync(join(spool, `${count}.note`), '');
    expect(notify(ARGS).stdout).toBe('status 0\n');
    expect(readdirSync(spool).length).toBe(1000);
    rmSync(spool, { recursive: true });
    expect(notify(ARGS).stdout).toBe('status 0\n');
    expect(existsSync(spool)).toBe(false);
  });

  it('cannot be made to write elsewhere, nor a note to name another', async () => {
    notify(`-t vfio_ap-passthrough -e notify -a start -s success -p matrix -u '../../x
loginuid 1000'`);
    expect((await watch().evidenceFor({ notBefore: minuteAgo(), notAfter: now() }, about)).evidence).toEqual(
      [],
    );
  });
});

describe('the lock of chzdev', () => {
  const hold = (program: string): void => {
    writeFileSync(join(root, 'proc/901/loginuid'), '1000');
    writeFileSync(join(root, 'proc/901/cmdline'), `${program}\0ap\0`);
    writeFileSync(join(root, 'run/lock/s390apconfig.lock'), '901\n');
  };

  it('names who holds it', async () => {
    hold('/usr/sbin/chzdev');
    const testimony = await watch().evidenceFor({ notBefore: minuteAgo(), notAfter: now() }, about);
    expect(testimony).toMatchObject({
      certainty: 'certain',
      actor: 'anna',
      evidence: [{ source: 'lock', pid: 901, text: '/usr/sbin/chzdev ap' }],
    });
  });

  it('is no evidence when lszdev has it, which only reads', async () => {
    hold('/usr/sbin/lszdev');
    expect((await watch().evidenceFor({ notBefore: minuteAgo(), notAfter: now() }, about)).evidence).toEqual(
      [],
    );
  });
});

describe("auditd's socket", () => {
  it('tells who opened a file for writing', async () => {
    const socket = new Promise<Socket>((resolve) => {
      server = createServer(resolve).listen(join(root, 'run/audit/audispd_events'));
    });
    const keeper = watch();
    const open = await socket;
    const at = (Date.now() / 1000).toFixed(3);
    const line = (type: string, text: string) => `type=${type} msg=audit(${at}:7): ${text}\n`;
    const sent =
      line(
        'SYSCALL',
        'success=yes exit=3 ppid=1 pid=902 auid=1000 uid=0 comm="bash" exe="/usr/bin/bash" key="apledger"',
      ) +
      line('CWD', 'cwd="/root"') +
      line('PATH', `item=0 name="/sys/bus/mdev/devices/${UUID}/assign_adapter" nametype=NORMAL`) +
      line('PROCTITLE', 'proctitle="bash"');
    await new Promise((resolve) => open.write(sent, resolve));
    await expect
      .poll(() => keeper.evidenceFor({ notBefore: minuteAgo(), notAfter: now() }, about))
      .toMatchObject({ certainty: 'certain', actor: 'anna', evidence: [{ source: 'audit', pid: 902 }] });
    open.destroy();
  });
});

describe('the audit rules', () => {
  it('are set anew for the directories that there are, and those of others are left alone', () => {
    const calls = join(root, 'calls');
    const auditctl = join(root, 'auditctl');
    writeFileSync(auditctl, `#!/bin/sh\necho "$@" >> ${calls}\n`, { mode: 0o755 });
    for (const folder of ['sys/bus/ap', 'sys/devices/ap']) mkdirSync(join(root, folder), { recursive: true });
    const run = () =>
      spawnSync(join(packaging, 'audit/audit-rules'), {
        env: { ...process.env, AUDITCTL: auditctl, APLEDGER_ROOT: root },
      });
    expect(run().status).toBe(0);
    const said = readFileSync(calls, 'utf8').trim().split('\n');
    expect(said.map((words) => words.replace(/always.*dir=(\S+) .*/, '$1'))).toEqual([
      '-d /sys/bus/ap',
      '-a /sys/bus/ap',
      '-d /sys/devices/ap',
      '-a /sys/devices/ap',
      '-d /sys/devices/vfio_ap',
    ]);
  });
});

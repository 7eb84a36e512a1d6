/** What the agent tells systemd and Prometheus of itself. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { created, directory, record, registration, spoolIn } from '../testing/scene.ts';
import { figuresOf } from './agent-figures.ts';
import { figuresText, keepFigures } from './figures.ts';
import { supervisor } from './systemd.ts';

/** systemd's end of NOTIFY_SOCKET: Node has no datagram sockets of that family, and perl is there wherever Debian is. */
const RECEIVER = `use IO::Socket::UNIX; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$!"; print "ready\\n";
while (defined $s->recv(my $text, 4096)) { $text =~ tr/\\n/ /; print "$text\\n"; }`;
const isMissing = ['systemd-notify', 'perl'].find(
  (program) => spawnSync(program, ['--version']).status !== 0,
);

describe.skipIf(isMissing !== undefined)(
  `systemd${isMissing === undefined ? '' : ` (skipped: no ${isMissing})`}`,
  () => {
    it('hears that the agent is ready, that it lives as long as it does, and that it stops', async () => {
      const socket = join(directory(), 'notify');
      const heard: string[] = [];
      const receiver = spawn('perl', ['-e', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      receiver.stdout
        .setEncoding('utf8')
        .on('data', (text: string) => heard.push(...text.trim().split('\n')));
      await expect.poll(() => heard).toEqual(['ready']);
      let isAlive = true;
      let asked = 0;
      const env = { ...process.env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' };
      const systemd = supervisor(env, () => {
        asked += 1;
        return isAlive;
      });
      await systemd.ready();
      await expect
        .poll(() => heard.filter((text) => text.startsWith('WATCHDOG=1')).length)
        .toBeGreaterThan(1);
      expect(heard[1]).toContain('READY=1');
      isAlive = false;
      // A beat that was on its way may come yet; none follows.
      const then = asked;
      await expect.poll(() => asked).toBeGreaterThan(then + 1);
      const beats = heard.filter((text) => text.startsWith('WATCHDOG=1')).length;
      const later = asked;
      await expect.poll(() => asked).toBeGreaterThan(later + 2);
      expect(heard.filter((text) => text.startsWith('WATCHDOG=1')).length - beats).toBeLessThanOrEqual(1);
      await systemd.close();
      await expect.poll(() => heard.some((text) => text.startsWith('STOPPING=1'))).toBe(true);
      receiver.kill();
    });
  },
);

describe('Prometheus', () => {
  const observer = { figures: { looks: 7, unsettled: 1, stalls: 2, drifts: 3 }, isAlive: true };

  it('is told how the agent does, with the age of what is not sent', async () => {
    const { spool } = await spoolIn(directory());
    const { HostState, evolve } = await import('@apledger/host');
    const { decide } = await import('@apledger/driver');
    const state = new HostState();
    for (const fact of decide(state, registration()).facts) evolve(state, fact);
    await spool.adopt({ epoch: 1, lastSequence: 0, revision: 1, state, open: new Set() });
    const figures = () =>
      figuresOf(observer, spool, { isDown: true }, Date.parse('2026-03-01T09:01:00.000Z'));
    expect(figures().find(({ name }) => name.endsWith('spool_age_seconds'))?.value).toBe(0);
    await record(spool, [created(1)]);
    const text = figuresText('a"b', figures());
    expect(text).toContain(
      '# TYPE apledger_agent_looks_total counter\napledger_agent_looks_total{host="a\\"b"} 7\n',
    );
    expect(text).toContain('apledger_agent_spool_commits{host="a\\"b"} 1\n');
    expect(text).toContain('apledger_agent_spool_age_seconds{host="a\\"b"} 60\n');
    expect(text).toContain('apledger_agent_ledger_reachable{host="a\\"b"} 0\n');
    await spool.close();
  });

  it('finds whole files only, which everybody may read; a folder that is not there is said once', () => {
    const at = directory();
    const said: string[] = [];
    const file = (path: string) =>
      keepFigures({
        path,
        host: 'zlp1',
        figures: () =>
          figuresOf(observer, { figures: { commits: 0, bytes: 0, oldestAt: undefined } }, { isDown: false }),
        report: (line) => said.push(line),
      });
    const kept = file(join(at, 'agent.prom'));
    expect(readFileSync(join(at, 'agent.prom'), 'utf8')).toContain(
      'apledger_agent_stalls_total{host="zlp1"} 2',
    );
    expect(statSync(join(at, 'agent.prom')).mode & 0o777).toBe(0o644);
    expect(existsSync(join(at, 'agent.prom.new'))).toBe(false);
    kept.close();
    const away = file(join(at, 'none/agent.prom'));
    away.write();
    expect(said).toEqual([expect.stringMatching(/^--metrics: ENOENT/)]);
    mkdirSync(join(at, 'none'));
    away.write();
    expect(existsSync(join(at, 'none/agent.prom'))).toBe(true);
    away.close();
  });
});

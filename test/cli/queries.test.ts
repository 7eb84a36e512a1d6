/** The commands that ask: show, events, replay, diff, verify, rebuild, and `npm start`'s demo. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLog } from '@apledger/event-log';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const SCRIPT = `host h adapters=5,6 domains=4,0x47
echo -5,-6 > /sys/bus/ap/apmask
echo ${UUID} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/${UUID}
echo 5 > assign_adapter
echo 6 > assign_adapter
echo 4 > assign_domain
guest start web ${UUID}
! guest migrate web
echo 06.0004 > /sys/bus/ap/drivers/vfio_ap/unbind
guest stop web
`;

let data: string;
let facts: Record<string, unknown>[];
/** Position of the last fact of a type. */
const positionOf = (type: string): number =>
  Number(facts.filter((fact) => fact.type === type).at(-1)?.position);

beforeAll(async () => {
  data = scratch();
  await apledger('run', '--data', data, file('incident.sh', SCRIPT));
  facts = objects((await apledger('events', '--json', '--data', data)).out);
});

describe('events', () => {
  const found = async (...filters: string[]) =>
    objects((await apledger('events', '--json', ...filters, '--data', data)).out).map(({ type }) => type);

  it('are found by what they are about, and between two moments', async () => {
    expect(await found('--guest', 'web', '--type', 'GuestStarted,GuestStopped')).toEqual([
      'GuestStarted',
      'GuestStopped',
    ]);
    const refused = facts.find(({ type }) => type === 'CommandRejected');
    const errno = String((refused?.data as { errno?: string } | undefined)?.errno ?? 'EBUSY').toLowerCase();
    const refusals = facts.filter(({ type }) => type === 'CommandRejected').map(({ type }) => type);
    expect(await found('--errno', errno)).toEqual(refusals);
    expect(await found('--queue', '06.0004', '--type', 'QueueUnbound', '-n', '1')).toEqual(['QueueUnbound']);
    expect(
      await found('--mdev', UUID.toUpperCase(), '--text', 'guest WEB', '--type', 'GuestStopped'),
    ).toEqual(['GuestStopped']);
    expect(await found('--actor', 'nobody at all')).toEqual([]);
    const at = String(positionOf('GuestStarted'));
    expect(await found('--since', at, '--until', at)).toEqual(['GuestStarted']);
    const { err } = await apledger('events', '--since', '-2h', '--until', at, '--data', data);
    expect(err).toMatch(/^Facts from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S.* to position \d+:\n/);
  });

  it.each([
    'events',
    'replay',
    'custody 06.0004',
    'guest-history web',
    'exposure',
    'report',
    'show guest',
    'diff --from 0',
  ])('%s of a host that there is not is an error', async (command) => {
    expect(await apledger(...command.split(' '), '--host', 'nosuch', '--data', data)).toEqual({
      status: command === 'exposure' ? 2 : 1,
      out: '',
      err: 'apledger: There is no host nosuch. There are h.\n',
    });
  });
});

describe('a guest that has stopped', () => {
  it('is not running, and the answer says until when it was', async () => {
    const { status, err } = await apledger('show', 'guest', 'web', '--data', data);
    expect(status).toBe(1);
    expect(err).toMatch(
      /^apledger: There is no guest web\. It ran on host h with mdev 11111111\S+ until \S+Z, position \d+: GuestStopped by /,
    );
    const at = String(positionOf('GuestStopped') - 1);
    expect((await apledger('show', 'guest', 'web', '--at', at, '--data', data)).out).toContain(
      `As it was at position ${at}.`,
    );
  });
});

describe('a moment', () => {
  it.each([
    'now',
    'today',
    '-2h',
    '2 hours ago',
    '1 s ago',
    '@1795679880',
    '00:00',
    '2026-01-01 Europe/Zurich',
  ])('%s is read', async (text) => {
    expect(await apledger('diff', '--from', text, '--data', data)).toMatchObject({
      status: 0,
      err: expect.stringMatching(
        /^What differs from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* \S.* to position \d+:\n$/,
      ),
    });
  });
});

describe('show', () => {
  it('draws the host as the document draws it, with the driver of every queue', async () => {
    const { status, out } = await apledger('show', 'host', '--data', data);
    expect(status).toBe(0);
    expect(out).toContain(
      `            04                 71
       +-------------------+-------------------+
    05 |  (05,04) vfio_ap  |  (05,47) vfio_ap  |
       +-------------------|-------------------+
    06 |  (06,04) unbound  |  (06,47) vfio_ap  |
       +-------------------|-------------------+
`
        .trimStart()
        .split('\n')
        .slice(1)
        .join('\n'),
    );
  });

  it('draws an mdev by the beginning of its UUID', async () => {
    const { out } = await apledger('show', 'mdev', UUID.slice(0, 8), '--data', data);
    expect(out).toContain(`mdev ${UUID} (host h`);
    expect(out).toContain('    05 |  (05,04)  |\n');
    expect(out).toContain('    06 |  (06,04)  |\n');
  });

  it('shows what a guest could use at a position, and what was kept from it', async () => {
    const before = await apledger(
      'show',
      'guest',
      'web',
      '--position',
      String(positionOf('GuestStarted') + 1),
      '--data',
      data,
    );
    expect(before.out).toContain('(06,04)');
    const after = await apledger(
      'show',
      'guest',
      'web',
      '--position',
      String(positionOf('QueueUnbound')),
      '--data',
      data,
    );
    expect(after.out).not.toContain('(06,04)');
    expect(after.out).toContain('assigned, but not in the guest: 06.0004');
  });

  it('shows a moment by its time', async () => {
    const started = facts.find((fact) => fact.type === 'GuestStopped')?.occurredAt;
    const { out } = await apledger('show', 'mdev', '--at', String(started), '--json', '--data', data);
    expect(objects(out)[0]).toMatchObject({
      host: 'h',
      mdev: UUID,
      adapters: [5, 6],
      domains: [4],
      guest: null,
    });
    const early = await apledger('show', 'host', '--at', '2020-01-01', '--data', data);
    expect(early).toMatchObject({
      status: 0,
      out: '',
      err: expect.stringMatching(/^There is no host at 2020-01-01 00:00:00 \S/),
    });
  });

  it.each([
    [['show', 'guest', 'nobody'], 1, 'There is no guest nobody.'],
    [['show', 'guest', 'web'], 1, 'There is no guest web.'],
    [['show', 'host', 'nowhere'], 1, 'There is no host nowhere. There are h.'],
    [['show', 'planet'], 2, 'show planet: there are host, mdev and guest.'],
    [['show', 'host', '--at', '2999-01-01'], 2, '--at 2999-01-01: lies in the future'],
    [['show', 'host', '--at', 'noon'], 2, '--at noon: not a time'],
    [['show', 'host', '--at', '2026-13-45'], 2, 'not a time'],
    [['show', 'host', '--at', '2026-02-30'], 2, '--at 2026-02-30: not a time: there is no such day.'],
    [
      ['show', 'host', '--at', '2026-03-29 02:30 Europe/Berlin'],
      2,
      'does not exist in Europe/Berlin. Write 2026-03-29 01:30:00 +01:00 or 2026-03-29 03:30:00 +02:00.',
    ],
    [['show', 'host', '--position', '99999'], 2, '--position 99999: the log ends at position'],
    [['show', 'host', '--position', '-1'], 2, '--position -1: not a position'],
    [['show', 'host', '--at', '2020-01-01', '--position', '1'], 2, 'either --at or --position'],
    [['diff', '--from', 'never'], 2, '--from never: not a time'],
    [['diff'], 2, "required option '--from <moment>' not specified"],
    [['events', '--type', 'Rain'], 2, '--type Rain: there is no such type of fact'],
    [['events', '--since', 'soon'], 2, '--since soon: not a time'],
    [['verify', '--heads', '/nowhere'], 2, '--heads /nowhere: ENOENT'],
    [['fly'], 2, "unknown command 'fly'"],
    [['show', 'host', '--colour'], 2, "unknown option '--colour'"],
  ])('%j says what is wrong', async (args, status, told) => {
    const ended = await apledger(...args, ...(args[0] === 'fly' ? [] : ['--data', data]));
    expect(ended).toMatchObject({ status, out: '' });
    expect(ended.err).toContain(told);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });
});

describe('--log', () => {
  it('is read as a URL, as everybody else reads it', async () => {
    const url = `sqlite:${join(scratch(), 'a log').replaceAll(' ', '%20')}`;
    await apledger('run', '--log', url, file('a.sh', SCRIPT));
    const log = await openLog(url);
    expect(await log.lastPosition()).toBe(facts.length);
    await log.close();
    expect((await apledger('events', '--log', url)).out.split('\n')).toHaveLength(facts.length + 1);
  });

  it.each(['redis://x', 'sqlite:', 'sqlite:100%', 'data'])('%s is no log, which is said', async (url) => {
    const ended = await apledger('show', 'host', '--log', url);
    expect(ended).toMatchObject({ status: 2, out: '' });
    expect(ended.err).toContain(`apledger: --log ${url}: `);
  });
});

describe('events', () => {
  it('are filtered by type, host and time', async () => {
    const { out } = await apledger(
      'events',
      '--type',
      'CommandRejected,MigrationRefused',
      '--host',
      'h',
      '--since',
      '2020-01-01',
      '--data',
      data,
    );
    expect(
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split('  ').slice(2).join('  ')),
    ).toEqual([
      `h  MigrationRefused: guest web: adapters 05, 06 are plugged in, mdev ${UUID}`,
      'h  CommandRejected: MigrateGuest: EBUSY: Guest web has AP adapters 05, 06 plugged in; AP queues cannot migrate.',
    ]);
    expect((await apledger('events', '--host', 'other', '--data', data)).out).toBe('');
  });

  it('follow what another process appends, until they are interrupted', async () => {
    const directory = scratch();
    await apledger('run', '--data', directory, file('a.sh', 'host h adapters=5 domains=4\n'));
    const follower = spawn(process.execPath, [
      inRepository('services/cli/bin/apledger.mjs'),
      'events',
      '--follow',
      '--json',
      '--type',
      'MaskChanged',
      '--data',
      directory,
    ]);
    const first = new Promise<string>((resolve) =>
      follower.stdout.once('data', (text) => resolve(String(text))),
    );
    await apledger('run', '--data', directory, file('b.sh', 'echo -5 > /sys/bus/ap/apmask\n'));
    expect(JSON.parse(await first)).toMatchObject({ type: 'MaskChanged', stream: 'host-h' });
    const ended = new Promise((resolve) => follower.once('exit', resolve));
    follower.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});

describe('a reader that has seen enough', () => {
  it('ends the program without complaint', async () => {
    const events = `'${process.execPath}' '${inRepository('services/cli/bin/apledger.mjs')}' events --json --data '${data}'`;
    const shell = spawn('sh', ['-c', `for i in 1 2 3; do ${events}; done | head -n 1`]);
    let err = '';
    shell.stderr.on('data', (text) => {
      err += text;
    });
    expect(await new Promise((resolve) => shell.once('close', resolve))).toBe(0);
    expect(err).toBe('');
  });
});

describe('replay', () => {
  it('tells of every command who gave it, what happened and what changed in the matrices', async () => {
    const { out } = await apledger('replay', '--data', data);
    expect(out).toMatch(/ h {2}by \S+ \S*incident\.sh:10\n/);
    const unbinding = out.slice(out.indexOf('incident.sh:10'), out.indexOf('incident.sh:11'));
    expect(unbinding).toContain('QueueUnbound: 06.0004 from vfio_ap');
    expect(unbinding).toContain(`* guest web lost 06.0004, mdev ${UUID}`);
    const refused = out.slice(out.indexOf('incident.sh:9'), out.indexOf('incident.sh:10'));
    expect(refused).toContain('CommandRejected: MigrateGuest: EBUSY');
    expect(refused).not.toContain('*');
  });

  it('keeps to a span of positions or times', async () => {
    const at = String(positionOf('MigrationRefused'));
    const { out } = await apledger('replay', '--from', at, '--to', at, '--json', '--data', data);
    expect(objects(out)).toMatchObject([{ host: 'h', changes: [], facts: [{ type: 'MigrationRefused' }] }]);
    expect((await apledger('replay', '--to', '2020-01-01', '--data', data)).out).toBe('');
  });
});

describe('diff', () => {
  it('tells only what differs between two moments', async () => {
    const from = String(positionOf('GuestStarted') + 1);
    const { out } = await apledger('diff', '--from', from, '--json', '--data', data);
    const [{ changes } = {}] = objects(out);
    expect(changes).toContainEqual({
      change: 'queuesRebound',
      from: 'vfio_ap',
      to: null,
      queues: ['06.0004'],
    });
    expect((await apledger('diff', '--from', from, '--to', from, '--data', data)).out).toBe('');
  });
});

describe('verify', () => {
  it('finds nothing in a log that nobody touched, and prints its heads', async () => {
    const { status, out } = await apledger('verify', '--data', data);
    expect(status).toBe(0);
    expect(out).toMatch(
      new RegExp(
        `^${facts.length} facts in 1 stream, 0 problems\nhost-h {2}revision ${facts.length - 1} {2}[0-9a-f]{64}\n$`,
      ),
    );
  });

  it.each([
    ['no JSON', '{"heads":'],
    ['no object', 'null'],
    ['a list', '[]'],
    ['no heads', '{"facts":3}'],
    ['heads that are no list', '{"heads":{}}'],
    ['a head that is none', '{"heads":[null]}'],
    ['a head without its stream', '{"heads":[{"revision":1,"hash":"00"}]}'],
    ['a head without its revision', '{"heads":[{"stream":"host-h","revision":"1","hash":"00"}]}'],
    ['a head without its hash', '{"heads":[{"stream":"host-h","revision":1}]}'],
  ])('refuses a file of heads with %s, and verifies nothing', async (_, content) => {
    const heads = file('heads.json', content);
    const { status, out, err } = await apledger('verify', '--heads', heads, '--data', data);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(`--heads ${heads}: not the output of verify --json or report --format json: `);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it('says how many heads it compared, and does not pass a file that names none', async () => {
    const noted = (await apledger('verify', '--json', '--data', data)).out;
    const { status, out } = await apledger('verify', '--heads', file('heads.json', noted), '--data', data);
    expect(status).toBe(0);
    expect(out).toContain(' facts in 1 stream, 1 head compared, 0 problems\n');
    const none = file('none.json', '{"heads":[]}');
    expect(await apledger('verify', '--heads', none, '--data', data)).toMatchObject({
      status: 2,
      out: '',
      err: expect.stringContaining('it names no head, so there is nothing to compare'),
    });
  });

  it('finds one edited letter, and a history that was cut off since its heads were noted', async () => {
    const directory = scratch();
    await apledger('run', '--data', directory, file('a.sh', SCRIPT));
    const heads = file('heads.json', (await apledger('verify', '--json', '--data', directory)).out);
    const log = new DatabaseSync(join(directory, 'log.sqlite'));
    log.exec('DELETE FROM commits WHERE position = (SELECT max(position) FROM commits)');
    expect((await apledger('verify', '--data', directory)).status).toBe(0);
    const cut = await apledger('verify', '--heads', heads, '--data', directory);
    expect(cut.status).toBe(1);
    expect(cut.out).toMatch(/host-h, revision \d+/);
    log.exec(`UPDATE commits SET body = replace(body, '"guest":"web"', '"guest":"wob"')`);
    log.close();
    const edited = await apledger('verify', '--data', directory);
    expect(edited.status).toBe(1);
    expect(edited.out).toMatch(/host-h, revision \d+, position \d+: /);
  });
});

describe('rebuild', () => {
  it('makes the same read model again, and every answer stays', async () => {
    const before = await apledger('show', 'host', '--json', '--data', data);
    const { status, out } = await apledger('rebuild', '--json', '--data', data);
    expect(status).toBe(0);
    expect(objects(out)[0]).toMatchObject({ hosts: 1, position: facts.length });
    expect(await apledger('show', 'host', '--json', '--data', data)).toEqual(before);
  });

  it('is not needed when the read model is damaged: it is a cache', async () => {
    const before = await apledger('show', 'host', '--json', '--data', data);
    writeFileSync(
      join(data, 'read-model.sqlite'),
      readFileSync(join(data, 'read-model.sqlite')).subarray(0, 512),
    );
    const err = expect.stringMatching(/read-model\.sqlite .* set aside/);
    expect(await apledger('show', 'host', '--json', '--data', data)).toEqual({ ...before, err });
  });
});

describe('a data directory', () => {
  it.each(['show host', 'events', 'replay', 'diff --from 0', 'verify', 'rebuild'])(
    '%s says that there is no log',
    async (command) => {
      const { status, err } = await apledger(...command.split(' '), '--data', join(scratch(), 'nothing'));
      expect(status).toBe(2);
      expect(err).toContain('there is no log');
    },
  );

  it('that is a file is named', async () => {
    const path = file('data', 'text');
    for (const command of [
      ['run', '--data', path, file('a.sh', 'host h adapters=1 domains=1\n')],
      ['verify', '--data', path],
    ]) {
      const { status, err } = await apledger(...command);
      expect(status).toBe(2);
      expect(err).toContain(path);
      expect(err).toContain('not-a-directory');
    }
  });

  it('with facts of a newer apledger is refused, and nothing is skipped', async () => {
    const directory = scratch();
    await apledger('run', '--data', directory, file('a.sh', SCRIPT));
    const { openSqliteLog } = await import('@apledger/event-log');
    const log = await openSqliteLog({ directory });
    await log.append({
      stream: 'host-h',
      expected: 'any',
      commandId: crypto.randomUUID(),
      actor: 'the future',
      correlation: 'c',
      facts: [
        {
          type: 'QueueTeleported',
          version: 1,
          occurredAt: new Date().toISOString(),
          data: {},
          packed: new Uint8Array(),
        },
      ],
    });
    await log.close();
    const { status, err } = await apledger(
      'run',
      '--data',
      directory,
      file('b.sh', 'cat /sys/bus/ap/apmask\n'),
    );
    expect(status).toBe(2);
    expect(err).toContain('QueueTeleported (version 1) was written by a newer apledger');
    expect((await apledger('events', '--data', directory)).out).toContain(
      'QueueTeleported: QueueTeleported (version 1) was written by a newer',
    );
  });
});

describe('demo', () => {
  it('plays the worked example once, and shows the matrices of host, mdevs and guests from the log', async () => {
    const directory = join(scratch(), 'new');
    const first = await apledger('demo', '--data', directory);
    expect(first.status).toBe(0);
    expect(first.out).toContain(
      '    05 |  (05,04) vfio_ap  |  (05,47) vfio_ap  |  (05,ab) vfio_ap  |  (05,ff) vfio_ap  |\n',
    );
    for (const guest of ['guest1', 'guest2', 'guest3']) expect(first.out).toContain(`guest ${guest}, mdev `);
    const second = await apledger('demo', '--data', directory);
    expect(second.out).toContain('is kept as it is');
    expect(second.out.split('rebuilt from the log:')[1]).toBe(first.out.split('rebuilt from the log:')[1]);
  });
});

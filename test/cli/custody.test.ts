/** custody, guest-history, exposure and report, on the example that shows an exposure; and what verify makes of a report later. */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteLog } from '@apledger/event-log';
import { parse } from 'csv-parse/sync';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

const WEB = '77777777-7777-4777-8777-777777777771';
const DB = '77777777-7777-4777-8777-777777777772';
const OLD = '77777777-7777-4777-8777-777777777773';

let data: string;
let positions: Map<string, number>;

beforeAll(async () => {
  data = scratch();
  expect((await apledger('run', '--data', data, inRepository('examples/07-custody.sh'))).status).toBe(0);
  const facts = objects((await apledger('events', '--json', '--data', data)).out);
  positions = new Map(facts.map(({ type, position }) => [String(type), Number(position)]));
});

/** Position of the last fact of a type. */
const last = (type: string): string => String(positions.get(type));

describe('custody', () => {
  it('takes a moment whatever TZ is, and says what to set where a zone would have to be guessed', async () => {
    const asked = (...moment: string[]) => apledger('custody', '05.0004', ...moment, '--data', data);
    try {
      for (const [tz, shown] of [
        ['', ' UTC,'],
        ['UTC0', ' UTC,'],
        ['JST-9', ' +09:00,'],
      ] as const) {
        vi.stubEnv('TZ', tz);
        const { status, out } = await asked('--from', 'today');
        expect(status, out).toBe(0);
        expect(out.split('\n', 1)[0]).toContain(shown);
      }
      vi.stubEnv('TZ', 'CET-1CEST');
      expect(await asked('--from', 'today')).toMatchObject({
        status: 2,
        err: expect.stringMatching(/--from today: .*TZ=CET-1CEST .*Set TZ to a name like Europe\/Paris/),
      });
      for (const moment of ['-2h', '1', '2026-11-17 09:14 Europe/Paris'])
        expect(await asked('--from', moment)).toMatchObject({ status: 0, err: '' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('tells who could use a queue, from which fact to which, and whether it was reset', async () => {
    const { status, out } = await apledger('custody', '05.0004', '--data', data);
    expect(status).toBe(0);
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^05\.0004 on host zlp7, up to position \d+$/);
    expect(lines.filter((line) => /^ {2}\S/.test(line))).toEqual([
      '  nobody',
      '  host',
      '  nobody',
      `  guest web (mdev ${WEB})`,
      '  nobody',
      `  guest db (mdev ${DB})`,
    ]);
    expect(out).toMatch(
      /until {2}\S+Z, position \d+: GuestMatrixChanged by \S+ \S*07-custody\.sh:27, command [-0-9a-f]{36}\n/,
    );
    expect(out.match(/reset since the holder before: (NO|yes)/g)?.map((text) => text.slice(31))).toEqual([
      'yes',
      'yes',
      'NO',
      'NO',
    ]);
  });

  it('prints the newest periods, and how many it leaves out', async () => {
    const { status, out } = await apledger('custody', '05.0004', '--limit', '2', '--data', data);
    expect(status).toBe(0);
    expect(out.split('\n').filter((line) => /^ {2}\S/.test(line))).toEqual([
      '  4 earlier periods left out (--limit 2)',
      '  nobody',
      `  guest db (mdev ${DB})`,
    ]);
  });

  it('keeps to a span, and to a host', async () => {
    const [before, after] = [Number(last('AdapterUnassigned')) - 1, last('AdapterUnassigned')];
    const holders = async (...span: string[]) => {
      const { out } = await apledger(
        'custody',
        '05.0004',
        '--json',
        '--host',
        'zlp7',
        ...span,
        '--data',
        data,
      );
      const intervals = objects(out)[0]?.intervals as { holder: { guest?: string; kind: string } }[];
      return intervals.map(({ holder }) => holder.guest ?? holder.kind);
    };
    expect(await holders('--from', String(before), '--to', after)).toEqual(['web', 'nobody']);
    expect(await holders('--from', after)).toEqual(['nobody', 'db']);
  });

  it('knows nobody before the host was known, and says since when it is', async () => {
    const { occurredAt } = objects((await apledger('events', '--json', '--data', data)).out)[0] ?? {};
    for (const [status, command] of [
      [1, ['custody', '05.0004']],
      [1, ['guest-history', 'web']],
      [2, ['exposure']],
    ] as const)
      for (const moment of ['2020-01-01', '0'])
        expect(await apledger(...command, '--at', moment, '--data', data)).toMatchObject({
          status,
          out: '',
          err: `apledger: Host zlp7 is not known before ${occurredAt} (position 1): of the time before, the ledger knows nothing.\n`,
        });
    const { out } = await apledger('custody', '05.0004', '--from', '2020-01-01', '--data', data);
    expect(out).toContain(`  nobody\n    from   not known before ${occurredAt}\n`);
  });

  it('says of a moment what was so then, and what became of it', async () => {
    const end = Number(last('AdapterUnassigned')) + 1;
    const ended = await apledger('custody', '05.0004', '--at', String(end - 2), '--data', data);
    expect(ended.out).toMatch(
      new RegExp(
        `^05\\.0004 on host zlp7 as of position ${end - 2}, up to position ${end - 2}\n {2}guest web .*\n {4}from .*\n {4}until {2}still so at the end of the span; ended \\S+Z, position ${end}: GuestMatrixChanged by`,
      ),
    );
    const [report] = objects(
      (await apledger('custody', '05.0004', '--at', 'now', '--json', '--data', data)).out,
    );
    expect(report).toMatchObject({ span: { to: { time: expect.stringMatching(/Z$/) } } });
    const stopped = Number(last('GuestStopped')) - 1;
    const run = await apledger('guest-history', 'old', '--to', String(stopped), '--data', data);
    expect(run.out).toMatch(
      /until {2}still running at the end of the span; ended \S+Z, position \d+: GuestStopped/,
    );
  });

  it('takes the queue in capitals, and says when nobody ever had it, or it never was', async () => {
    const { out } = await apledger('custody', '05.00AB', '--data', data);
    expect(out === '' || out.includes('05.00ab on host zlp7')).toBe(true);
    const { status, err } = await apledger('custody', 'FF.00FF', '--data', data);
    expect({ status, err }).toEqual({
      status: 1,
      err: 'apledger: There is no queue ff.00ff, and nobody ever could use it.\n',
    });
  });
});

describe('guest-history', () => {
  it('tells when a guest ran and what it could use', async () => {
    const { status, out } = await apledger('guest-history', 'web', '--json', '--data', data);
    expect(status).toBe(0);
    expect(objects(out)).toMatchObject([
      {
        host: 'zlp7',
        guest: 'web',
        runs: [{ mdev: WEB, started: { type: 'GuestStarted' }, stopped: null }],
        queues: [{ apqn: '05.0004', until: { type: 'GuestMatrixChanged' } }],
      },
    ]);
    const text = (await apledger('guest-history', 'old', '--data', data)).out;
    expect(text).toContain(`  ran with mdev ${OLD}\n`);
    expect(text).toMatch(/until .*GuestStopped by/);
    expect(text).toContain(`  06.0047, guest old (mdev ${OLD})\n`);
  });
});

describe('exposure', () => {
  it('ends with 1 when anything was found, and says what', async () => {
    const { status, out } = await apledger('exposure', '--data', data);
    expect(status).toBe(1);
    expect(out).toMatch(
      new RegExp(
        `^zlp7: 05\\.0004 went from guest web \\(mdev ${WEB}\\) to guest db \\(mdev ${DB}\\) without a reset \\(.*\\)\\.
zlp7: guest old has stopped, and mdev ${OLD} keeps 06\\.0047 \\(since .*\\)\\.
zlp7: guest web .* and guest db .* can control the same domain 0004 \\(since .*\\)\\.
3 found\\.
$`,
      ),
    );
    const json = await apledger('exposure', '--json', '--data', data);
    expect(objects(json.out).map(({ kind }) => kind)).toEqual([
      'unreset-handover',
      'stopped-guest-keeps-queues',
      'shared-control-domain',
    ]);
  });

  it('ends with 0 when there was nothing, also in a span without any', async () => {
    const early = await apledger('exposure', '--to', last('AdapterUnassigned'), '--data', data);
    expect(early).toEqual({
      status: 0,
      out: `No exposure was found to position ${last('AdapterUnassigned')}.\n`,
      err: '',
    });
    const later = await apledger('exposure', '--json', '--from', last('GuestStopped'), '--data', data);
    expect(objects(later.out).map(({ kind }) => kind)).not.toContain('unreset-handover');
  });
});

describe('an answer about a host', () => {
  const questions = [['custody', '05.0004'], ['guest-history', 'web'], ['exposure']];

  it('says what it rests on: every hash and packed form of the host was recomputed', async () => {
    const facts = objects((await apledger('events', '--json', '--host', 'zlp7', '--data', data)).out);
    const verification = { upTo: facts.at(-1)?.position, facts: facts.length, problems: [] };
    for (const question of questions) {
      const { out } = await apledger(...question, '--json', '--at', 'now', '--data', data);
      for (const answer of objects(out))
        expect(answer).toMatchObject({ verification, span: { to: { time: expect.any(String) } } });
    }
    const exposures = objects((await apledger('exposure', '--json', '--to', '35', '--data', data)).out);
    expect(exposures[0]).toMatchObject({ position: 35, span: { from: null, to: { position: 35 } } });
  });

  it.each([
    ['a guest has another name', `UPDATE commits SET body = replace(body, '"guest":"web"', '"guest":"wob"')`],
    [
      'a hash is another one',
      `UPDATE commits SET hashes = zeroblob(length(hashes)) WHERE position = (SELECT max(position) FROM commits)`,
    ],
  ])('ends with 1 and names the place when %s', async (_, statement) => {
    const directory = scratch();
    cpSync(data, directory, { recursive: true });
    const log = new DatabaseSync(join(directory, 'log.sqlite'));
    log.exec(statement);
    log.close();
    const { status: before } = await apledger('exposure', '--data', data, '--to', '10');
    expect(before).toBe(0);
    for (const question of questions) {
      const { status, err } = await apledger(...question, '--data', directory);
      expect({ status, err }).toEqual({
        status: 1,
        err: expect.stringMatching(
          /host zlp7: the log is NOT AS IT WAS WRITTEN, \d+ problems .*, revision \d+, position \d+: /,
        ),
      });
    }
  });
});

describe('a log without a host', () => {
  it.each([
    [1, ['custody', '05.0004']],
    [1, ['guest-history', 'web']],
    [2, ['exposure']],
  ] as const)('has no answer (status %i): %s', async (status, command) => {
    const empty = scratch();
    await apledger('run', '--data', empty, file('none.sh', ''));
    const err = 'apledger: There is no host yet, so there is nothing to tell.\n';
    expect(await apledger(...command, '--data', empty)).toEqual({ status, out: '', err });
  });
});

describe('two hosts', () => {
  it('that were not known then are said on lines of their own', async () => {
    const two = scratch();
    const hosts = ['h1', 'h2'].map((name) => `host ${name} adapters=5 domains=4\n`).join('');
    expect((await apledger('run', '--data', two, file('two.sh', hosts))).status).toBe(0);
    for (const command of [['custody', '5.4'], ['exposure'], ['guest-history', 'web']]) {
      const { err } = await apledger(...command, '--at', '0', '--data', two);
      expect(err).toMatch(/^apledger: Host h1 is not known before .*\nHost h2 is not known before .*\n$/);
    }
  });
});

describe('what is wrong', () => {
  it.each([
    [
      ['custody', '05.00zz'],
      2,
      '05.00zz: not a queue. Write adapter and domain in hexadecimal, like 05.0047.',
    ],
    [['custody', '5.470'], 2, '5.470: not a queue'],
    [['custody', '05.0004', '--limit', '0'], 2, '--limit 0: write a number of periods, like 20.'],
    [['custody'], 2, "missing required argument 'apqn'"],
    [['custody', '05.0004', '--host', 'nowhere'], 1, 'There is no host nowhere. There are zlp7.'],
    [['custody', '05.0004', '--to', '2999-01-01'], 2, '--to 2999-01-01: lies in the future'],
    [['custody', '05.0004', '--from', '99999'], 2, '--from 99999: the log ends at position'],
    [['custody', '05.0004', '--from', 'noon'], 2, '--from noon: not a time'],
    [['custody', '05.0004', '--to', '2026-02-30'], 2, 'there is no such day'],
    [['custody', '05.0004', '--from', '9', '--to', '3'], 2, '--from 9 lies after --to 3.'],
    [['exposure', '--from', '2026-01-02', '--to', '2026-01-01'], 2, 'lies after --to'],
    [['exposure', '--host', 'nowhere'], 2, 'There is no host nowhere.'],
    [['exposure', '--at', '0'], 2, 'Host zlp7 is not known before'],
    [['guest-history', 'nobody'], 1, 'There was no guest nobody in that time.'],
    [['guest-history', 'web\u001b[2J'], 1, 'There was no guest web\\u{1b}[2J in that time.'],
    [['report', '--guest', 'nobody'], 1, 'There was no guest nobody in that time.'],
    [['report', '--host', 'nowhere'], 1, 'There is no host nowhere.'],
    [['report', '--format', 'pdf'], 2, 'Allowed choices are md, csv, json, html'],
    [['report', '--output', '/nowhere/at/all'], 2, '--output /nowhere/at/all: ENOENT'],
    [['report', '--to', 'tomorrow'], 2, '--to tomorrow: not a time'],
  ])('%j is said', async (args, status, told) => {
    const ended = await apledger(...args, '--data', data);
    expect(ended).toMatchObject({ status, out: '' });
    expect(ended.err).toContain(told);
    expect(ended.err).not.toMatch(/\n\s+at /);
  });

  it.each(['custody 05.0004', 'guest-history web', 'exposure', 'report'])(
    '%s without a log',
    async (command) => {
      const { status, err } = await apledger(...command.split(' '), '--data', join(scratch(), 'nothing'));
      expect(status).toBe(2);
      expect(err).toContain('there is no log');
    },
  );
});

describe('report', () => {
  it.each(['md', 'csv', 'json', 'html'])(
    'as %s is the same on standard output and in a file',
    async (format) => {
      const path = join(scratch(), `report.${format}`);
      const printed = await apledger('report', '--format', format, '--data', data);
      const written = await apledger('report', '--format', format, '--output', path, '--data', data);
      expect(written).toEqual({ status: 0, out: '', err: '' });
      expect(readFileSync(path, 'utf8')).toBe(printed.out);
      expect(printed.out).toContain(WEB);
    },
  );

  it('keeps to a guest, a host and a span', async () => {
    const { out } = await apledger(
      'report',
      '--format',
      'csv',
      '--guest',
      'db',
      '--host',
      'zlp7',
      '--data',
      data,
    );
    const rows: Record<string, string>[] = parse(out, { columns: true });
    expect(rows.map(({ record, queue, guest }) => [record, queue, guest])).toEqual([
      ['scope', '', 'db'],
      ['head', '', ''],
      ['host', '', ''],
      ['unreset-handover', '05.0004', 'db'],
      ['shared-control-domain', '', 'web'],
      ['shared-control-domain', '', 'db'],
      ['run', '', 'db'],
      ['custody', '05.0004', 'db'],
    ]);
    const at = last('AdapterUnassigned');
    const early = JSON.parse((await apledger('report', '--format', 'json', '--to', at, '--data', data)).out);
    expect(early.heads).toMatchObject([{ stream: 'host-zlp7', position: early.hosts[0].position }]);
    expect(early.scope).toMatchObject({ from: null, to: { position: Number(at) } });
    const none = JSON.parse((await apledger('report', '--format', 'json', '--to', '0', '--data', data)).out);
    expect(none).toMatchObject({ heads: [], hosts: [{ host: 'zlp7', driver: null, custody: [] }] });
  });

  it.each([
    ['md', (text: string) => /```json\n(.*)\n```/.exec(text)?.[1] ?? ''],
    ['json', (text: string) => text],
    [
      'html',
      (text: string) => (/<pre id="heads">(.*)<\/pre>/.exec(text)?.[1] ?? '').replaceAll('&quot;', '"'),
    ],
  ])(
    'as %s is confirmed by verify until the log is edited or cut, also when facts were added',
    async (format, headsOf) => {
      const copy = scratch();
      await apledger('run', '--data', copy, inRepository('examples/07-custody.sh'));
      const { out } = await apledger('report', '--format', format, '--data', copy);
      const heads = file(`kept.${format}`, headsOf(out));
      const verify = async (directory: string) =>
        (await apledger('verify', '--heads', heads, '--data', directory)).status;
      expect(await verify(copy)).toBe(0);
      await apledger('run', '--data', copy, file('more.sh', 'host zlp7\necho +6 > /sys/bus/ap/apmask\n'));
      expect(await verify(copy)).toBe(0);

      const tampered = async (statement: string) => {
        const directory = scratch();
        for (const name of ['log.sqlite', 'log.sqlite-wal', 'log.sqlite-shm'])
          if (existsSync(join(copy, name))) cpSync(join(copy, name), join(directory, name));
        const log = new DatabaseSync(join(directory, 'log.sqlite'));
        log.exec(statement);
        log.close();
        return verify(directory);
      };
      expect(
        await tampered(`UPDATE commits SET body = replace(body, '"guest":"web"', '"guest":"wob"')`),
      ).toBe(1);
      expect(await tampered('DELETE FROM commits WHERE position > 20')).toBe(1);
      expect(await tampered('SELECT 1')).toBe(0);
    },
  );

  it('says of a log that was tampered with that it is not as it was written, in every format', async () => {
    const directory = scratch();
    cpSync(data, directory, { recursive: true });
    const log = new DatabaseSync(join(directory, 'log.sqlite'));
    log.exec(`UPDATE commits SET body = replace(body, '"guest":"web"', '"guest":"wob"')`);
    log.close();
    for (const format of ['md', 'html', 'csv']) {
      const { status, out, err } = await apledger('report', '--format', format, '--data', directory);
      expect(status).toBe(1);
      expect(out).toContain('NOT AS IT WAS WRITTEN');
      expect(err).toMatch(
        /^apledger report: the log is NOT AS IT WAS WRITTEN, \d+ problems .*, revision \d+, position \d+: /,
      );
    }
    const { out } = await apledger('report', '--format', 'json', '--data', directory);
    expect(JSON.parse(out).verification.problems).not.toEqual([]);
    const whole = await apledger('report', '--data', data);
    expect(whole.out).toMatch(/^\* Log: verified: every hash of \d+ facts was recomputed for this report$/m);
  });

  it('of one host recomputes the chain of that host', async () => {
    const { out } = await apledger('report', '--format', 'json', '--host', 'zlp7', '--data', data);
    const { verification } = JSON.parse(out);
    expect(verification).toEqual({ facts: JSON.parse(out).heads[0].revision + 1, problems: [] });
  });

  it('lists the attempts that were refused, by whom, and with whose mdev', async () => {
    const directory = scratch();
    const script = `host h adapters=5 domains=4\necho -5 > /sys/bus/ap/apmask\nm=/sys/devices/vfio_ap/matrix\necho ${WEB} > $m/mdev_supported_types/vfio_ap-passthrough/create\nguest start web ${WEB}\n! guest start db ${WEB}\n`;
    expect(await apledger('run', '--data', directory, file('a.sh', script))).toMatchObject({ status: 0 });
    const { out } = await apledger('report', '--format', 'json', '--data', directory);
    const [{ refusals }] = JSON.parse(out).hosts;
    expect(refusals).toMatchObject([{ command: 'StartGuest', mdev: WEB, at: { type: 'CommandRejected' } }]);
    expect(refusals[0].errno).toMatch(/^E[A-Z]+$/);
    expect((await apledger('report', '--data', directory)).out).toContain('### Refused attempts\n\n| what |');
    const csv: Record<string, string>[] = parse(
      (await apledger('report', '--format', 'csv', '--data', directory)).out,
      { columns: true },
    );
    expect(csv.find(({ record }) => record === 'refusal')).toMatchObject({ host: 'h', mdev: WEB });
    // Of a guest that never ran, too; nobody else was ever heard of.
    const of = (guest: string) =>
      apledger('report', '--format', 'json', '--guest', guest, '--data', directory);
    const [db] = JSON.parse((await of('db')).out).hosts;
    expect([db.runs, db.refusals]).toEqual([[], [expect.objectContaining({ guest: 'db' })]]);
    expect(await of('nobody')).toMatchObject({
      status: 1,
      err: expect.stringContaining('no guest nobody'),
    });
  });

  it('names with an attempt the guest that had the mdev open then, and no other one', async () => {
    const directory = scratch();
    const refused = '! echo 9999 > $m/$u/assign_adapter';
    const script = `host h adapters=5 domains=4
m=/sys/devices/vfio_ap/matrix
u=${WEB}
echo $u > $m/mdev_supported_types/vfio_ap-passthrough/create
${refused}
guest start web $u
${refused}
guest stop web
${refused}
guest start db $u
${refused}
`;
    expect(await apledger('run', '--data', directory, file('a.sh', script))).toMatchObject({ status: 0 });
    const of = async (...args: string[]) => {
      const { out } = await apledger('report', '--format', 'json', '--data', directory, ...args);
      const [{ refusals }] = JSON.parse(out).hosts;
      return refusals.map(({ guest }: { guest: string | null }) => guest);
    };
    expect(await of()).toEqual([null, 'web', null, 'db']);
    expect(await of('--guest', 'db')).toEqual(['db']);
  });

  it('is not confirmed by a log that was written anew', async () => {
    const heads = file('kept.json', (await apledger('report', '--format', 'json', '--data', data)).out);
    const other = scratch();
    await apledger('run', '--data', other, inRepository('examples/07-custody.sh'));
    expect((await apledger('verify', '--data', other)).status).toBe(0);
    expect((await apledger('verify', '--heads', heads, '--data', other)).status).toBe(1);
  });
});

describe('verify', () => {
  it('accepts resets that an older apledger did not pack, and finds one that lost its packed form', async () => {
    const directory = scratch();
    await apledger('run', '--data', directory, file('a.sh', 'host h adapters=5 domains=4\n'));
    const log = await openSqliteLog({ directory });
    const reset = {
      type: 'QueueReset',
      occurredAt: new Date().toISOString(),
      data: { by: 'bus', queues: ['05.0004'], responseCode: 0 },
      packed: new Uint8Array(0),
    };
    const append = (version: number) =>
      log.append({
        stream: 'host-h',
        expected: 'any',
        commandId: crypto.randomUUID(),
        actor: 'test',
        correlation: 'test',
        facts: [{ ...reset, version }],
      });
    await append(2);
    expect((await apledger('verify', '--data', directory)).status).toBe(0);
    await append(3);
    await log.close();
    const { status, out } = await apledger('verify', '--data', directory);
    expect(status).toBe(1);
    expect(out).toContain('its packed form is not that of its data');
  });
});

it('a name from elsewhere cannot write on the terminal', async () => {
  const directory = scratch();
  const script = readFileSync(inRepository('examples/07-custody.sh'), 'utf8');
  const evil = script.replaceAll('guest start web', "guest start 'w\u001b[2Jeb'");
  await apledger('run', '--data', directory, file('evil.sh', evil));
  for (const command of [['custody', '05.0004'], ['exposure'], ['report']]) {
    const { out } = await apledger(...command, '--data', directory);
    expect(out).not.toContain('\u001b');
    expect(out.replaceAll('\\', '')).toContain('guest wu{1b}[2Jeb');
  }
});

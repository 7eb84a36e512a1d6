/** Custody, reports, what-if and the work on the whole log, over HTTP: what packages answer arrives as it is. */

import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { verify } from '@apledger/event-log';
import { writeReport } from '@apledger/ledger';
import { openCustody } from '@apledger/projections';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Scene, scene } from './test-support.ts';

const COMMANDS = '/hosts/lpar1/commands';
let made: Scene;
/** 05.0004 was web's from 09:00 to 10:00, and is db's since 11:00. */
beforeAll(async () => {
  made = await scene();
  await made.post(COMMANDS, register('lpar1'));
  await made.post('/hosts/lpar2/commands', register('lpar2'));
  for (const command of [create(A), assignAdapter(A, 5), assignDomain(A, 4)])
    await made.post(COMMANDS, command);
  await made.post(COMMANDS, { type: 'StartGuest', mdev: A, guest: 'web' });
  made.now = new Date('2026-03-01T10:00:00.000Z');
  await made.post(COMMANDS, { type: 'StopGuest', mdev: A });
  await made.post(COMMANDS, { type: 'UnassignAdapter', mdev: A, text: '5' });
  made.now = new Date('2026-03-01T11:00:00.000Z');
  for (const command of [create(B), assignAdapter(B, 5), assignDomain(B, 4)])
    await made.post(COMMANDS, command);
  await made.post(COMMANDS, { type: 'StartGuest', mdev: B, guest: 'db' });
});

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What every answer about lpar1 says of its chain: all of it is recomputed. */
async function verification(): Promise<object> {
  const { revision = -1, position } = (await made.log.head('host-lpar1')) ?? {};
  return { verification: { upTo: position, facts: revision + 1, problems: [] } };
}

describe('custody', () => {
  it('of a queue', async () => {
    const { body } = await made.get('/hosts/lpar1/custody?apqn=05.0004');
    const found = await openCustody(made).custody('lpar1', '05.0004');
    expect(body).toEqual(plain({ ...found, ...(await verification()) }));
    expect((body.intervals as { holder: object }[]).map(({ holder }) => holder)).toMatchObject([
      { kind: 'nobody' },
      { kind: 'guest', guest: 'web' },
      { kind: 'nobody' },
      { kind: 'guest', guest: 'db' },
    ]);
  });

  it('of a queue, the newest periods of it, and how many are older', async () => {
    const all = (await made.get('/hosts/lpar1/custody?apqn=05.0004')).body;
    const { body } = await made.get('/hosts/lpar1/custody?apqn=05.0004&limit=3');
    const intervals = all.intervals as object[];
    expect(body).toEqual({ ...all, omitted: intervals.length - 3, intervals: intervals.slice(-3) });
    expect(intervals.length).toBeGreaterThan(3);
    const enough = `/hosts/lpar1/custody?apqn=05.0004&limit=${intervals.length}`;
    expect((await made.get(enough)).body).toEqual(all);
  });

  it('of a queue in a span', async () => {
    const { body } = await made.get(
      '/hosts/lpar1/custody?apqn=05.0004&from=2026-03-01T10:30:00Z&to=2026-03-01T11:00:00Z',
    );
    expect((body.intervals as { holder: object }[]).map(({ holder }) => holder)).toMatchObject([
      { kind: 'nobody' },
      { kind: 'guest', guest: 'db' },
    ]);
  });

  it('of a guest, and what is exposed', async () => {
    const history = (await made.get('/hosts/lpar1/guests/web/history')).body;
    const found = await openCustody(made).guestHistory('lpar1', 'web');
    expect(history).toEqual(plain({ ...found, ...(await verification()) }));
    expect(history).toMatchObject({ runs: [{ mdev: A, stopped: { type: 'GuestStopped' } }] });
    const { body } = await made.get('/hosts/lpar1/exposures');
    const exposed = await openCustody(made).exposures('lpar1');
    expect(body).toEqual(plain({ ...exposed, ...(await verification()) }));
  });

  it.each([
    ['/hosts/lpar9/custody?apqn=05.0004', 404, 'unknown-host'],
    ['/hosts/lpar1/custody', 400, 'invalid-request'],
    ['/hosts/lpar1/custody?apqn=5.4', 400, 'invalid-request'],
    ['/hosts/lpar1/custody?apqn=05.0004&limit=0', 400, 'invalid-request'],
    ['/hosts/lpar1/custody?apqn=05.0004&from=9&to=3', 400, 'no-such-moment'],
    ['/hosts/lpar1/custody?apqn=05.0004&to=2999-01-01T00:00:00Z', 400, 'no-such-moment'],
    ['/hosts/lpar9/guests/web/history', 404, 'unknown-host'],
    ['/hosts/lpar9/exposures', 404, 'unknown-host'],
    ['/hosts/lpar9/report', 404, 'unknown-host'],
    ['/hosts/lpar1/report?host=lpar2', 400, 'invalid-request'],
    ['/report?format=pdf', 400, 'invalid-request'],
    ['/report?format=constructor', 400, 'invalid-request'],
    ['/report?guest=nobody', 404, 'unknown-guest'],
  ])('is not for %s', async (path, status, code) => {
    expect(await made.get(path)).toMatchObject({ status, type: 'application/problem+json', body: { code } });
  });
});

describe('a report', () => {
  it('comes as Markdown, CSV, JSON and as a page that can load nothing', async () => {
    const found = await openCustody(made).audit({ host: 'lpar1', guest: null, from: null, to: null });
    // Of one host, its chain is recomputed; of all, the log.
    const facts = ((await made.log.head('host-lpar1'))?.revision ?? -1) + 1;
    const report = found && { ...found, verification: { facts, problems: [] } };
    if (report === undefined) throw new Error('no such host');
    let text = '';
    for await (const piece of writeReport(report, 'md')) text += piece;
    expect(await made.get('/hosts/lpar1/report')).toMatchObject({
      type: 'text/markdown',
      text,
    });
    const { type, body } = await made.get('/hosts/lpar1/report?format=json');
    expect([type, body]).toEqual(['application/json', plain(report)]);
    expect((await made.get('/hosts/lpar1/report?format=csv')).type).toBe('text/csv');
    const page = await made.get('/report?format=html&guest=web');
    expect(page).toMatchObject({ type: 'text/html', status: 200 });
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src/);
    expect((await made.get('/report?format=json')).body.heads).toHaveLength(2);
  });
});

describe('what if', () => {
  const ask = (body: object) => made.post('/hosts/lpar1/what-if', body);

  it('tells who would lose what, and records nothing', async () => {
    const before = await made.log.lastPosition();
    const { status, body } = await ask({
      steps: ['guest stop db', `echo 77 > /sys/devices/vfio_ap/matrix/${B}/assign_adapter`],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      host: 'lpar1',
      steps: [{ outcome: 'done' }, { outcome: 'refused', refusal: { errno: 'ENODEV' } }],
      lost: [{ guest: 'db', queues: ['05.0004'] }],
      before: { host: 'lpar1' },
    });
    expect(await made.log.lastPosition()).toBe(before);
  });

  it('is asked of a past moment as well', async () => {
    const { body } = await ask({ steps: ['guest stop web'], time: '2026-03-01T09:30:00Z' });
    expect(body).toMatchObject({ lost: [{ guest: 'web', queues: ['05.0004'] }] });
  });

  it.each([
    [{}, 400, 'invalid-request'],
    [{ steps: [] }, 400, 'invalid-request'],
    [{ steps: [5] }, 400, 'invalid-request'],
    [{ steps: Array.from({ length: 101 }, () => 'scan') }, 400, 'invalid-request'],
    [{ steps: ['rm -rf /'] }, 400, 'invalid-step'],
    [{ steps: ['echo 5>assign_adapter'] }, 400, 'invalid-step'],
    [{ steps: ['guest stop \ud800'] }, 400, 'invalid-request'],
    [{ steps: ['host other adapters=5 domains=4'] }, 400, 'invalid-step'],
    [{ steps: ['scan'], position: 99_999 }, 400, 'no-such-moment'],
    [{ steps: ['scan'], position: 0 }, 404, 'unknown-host'],
  ])('is no answer to %j', async (body, status, code) => {
    expect(await ask(body)).toMatchObject({ status, body: { code } });
  });
});

describe('the whole log', () => {
  it('is recomputed, and compared with heads noted earlier', async () => {
    const walk = verify(made.log);
    let step = await walk.next();
    while (step.done !== true) step = await walk.next();
    const { body } = await made.post('/recompute', {});
    expect(body).toEqual(plain(step.value));
    const [head] = step.value.heads;
    const forged = { stream: head?.stream, revision: head?.revision, hash: 'f'.repeat(64) };
    expect((await made.post('/recompute', { heads: [forged] })).body.problems).toHaveLength(1);
    // The answer to one question is none to another, whatever the run is called.
    const run = '00000000-0000-4000-8000-000000000001';
    expect((await made.post('/recompute', { run })).body.problems).toHaveLength(0);
    expect((await made.post('/recompute', { run, heads: [forged] })).body.problems).toHaveLength(1);
  });

  it('is walked once at a time', async () => {
    const walks = await Promise.allSettled([1, 2, 3].map(() => made.ledger.ask('recompute', {})));
    expect(walks).toMatchObject([
      { status: 'fulfilled' },
      { reason: { status: 503, code: 'overloaded' } },
      { reason: { status: 503 } },
    ]);
    expect((await made.post('/recompute', {})).status).toBe(200);
  });

  it('is folded anew', async () => {
    const before = (await made.get('/hosts/lpar1')).body;
    expect((await made.post('/rebuild', {})).body).toMatchObject({ hosts: 2 });
    const run = '00000000-0000-4000-8000-000000000001';
    const [first, again] = [await made.post('/rebuild', { run }), await made.post('/rebuild', { run })];
    expect([first.status, again.body]).toEqual([200, first.body]);
    expect((await made.get('/hosts/lpar1')).body).toEqual(before);
  });
});

/** Questions and commands over HTTP: what HTTP itself has words for, it is told in them. */

import { randomUUID } from 'node:crypto';
import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { describe, expect, it } from 'vitest';
import { type Scene, scene } from './test-support.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const COMMANDS = '/hosts/lpar1/commands';

/** lpar1 with an mdev that guest1 has open since 10:00, and lpar2. */
async function history(): Promise<Scene & { readonly before: number }> {
  const made = await scene();
  for (const host of ['lpar1', 'lpar2']) await made.post(`/hosts/${host}/commands`, register(host));
  for (const command of [create(A), create(B), assignAdapter(A, 5), assignDomain(A, 4)])
    await made.post(COMMANDS, command);
  const before = await made.log.lastPosition();
  made.now = new Date('2026-03-01T10:00:00.000Z');
  await made.post(COMMANDS, { type: 'StartGuest', mdev: A, guest: 'web/1 ü' });
  return Object.assign(made, { before });
}

describe('a host', () => {
  it('is shown now, and as it was', async () => {
    const { get, before } = await history();
    expect((await get('/hosts/lpar1')).body).toMatchObject({
      host: 'lpar1',
      mdevs: [{ mdev: A, guest: 'web/1 ü', effective: { adapters: [5], domains: [4] } }, { mdev: B }],
    });
    const then = (await get(`/hosts/lpar1?position=${before}`)).body;
    expect(then).toMatchObject({ position: before, mdevs: [{ mdev: A, guest: null }, {}] });
    const asked = { ...then, asOf: { time: '2026-03-01T09:59:59.999Z' } };
    expect((await get('/hosts/lpar1?time=2026-03-01T09:59:59.999Z')).body).toEqual(asked);
    expect((await get('/hosts/lpar1?time=2026-03-01%2010:59:59.999%20Europe/Zurich')).body).toEqual(asked);
    expect((await get('/hosts/lpar1?time=2026-03-01T11:00:00%2B01:00')).body).not.toMatchObject({
      position: before,
    });
  });

  it('has its revision as ETag, and need not be sent again', async () => {
    const { get, post } = await history();
    const first = await get('/hosts/lpar1');
    const etag = String(first.headers.etag);
    expect(etag).toBe(`"${first.body.revision}"`);
    expect(await get('/hosts/lpar1', { 'if-none-match': `"0", W/${etag}` })).toMatchObject({
      status: 304,
      text: '',
    });
    await post(COMMANDS, assignAdapter(A, 6));
    expect((await get('/hosts/lpar1', { 'if-none-match': etag })).status).toBe(200);
  });

  it('has mdevs and guests of their own addresses, whatever the guests are called', async () => {
    const { get, before } = await history();
    expect((await get(`/hosts/lpar1/mdevs/${A}`)).body).toMatchObject({ host: 'lpar1', mdev: A, open: true });
    const guest = `/hosts/lpar1/guests/${encodeURIComponent('web/1 ü')}`;
    expect((await get(guest)).body).toMatchObject({ guest: 'web/1 ü', mdevs: [{ mdev: A }] });
    expect(await get(`${guest}?position=${before}`)).toMatchObject({
      status: 404,
      type: 'application/problem+json',
      body: { code: 'unknown-guest', status: 404, type: 'urn:apledger:problem:unknown-guest' },
    });
  });

  it('tells what differs between two moments', async () => {
    const { get, before } = await history();
    expect((await get(`/hosts/lpar1/diff?from=${before}`)).body).toMatchObject({
      changes: [
        { change: 'guestStarted', guest: 'web/1 ü' },
        { change: 'guestGained', queues: ['05.0004'] },
      ],
    });
    const { body } = await get(`/hosts/lpar1/diff?from=0&to=2026-03-01T09:00:00Z`);
    expect(body.changes).toContainEqual({ change: 'hostRegistered', host: 'lpar1' });
    expect(body.changes).not.toContainEqual(expect.objectContaining({ change: 'guestStarted' }));
  });
});

describe('a command', () => {
  it('is answered by its receipt, with the new ETag', async () => {
    const { post } = await history();
    const answer = await post(COMMANDS, assignAdapter(A, 6), { 'idempotency-key': ID });
    expect(answer).toMatchObject({
      status: 200,
      body: { host: 'lpar1', commandId: ID, isDuplicate: false, isBlocked: false },
    });
    expect(answer.body.facts).toMatchObject([{ type: 'AdapterAssigned', data: { mdev: A } }, {}]);
    expect(answer.headers.etag).toBe(`"${answer.body.revision}"`);
  });

  it('is carried out once under its Idempotency-Key, in quotes or not', async () => {
    const { post, log } = await history();
    const first = await post(COMMANDS, assignAdapter(A, 6), { 'idempotency-key': ID });
    const position = await log.lastPosition();
    const again = await post(COMMANDS, assignAdapter(A, 6), { 'idempotency-key': `"${ID}"` });
    expect(again.body).toEqual({ ...first.body, isDuplicate: true });
    expect(await log.lastPosition()).toBe(position);
  });

  it('that is refused is a problem with errno and remedy, and is recorded', async () => {
    const { post, get } = await history();
    const answer = await post(COMMANDS, assignAdapter(A, 77), { 'idempotency-key': ID });
    expect(answer).toMatchObject({
      status: 422,
      type: 'application/problem+json',
      body: {
        type: 'urn:apledger:problem:refused',
        title: 'The command was refused',
        status: 422,
        code: 'refused',
        errno: 'ENODEV',
        explanation: expect.any(String),
        conflicts: [],
        remedy: expect.any(String),
        commandId: ID,
        host: 'lpar1',
      },
    });
    const { events } = (await get('/events?types=CommandRejected')).body;
    expect(events).toMatchObject([{ cause: ID, host: 'lpar1', data: { errno: 'ENODEV' } }]);
    const again = await post(COMMANDS, assignAdapter(A, 77), { 'idempotency-key': ID });
    expect(again).toMatchObject({ status: 422, body: { isDuplicate: true, revision: answer.body.revision } });
  });

  it('under the id of another command is a problem that says what the id was used for, and nothing is done', async () => {
    const { post, log } = await history();
    await post(COMMANDS, assignAdapter(A, 6), { 'idempotency-key': ID });
    const position = await log.lastPosition();
    expect(await post(COMMANDS, assignAdapter(A, 4), { 'idempotency-key': ID })).toMatchObject({
      status: 422,
      body: {
        code: 'command-id-used',
        detail: expect.stringContaining('used for AssignAdapter on host lpar1'),
      },
    });
    expect(await log.lastPosition()).toBe(position);
  });

  it('for a revision is done there, and fails its precondition anywhere else', async () => {
    const { post, get, log } = await history();
    const etag = String((await get('/hosts/lpar1')).headers.etag);
    const done = await post(COMMANDS, assignAdapter(A, 6), { 'if-match': etag });
    expect(done.status).toBe(200);
    const position = await log.lastPosition();
    expect(await post(COMMANDS, assignAdapter(A, 4), { 'if-match': etag })).toMatchObject({
      status: 412,
      body: { code: 'wrong-revision', expected: Number(etag.slice(1, -1)), actual: done.body.revision },
    });
    expect(await log.lastPosition()).toBe(position);
  });

  it('registers a host that is not there with If-None-Match: *, and none that is', async () => {
    const { post } = await history();
    const given = { 'if-none-match': '*' };
    expect((await post('/hosts/lpar3/commands', register('lpar3'), given)).status).toBe(200);
    expect(await post('/hosts/lpar3/commands', register('lpar3'), given)).toMatchObject({
      status: 412,
      body: { expected: 'none' },
    });
  });

  it('is of the one who says so, in any script', async () => {
    const { post, get } = await history();
    const { body } = await post(COMMANDS, assignAdapter(A, 6), {
      'apledger-actor': encodeURIComponent('Änne 100%'),
      'apledger-correlation': 'change 4711',
    });
    const { events } = (await get('/events?host=lpar1&limit=1000')).body;
    const last = (events as { revision: number }[]).find(({ revision }) => revision === body.revision);
    expect(last).toMatchObject({ actor: 'Änne 100%', correlation: 'change 4711' });
  });
});

describe('pages', () => {
  it('of facts go on where the last one ended, whatever arrives meanwhile', async () => {
    const { get, post, log } = await history();
    const seen: number[] = [];
    let after = 0;
    for (let isEnd = false; !isEnd; ) {
      const { body } = await get(`/events?after=${after}&limit=3`);
      seen.push(...(body.events as { position: number }[]).map(({ position }) => position));
      after = Number(body.after);
      isEnd = body.isEnd === true;
      if (seen.length < 10) await post(COMMANDS, { type: 'ScanBus' });
    }
    expect(seen).toEqual(Array.from({ length: await log.lastPosition() }, (_, index) => index + 1));
  });

  it('of hosts stay as they were when the position of the first is named', async () => {
    const { get, post } = await history();
    const first = (await get('/hosts?limit=1')).body;
    expect(first).toMatchObject({ hosts: [{ host: 'lpar1' }], next: 'lpar1' });
    const before = (await get('/hosts/lpar2')).body;
    await post('/hosts/lpar2/commands', { type: 'ScanBus' });
    await post('/hosts/lpar3/commands', register('lpar3'));
    const second = (await get(`/hosts?limit=5&after=${first.next}&position=${first.position}`)).body;
    expect(second).toMatchObject({ hosts: [{ host: 'lpar2', revision: before.revision }], next: null });
    expect((await get('/hosts')).body).toMatchObject({
      hosts: [{ host: 'lpar1' }, { host: 'lpar2' }, { host: 'lpar3' }],
    });
  });

  it('of hosts are searched whole, however many there are: all whose name has the text, in any case of letters', async () => {
    const { get, log } = await history();
    const facts = [
      {
        type: 'BusScanned',
        version: 1,
        occurredAt: '2026-03-01T10:00:00.000Z',
        data: {},
        packed: new Uint8Array(),
      },
    ];
    const append = (host: string) =>
      log.append({
        stream: `host-${host}`,
        expected: 'none',
        commandId: randomUUID(),
        actor: 'a',
        correlation: 'c',
        facts,
      });
    await Promise.all(Array.from({ length: 300 }, (_, n) => append(`bank-${String(n).padStart(3, '0')}`)));
    await append('zlp1');
    await append('zlp10');
    const found = async (query: string) =>
      ((await get(`/hosts?${query}`)).body.hosts as { host: string }[]).map(({ host }) => host);
    expect(await found('find=zlp1')).toEqual(['zlp1', 'zlp10']);
    expect(await found('find=ZLP1&limit=1')).toEqual(['zlp1']);
    const { next } = (await get('/hosts?find=zlp1&limit=1')).body;
    expect(await found(`find=zlp1&limit=1&after=${next}`)).toEqual(['zlp10']);
    expect(await found('find=zlp2')).toEqual([]);
    expect(await found('find=lpar')).toEqual(['lpar1', 'lpar2']);
  });

  it('of refused commands hold every one of them, wherever in the log it lies', async () => {
    const { get, post, log } = await history();
    for (let n = 0; n < 30; n++) {
      await post(COMMANDS, { ...assignAdapter(A, 999) });
      for (let other = 0; other < 3; other++) await post('/hosts/lpar2/commands', { type: 'ScanBus' });
    }
    const refused: number[] = [];
    for await (const { type, position } of log.readAll())
      if (type === 'CommandRejected') refused.push(position);
    expect(refused.length).toBeGreaterThanOrEqual(30);
    const found: number[] = [];
    for (let [after, isEnd] = [0, false]; !isEnd; ) {
      const { body } = await get(`/events?types=CommandRejected&limit=4&after=${after}`);
      found.push(...(body.events as { position: number }[]).map(({ position }) => position));
      after = Number(body.after);
      isEnd = body.isEnd === true;
    }
    expect(found).toEqual(refused);
  });

  it('of one host hold its facts only', async () => {
    const { get } = await history();
    const { events, isEnd } = (await get('/events?host=lpar2&limit=1000')).body;
    expect(isEnd).toBe(true);
    expect(new Set((events as { host: string }[]).map(({ host }) => host))).toEqual(new Set(['lpar2']));
  });
});

describe('noted heads', () => {
  it('are compared with the log', async () => {
    const { get, post } = await history();
    const { hosts } = (await get('/hosts')).body;
    const heads = (hosts as { host: string; revision: number; hash: string }[]).map(
      ({ host, revision, hash }) => ({ host, revision, hash }),
    );
    expect((await post('/verify', { heads })).body).toEqual({ checked: 2, problems: [] });
    const forged = heads.map((head) => ({ ...head, hash: 'f'.repeat(64) }));
    expect((await post('/verify', { heads: forged })).body.problems).toHaveLength(2);
  });
});

describe('the service itself', () => {
  it('says that it lives, that it is ready, and what it does', async () => {
    const { get, log } = await history();
    expect(await get('//healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('//readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    const { text, type } = await get('//metrics');
    expect(type).toBe('text/plain');
    expect(text).toMatch(
      /apledger_http_request_seconds_count\{method="POST",route="\/api\/v1\/hosts\/:host\/commands",status="200"\} 7/,
    );
    await log.close();
    // What is known is a second old at most.
    while ((await get('//readyz')).status === 200) await new Promise((resolve) => setImmediate(resolve));
    expect(await get('//readyz')).toMatchObject({ status: 503, body: { code: 'log-closed' } });
    expect(await get('/hosts')).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(await get('//healthz')).toMatchObject({ status: 200 });
  });

  it('serves the document that describes it', async () => {
    const { get } = await scene();
    expect((await get('//openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
  });
});

/** Collections below a host, one fact, and what HTTP itself has for answers: versions, compression, names of files, methods. */
import { gunzipSync } from 'node:zlib';
import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { positionBefore } from '@apledger/ledger';
import { describe, expect, it } from 'vitest';
import { type Scene, scene } from './test-support.ts';

const COMMANDS = '/hosts/lpar1.bank.example/commands';
const HOST = '/hosts/lpar1.bank.example';

/** A host with two mdevs, of which guest1 has one open since 10:00. */
async function history(): Promise<Scene> {
  const made = await scene();
  await made.post(COMMANDS, register('lpar1.bank.example'));
  for (const command of [create(A), create(B), assignAdapter(A, 5), assignDomain(A, 4), assignAdapter(B, 6)])
    await made.post(COMMANDS, command);
  made.now = new Date('2026-03-01T10:00:00.000Z');
  await made.post(COMMANDS, { type: 'StartGuest', mdev: A, guest: 'guest1' });
  return made;
}

describe('below a host', () => {
  it('there are all its mdevs and queues, now and as of any moment', async () => {
    const { get } = await history();
    expect((await get(`${HOST}/mdevs`)).body).toMatchObject({
      host: 'lpar1.bank.example',
      mdevs: [
        { mdev: A, guest: 'guest1' },
        { mdev: B, guest: null },
      ],
    });
    expect((await get(`${HOST}/mdevs?position=2`)).body).toMatchObject({ mdevs: [] });
    const { body } = await get(`${HOST}/queues?adapter=5`);
    expect(body.queues).toContainEqual({
      apqn: '05.0004',
      driver: 'vfio_ap',
      isPassable: true,
      assignedTo: [A],
      usedBy: [{ mdev: A, guest: 'guest1' }],
    });
    const all = (await get(`${HOST}/queues`)).body.queues as { readonly apqn: string }[];
    expect(all.map(({ apqn }) => apqn)).toEqual(all.map(({ apqn }) => apqn).toSorted());
    expect(all.length).toBeGreaterThan((body.queues as unknown[]).length);
    expect((await get(`${HOST}/queues?time=2026-03-01T09:00:00Z&adapter=5`)).body.queues).toContainEqual(
      expect.objectContaining({ apqn: '05.0004', usedBy: [] }),
    );
  });

  it('what is no queue, adapter or mdev is refused in words', async () => {
    const { get } = await history();
    for (const [path, problem] of [
      [`${HOST}/custody?apqn=5.23`, 'apqn: expected: APQN, like 05.0047'],
      [`${HOST}/custody`, 'value: apqn missing'],
      [`${HOST}/queues?adapter=900`, 'adapter: must be 255 or less'],
      [`${HOST}/queues?adapter=x`, 'adapter: must be a whole number'],
      [`${HOST}/mdevs/zz`, 'mdev: expected: UUID of a mediated matrix device, lower case'],
      ['/report?format=pdf', 'format: must be one of md, csv, json, html'],
      ['/hosts?limit=0', 'limit: must be 1 or more'],
      ['/hosts?find=', 'find: is empty'],
    ] as const)
      expect(await get(path)).toMatchObject({ status: 400, body: { problems: [problem] } });
  });
});

describe('a fact', () => {
  it('has an address of its own', async () => {
    const { get } = await history();
    const { events } = (await get('/events')).body as { readonly events: readonly { position: number }[] };
    for (const fact of events) expect((await get(`/events/${fact.position}`)).body).toEqual(fact);
    const beyond = (events.at(-1)?.position ?? 0) + 1;
    expect(await get(`/events/${beyond}`)).toMatchObject({ status: 400, body: { code: 'no-such-moment' } });
    expect((await get('/events/0')).body.problems).toEqual(['position: must be 1 or more']);
    expect((await get('/events/first')).body.problems).toEqual(['position: must be a whole number']);
  });
});

describe('the stream of facts', () => {
  it('begins at a moment too: before the first fact that lies there', async () => {
    const { get, ledger, post } = await history();
    const { events } = (await get('/events')).body as {
      readonly events: readonly { position: number; type: string }[];
    };
    const started = events.find(({ type }) => type === 'GuestStarted')?.position ?? 0;
    const before = await ledger.log.lastPosition();
    await post('/hosts/other/commands', register('other'));
    const since = (text: string, host?: string) => positionBefore(ledger, { since: text, host });
    expect(await since('2026-03-01T10:00:00Z')).toBe(started - 1);
    expect(await since('2026-03-01T09:59:59.999Z')).toBe(started - 1);
    expect(await since('2020-01-01')).toBe(0);
    expect(await since('7')).toBe(6);
    expect(await since('2026-03-01T10:00:00Z', 'other')).toBe(before);
    expect(await get('/events/stream?since=noon')).toMatchObject({
      status: 400,
      body: { code: 'no-such-moment' },
    });
  });
});

describe('an answer', () => {
  it('about a host has its revision as the version', async () => {
    const { get } = await history();
    for (const what of ['', '/mdevs', '/guests', '/queues']) {
      const { headers, body } = await get(`${HOST}${what}`);
      expect(headers.etag).toBe(`"${body.revision}"`);
    }
  });

  it('that no revision names has a version all the same', async () => {
    const { get, post } = await history();
    const paths = ['/hosts', `${HOST}/custody?apqn=05.0004`, `${HOST}/exposures`, `${HOST}/diff?from=0&to=3`];
    for (const path of paths) {
      const { headers, status } = await get(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      const known = { 'if-none-match': String(headers.etag) };
      expect(await get(path, known)).toMatchObject({ status: 304, text: '' });
    }
    const { headers } = await get(`${HOST}/custody?apqn=05.0004`);
    await post(COMMANDS, { type: 'StopGuest', mdev: A });
    const again = await get(`${HOST}/custody?apqn=05.0004`, { 'if-none-match': String(headers.etag) });
    expect(again.status).toBe(200);
  });

  it('that is large comes compressed to who takes it, and is the same', async () => {
    const { server, post } = await scene();
    const registration = register('large');
    if (registration.type !== 'RegisterHost') throw new Error('it registers a host');
    const domains = Array.from({ length: 85 }, (_, domain) => domain);
    await post('/hosts/large/commands', {
      ...registration,
      hardware: { ...registration.hardware, apxa: true, maxDomain: 255, domains },
    });
    const ask = (accept: string) =>
      server.inject({
        url: '/api/v1/hosts/large/queues',
        headers: { host: 'localhost:8642', 'accept-encoding': accept },
      });
    const [plain, zipped] = await Promise.all([ask('identity'), ask('gzip')]);
    expect(plain.statusCode).toBe(200);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(zipped.rawPayload.length).toBeLessThan(plain.rawPayload.length / 4);
    expect(gunzipSync(zipped.rawPayload)).toEqual(plain.rawPayload);
    const small = await server.inject({
      url: '/api/v1/hosts',
      headers: { host: 'localhost:8642', 'accept-encoding': 'gzip' },
    });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('that is a report names the file to keep it in', async () => {
    const { get } = await history();
    expect((await get('/report?format=csv')).headers['content-disposition']).toBe(
      'inline; filename="apledger-report.csv"',
    );
    expect((await get(`${HOST}/report?format=html`)).headers['content-disposition']).toBe(
      'inline; filename="apledger-report-lpar1.bank.example.html"',
    );
  });

  it('to OPTIONS says what an address takes', async () => {
    const { send } = await history();
    expect(await send({ method: 'OPTIONS', url: '/hosts' })).toMatchObject({
      status: 204,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
    expect(await send({ method: 'DELETE', url: '/hosts' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
  });
});

it('what the relay does is in /readyz, and in /metrics where there is one', async () => {
  const { get } = await scene();
  expect((await get('//readyz')).body).toMatchObject({ status: 'ready', relay: 'off' });
  expect((await get('//metrics')).text).not.toMatch(/^apledger_relay_position \d/m);
});

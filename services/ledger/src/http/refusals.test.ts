/** What is not carried out as asked: a problem of its own kind each, nothing leaked, nothing changed. */

import { gzipSync } from 'node:zlib';
import { operations } from '@apledger/api';
import { A, create, register } from '@apledger/command-handler/testing';
import { MAX_REQUEST_BYTES } from '@apledger/ledger';
import { describe, expect, it } from 'vitest';
import { bindAddress } from './loopback.ts';
import { type Scene, scene } from './test-support.ts';

const COMMANDS = '/hosts/lpar1/commands';
const valid = create('cccccccc-0000-4000-8000-000000000003');

async function registered(): Promise<Scene> {
  const made = await scene();
  await made.post(COMMANDS, register('lpar1'));
  await made.post(COMMANDS, create(A));
  return made;
}

/** Sends, and checks what every refusal has to keep. */
async function refusal(ask: (made: Scene) => Promise<Awaited<ReturnType<Scene['get']>>>) {
  const made = await registered();
  const before = await made.log.lastPosition();
  const answer = await ask(made);
  expect(await made.log.lastPosition()).toBe(before);
  expect(made.reports).toEqual([]);
  expect(answer.type).toBe('application/problem+json');
  expect(answer.body).toMatchObject({
    type: `urn:apledger:problem:${answer.body.code}`,
    title: expect.stringMatching(/\w/),
    detail: expect.stringMatching(/\w/),
    status: answer.status,
  });
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|\bat .*\(/);
  return answer;
}

describe('a command', () => {
  it.each([
    ['nothing', '', 400, 'not-json'],
    ['no JSON', '{"type":', 400, 'not-json'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 400, 'not-json'],
    ['a list', '[]', 400, 'invalid-command'],
    ['an unknown type', '{"type":"Reboot"}', 400, 'invalid-command'],
    ['an inherited type', '{"type":"constructor"}', 400, 'invalid-command'],
    ['a wrong type', '{"type":"CreateMdev","text":5}', 400, 'invalid-command'],
    ['a prototype', '{"type":"ScanBus","__proto__":{}}', 400, 'invalid-command'],
    ['half a pair as text', '{"type":"CreateMdev","text":"\\ud800"}', 400, 'invalid-command'],
    [
      'half a pair as a name',
      '{"type":"StartGuest","mdev":"dddddddd-0000-4000-8000-000000000004","guest":"\\ud800"}',
      400,
      'invalid-command',
    ],
    ['half a pair as a device', '{"type":"SetOnline","device":"\\udc00","text":"1"}', 400, 'invalid-command'],
    ['depth', '['.repeat(60_000) + ']'.repeat(60_000), 400, 'invalid-command'],
    ['size', 'x'.repeat(MAX_REQUEST_BYTES + 1), 413, 'request-too-large'],
    ['another host`s registration', JSON.stringify(register('lpar9')), 400, 'invalid-command'],
  ] as const)('of %s is none', async (_, body, status, code) => {
    expect(await refusal(({ post }) => post(COMMANDS, body))).toMatchObject({ status, body: { code } });
  });

  it.each([
    ['idempotency-key', '7'],
    ['idempotency-key', '""'],
    ['if-match', '*'],
    ['if-match', '"-1"'],
    ['if-match', 'W/"1"'],
    ['if-match', '"1", "2"'],
    ['if-none-match', '"1"'],
    ['apledger-actor', ' '],
    ['apledger-actor', '%'],
    ['apledger-actor', '%00'],
    ['apledger-actor', 'x'.repeat(257)],
    ['apledger-actor', encodeURIComponent('x\u202eevil')],
    ['apledger-actor', encodeURIComponent('a\u2028b')],
    ['apledger-actor', encodeURIComponent('a\u200bb')],
    ['apledger-correlation', '%ff'],
    ['apledger-expected-revison', '1'],
  ])('with %s: %s is not carried out', async (header, value) => {
    expect(await refusal(({ post }) => post(COMMANDS, valid, { [header]: value }))).toMatchObject({
      status: 400,
      body: { code: 'invalid-header' },
    });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'as %s is not taken',
    async (type) => {
      const send = ({ send }: Scene) =>
        send({ method: 'POST', url: COMMANDS, payload: '{}', headers: { 'content-type': type } });
      expect(await refusal(send)).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } });
    },
  );
});

describe('what nobody would look at', () => {
  const ask = { steps: ['scan'] };

  it.each(['/hosts/lpar1/what-if?position=1', `${COMMANDS}?dry-run=1`, '/recompute?host=lpar1&run=x'])(
    'in the query string of a POST is refused as it is with GET: %s',
    async (path) => {
      const asked = await refusal(({ post }) => post(path, ask));
      expect(asked).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
      expect(asked.body.problems).toContainEqual(
        expect.stringMatching(/unknown property (position|dry-run|host, run)$/),
      );
    },
  );

  it.each([
    ['GET', '/hosts'],
    ['GET', '/hosts/lpar1'],
    ['GET', '/events'],
    ['GET', '/events/stream'],
    ['GET', '/report'],
    ['POST', '/hosts/lpar1/what-if'],
    ['POST', '/recompute'],
  ] as const)('among the headers of %s %s is refused as it is with a command', async (method, url) => {
    const headers = { 'Apledger-Wiat': '5', 'content-type': 'application/json' };
    const send = ({ send }: Scene) =>
      send({ method, url, headers, ...(method === 'POST' && { payload: JSON.stringify(ask) }) });
    expect(await refusal(send)).toMatchObject({
      status: 400,
      body: {
        code: 'invalid-header',
        problems: ['apledger-wiat: unknown; there are apledger-actor, apledger-correlation, apledger-wait'],
      },
    });
  });
});

describe('a body', () => {
  const encoded = (coding: string, payload: string | Buffer) =>
    refusal(({ send }) =>
      send({
        method: 'POST',
        url: COMMANDS,
        payload,
        headers: { 'content-type': 'application/json', 'content-encoding': coding },
      }),
    );

  it('that is encoded, or is said to be, is not taken', async () => {
    const text = JSON.stringify(valid);
    for (const [coding, payload] of [
      ['gzip', gzipSync(text)],
      ['br', text],
      ['identity, gzip', text],
    ] as const)
      expect(await encoded(coding, payload)).toMatchObject({
        status: 415,
        headers: { 'accept-encoding': 'identity' },
        body: { code: 'unsupported-media-type', detail: expect.stringContaining(coding) },
      });
  });

  it('that is said not to be encoded is taken', async () => {
    const { post } = await registered();
    expect((await post(COMMANDS, valid, { 'content-encoding': 'Identity' })).status).toBe(200);
  });
});

describe('a number beyond all', () => {
  const huge = '99999999999999999999';
  it.each([
    [`/hosts/lpar1/diff?from=${huge}`, 'no-such-moment', new RegExp(`^${huge}: not a position`)],
    [`/events?since=${huge}`, 'no-such-moment', new RegExp(`^${huge}: not a position`)],
    [`/hosts?limit=${huge}`, 'invalid-request', /limit: must be 1000 or less/],
    [`/hosts/lpar1?position=${huge}`, 'invalid-request', /position: must be \d+ or less/],
    [`/events/${huge}`, 'invalid-request', /position: must be \d+ or less/],
    [`/hosts/lpar1?position=${'9'.repeat(999)}`, 'invalid-request', /position: must be/],
  ])('%s is quoted as it was sent', async (path, code, words) => {
    const { body } = await refusal(({ get }) => get(path));
    expect(body.code).toBe(code);
    expect(
      [body.detail, ...((body.problems ?? []) as string[])].some((text) => words.test(String(text))),
    ).toBe(true);
  });
});

describe('the proposal of a plan', () => {
  const url = '/hosts/lpar1/changes';
  const { maxRequestBytes } = operations.propose;
  const ofBytes = (count: number): string => `"${'x'.repeat(count - 2)}"`;

  it('may be longer than other requests, up to its own bound', async () => {
    expect(maxRequestBytes).toBeGreaterThan(MAX_REQUEST_BYTES);
    expect(await refusal(({ post }) => post(url, ofBytes(maxRequestBytes)))).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
    expect(await refusal(({ post }) => post(url, ofBytes(maxRequestBytes + 1)))).toMatchObject({
      status: 413,
      body: { code: 'request-too-large', detail: expect.stringContaining(`${maxRequestBytes} are the most`) },
    });
  });
});

describe('an address', () => {
  it.each([
    ['/hosts/lpar9', 404, 'unknown-host'],
    ['/hosts/lp$ar', 400, 'invalid-host'],
    ['/hosts/%00', 400, 'invalid-host'],
    ['/hosts/%ff', 400, 'invalid-request'],
    ['/hosts/..%2f..%2fetc', 400, 'invalid-host'],
    [`/hosts/${'x'.repeat(3000)}`, 400, 'invalid-request'],
    ['/hosts/lpar1/mdevs/x', 400, 'invalid-request'],
    ['/hosts/lpar1/mdevs/dddddddd-0000-4000-8000-000000000004', 404, 'unknown-mdev'],
    ['/hosts/lpar1/guests/nobody', 404, 'unknown-guest'],
    ['/hosts/lpar1?position=99999', 400, 'no-such-moment'],
    ['/hosts/lpar1?position=-1', 400, 'invalid-request'],
    ['/hosts/lpar1?position=1e2', 400, 'invalid-request'],
    ['/hosts/lpar1?position=1&position=2', 400, 'invalid-request'],
    ['/hosts/lpar1?time=2999-01-01T00:00:00Z', 400, 'no-such-moment'],
    ['/hosts/lpar1?time=2026-02-30T00:00:00Z', 400, 'no-such-moment'],
    ['/hosts/lpar1?time=2026-11-31T00:00:00Z', 400, 'no-such-moment'],
    ['/hosts/lpar1/diff?from=2026-02-30T00:00:00Z', 400, 'no-such-moment'],
    ['/hosts/lpar1?time=noon', 400, 'no-such-moment'],
    ['/hosts/lpar1?time=2026-02-01T00:00:00Z&position=1', 400, 'no-such-moment'],
    ['/hosts/lpar1?at=1', 400, 'invalid-request'],
    ['/hosts/lpar1?__proto__=1', 400, 'invalid-request'],
    ['/hosts/lpar1/diff', 400, 'invalid-request'],
    ['/hosts/lpar1/diff?from=noon', 400, 'no-such-moment'],
    ['/hosts/lpar9/diff?from=0', 404, 'unknown-host'],
    ['/hosts?limit=0', 400, 'invalid-request'],
    ['/hosts?limit=1001', 400, 'invalid-request'],
    ['/events?after=99999', 400, 'no-such-moment'],
    ['/events?types=Rain', 400, 'invalid-request'],
    ['/events?host=lpar9', 404, 'unknown-host'],
    ['/events/stream?after=99999', 400, 'no-such-moment'],
    ['/events/stream?types=Rain', 400, 'invalid-request'],
    ['/events/stream?host=a/b', 400, 'invalid-request'],
    ['/hosts/lpar1/commands/7', 404, 'no-such-resource'],
    ['/', 404, 'no-such-resource'],
    ['//nowhere', 404, 'no-such-resource'],
    ['//../../etc/passwd', 404, 'no-such-resource'],
    ['//%2e%2e/%2e%2e/etc/passwd', 404, 'no-such-resource'],
    ['//%00', 404, 'no-such-resource'],
  ])('%s', async (path, status, code) => {
    expect(await refusal(({ get }) => get(path))).toMatchObject({ status, body: { code } });
  });

  it('is not for every method, and says for which', async () => {
    const answer = await refusal(({ send }) => send({ method: 'DELETE', url: '/hosts/lpar1' }));
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
    expect(await refusal(({ get }) => get(COMMANDS))).toMatchObject({
      status: 405,
      headers: { allow: 'POST, OPTIONS' },
    });
  });

  it('of a stream takes up only where a fact was', async () => {
    const last = (value: string) => refusal(({ get }) => get('/events/stream', { 'last-event-id': value }));
    expect(await last('x')).toMatchObject({ status: 400, body: { code: 'invalid-header' } });
    expect(await last('99999')).toMatchObject({ status: 400, body: { code: 'no-such-moment' } });
  });
});

describe('a page of elsewhere', () => {
  it.each([
    'evil.example',
    'evil.example:8642',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1:8642',
    '0.0.0.0',
    '[::]:8642',
    '[::ffff:10.0.0.1]',
    'localhost:',
  ])('that had its name re-bound is not answered: Host %j', async (host) => {
    expect(await refusal(({ get }) => get('/hosts', { host }))).toMatchObject({
      status: 421,
      body: { code: 'wrong-host' },
    });
  });

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1:8642', '127.1.2.3', '[::1]:8642', '[::1]'])(
    'is none at %s',
    async (host) => {
      const { get } = await scene();
      expect((await get('/hosts', { host, origin: `http://${host}` })).status).toBe(200);
    },
  );

  it.each(['http://evil.example', 'null', 'http://localhost:3000', 'https://localhost:8642', ''])(
    'cannot make a reader`s browser write: Origin %j',
    async (origin) => {
      expect(await refusal(({ post }) => post(COMMANDS, valid, { origin }))).toMatchObject({
        status: 403,
        body: { code: 'foreign-origin' },
      });
    },
  );

  it.each(['cross-site', 'same-site', 'nonsense'])(
    'cannot make a reader`s browser ask for what costs: Sec-Fetch-Site %j',
    async (site) => {
      const image = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
      expect(await refusal(({ get }) => get('/report?format=csv', image))).toMatchObject({
        status: 403,
        body: { code: 'foreign-origin' },
      });
    },
  );

  it.each(['same-origin', 'none'])('is none that says Sec-Fetch-Site %j', async (site) => {
    const { get } = await scene();
    expect((await get('/report?format=csv', { 'sec-fetch-site': site })).status).toBe(200);
  });

  it('is told to frame, sniff and load nothing', async () => {
    const { get } = await scene();
    for (const path of ['//', '/hosts', '/hosts/lpar9', '//nowhere'])
      expect((await get(path)).headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/^default-src 'none'.*frame-ancestors 'none'/),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
  });
});

describe('the address to listen on', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1'])('%s is taken', (address) => {
    expect(bindAddress(address)).toBe(address);
  });

  it.each(['0.0.0.0', '::', '192.168.1.1', '::ffff:192.168.1.1', 'localhost', 'example.org', '', '127.1'])(
    '%j is not, and why',
    (address) => {
      expect(() => bindAddress(address)).toThrow(/loopback addresses only.*no access control/);
    },
  );
});

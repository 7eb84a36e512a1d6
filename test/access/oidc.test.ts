/** People who sign in with a real provider, and those who only pretend to. */
import { UnsecuredJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { A } from '../ledger/support.ts';
import { newKey } from '../support/provider.ts';
import { type Bank, Browser, openBank } from './support.ts';

const COOKIE = '__Host-apledger';
const OWN = { 'sec-fetch-site': 'same-origin' };
let bank: Bank;
beforeEach(async () => {
  bank = await openBank();
});
afterEach(() => bank.close());

const ask = (path: string, init: RequestInit = {}) => fetch(`${bank.url}${path}`, init);
const me = (headers: Record<string, string>) => ask('/api/v1/access/me', { headers });
/** A command of a person's browser. */
const command = (headers: Record<string, string>, host = 'test1') =>
  ask(`/api/v1/hosts/${host}/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ type: 'AssignAdapter', mdev: A, text: '5' }),
  });

describe('signing in with a browser', () => {
  it('opens a session for who the provider says it is, in a cookie that scripts cannot read', async () => {
    await bank.bind('olga', 'operator', 'test*');
    const browser = new Browser();
    const { url } = await browser.signIn(bank.url, 'olga', '/hosts/test1');
    expect(url).toBe(`${bank.url}/hosts/test1`);
    const cookie = `${COOKIE}=${browser.cookie(bank.url, COOKIE)}`;
    expect(await (await me({ cookie, ...OWN })).json()).toMatchObject({
      subject: { issuer: bank.issuer, subject: 'olga' },
      name: 'olga',
      method: 'oidc',
    });
    const opened = (await bank.facts()).at(-1);
    expect(opened).toMatchObject({
      type: 'SessionOpened',
      actor: 'olga',
      data: { subject: { subject: 'olga' }, name: 'olga' },
    });
    expect(JSON.stringify(opened)).not.toContain(browser.cookie(bank.url, COOKIE));
    expect((await command({ cookie, ...OWN })).status).toBe(200);
  });

  it('ends with signing out, everywhere', async () => {
    await bank.bind('olga', 'viewer', '*');
    const browser = new Browser();
    await browser.signIn(bank.url, 'olga');
    const cookie = `${COOKIE}=${browser.cookie(bank.url, COOKIE)}`;
    expect((await ask('/auth/logout', { method: 'POST', headers: { cookie, ...OWN } })).status).toBe(204);
    expect((await me({ cookie, ...OWN })).status).toBe(401);
    expect((await bank.facts()).at(-1)).toMatchObject({ type: 'SessionEnded', auth: { subject: 'olga' } });
  });

  it('sets its cookies for this host alone, over TLS or loopback', async () => {
    const { response } = await new Browser().go(`${bank.url}/auth/login`, { upTo: /./ });
    expect(response.headers.getSetCookie()[0]).toMatch(
      /^__Host-apledger-departure=[^;]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('does not lead to pages of others', async () => {
    for (const to of [
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/a\nb',
      'javascript:alert(1)',
    ]) {
      const { url } = await new Browser().signIn(bank.url, 'olga', to);
      expect(url).toBe(`${bank.url}/`);
    }
  });

  it('takes nobody else`s way back: another state, another verifier, a code twice, none at all', async () => {
    const victim = new Browser();
    const { url } = await victim.go(`${bank.url}/auth/login`);
    const { url: back } = await victim.go(`${url}?as=olga`, { upTo: /\/auth\/callback/ });
    // Somebody else's browser: no departure cookie, or its own.
    expect((await ask(back.slice(bank.url.length))).status).toBe(401);
    const thief = new Browser();
    await thief.go(`${bank.url}/auth/login`);
    expect((await thief.go(back)).response.status).toBe(401);
    // His own browser comes back well; a code is used once.
    expect((await victim.go(back)).response.status).toBe(200);
    victim.set(
      bank.url,
      '__Host-apledger-departure',
      Buffer.from(JSON.stringify({ verifier: 'x'.repeat(43), state: 's', nonce: 'n', to: '/' })).toString(
        'base64url',
      ),
    );
    expect((await victim.go(back)).response.status).toBe(401);
  });
});

describe('a cookie that was stolen', () => {
  it('counts for nothing without the page: no origin, another one, another site', async () => {
    await bank.bind('olga', 'operator', '*');
    const browser = new Browser();
    await browser.signIn(bank.url, 'olga');
    const cookie = `${COOKIE}=${browser.cookie(bank.url, COOKIE)}`;
    const before = await bank.log.lastPosition();
    for (const headers of [
      { cookie },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, 'sec-fetch-site': 'same-site' },
      { cookie, 'sec-fetch-site': 'none' },
      { cookie, origin: 'https://evil.example' },
      { cookie, origin: 'null' },
      { cookie, ...OWN, origin: 'https://evil.example' },
    ] as Record<string, string>[])
      expect((await command(headers)).status, JSON.stringify(headers)).toBe(403);
    expect((await me({ cookie })).status).toBe(403);
    expect(await bank.log.lastPosition()).toBe(before);
    expect((await command({ cookie, origin: bank.url })).status).toBe(200);
  });
});

describe('an ID token', () => {
  const status = async (token: Promise<string> | string) => (await bank.exchange(await token)).status;
  const now = () => Math.floor(Date.now() / 1000);

  it('is traded for a session, once', async () => {
    await bank.bind('olga', 'viewer', '*');
    const token = await bank.idToken();
    const { secret } = (await (await bank.exchange(token)).json()) as { secret: string };
    expect((await me({ authorization: `Bearer ${secret}` })).status).toBe(200);
    expect(await status(token)).toBe(401);
  });

  it('is none itself: a request does not come with it', async () => {
    expect((await me({ authorization: `Bearer ${await bank.idToken()}` })).status).toBe(401);
  });

  it.each([
    ['expired', { exp: 1000, iat: 900 }],
    ['expired just now', () => ({ exp: now() - 61, iat: now() - 300 })],
    ['without an end', { exp: undefined as never }],
    ['without a beginning', { iat: undefined as never }],
    ['of long ago', () => ({ iat: now() - 3600 })],
    ['not valid yet', () => ({ nbf: now() + 300 })],
    ['of a clock five minutes ahead', () => ({ iat: now() + 300, exp: now() + 600 })],
    ['for another client', { aud: 'other' }],
    ['for two clients', { aud: ['apledger', 'other'] }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of the issuer spelled otherwise', () => ({ iss: `${bank.issuer}/` })],
    ['of nobody', { sub: '' }],
    ['of no text', { sub: 7 as never }],
    ['without subject', { sub: undefined as never }],
    ['of too long a name', { sub: 'x'.repeat(256) }],
  ])('%s is refused', async (_, claims) => {
    expect(await status(bank.idToken(typeof claims === 'function' ? claims() : claims))).toBe(401);
  });

  it('of a clock that is half a minute off is taken', async () => {
    expect(await status(bank.idToken({ iat: now() + 30, nbf: now() + 30 }))).toBe(200);
    expect(await status(bank.idToken({ exp: now() - 30, iat: now() - 200 }))).toBe(200);
  });

  it('without a signature, with another key or another algorithm is refused', async () => {
    const claims = { iss: bank.issuer, aud: 'apledger', sub: 'olga', iat: now(), exp: now() + 300 };
    expect(await status(new UnsecuredJWT(claims).encode())).toBe(401);
    const token = await bank.idToken();
    const [head = '', body = '', signature = ''] = token.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await status(`${none}.${body}.`)).toBe(401);
    expect(await status(`${none}.${body}.${signature}`)).toBe(401);
    const hs = Buffer.from('{"alg":"HS256","kid":"first"}').toString('base64url');
    expect(await status(`${hs}.${body}.${signature}`)).toBe(401);
    const other = Buffer.from(JSON.stringify({ ...claims, sub: 'amir' })).toString('base64url');
    expect(await status(`${head}.${other}.${signature}`)).toBe(401);
    expect(await status(bank.idToken({}, {}, { ...(await newKey('first')) }))).toBe(401);
    expect(await status(bank.idToken({}, { kid: 'unheard of' }))).toBe(401);
    for (const text of ['', 'x', 'a.b.c', 'x'.repeat(16_000)]) expect(await status(text)).toBe(401);
    expect(await status('x'.repeat(17_000))).toBe(400);
  });

  it('is counted when it is refused, and everything is in the log', async () => {
    for (let i = 0; i < 5; i++) await status('x');
    await bank.flush();
    expect((await bank.facts()).filter(({ type }) => type === 'AuthenticationFailed')).toMatchObject([
      { data: { count: 5, reasons: { 'id-token': 5 } } },
    ]);
  });
});

describe('a provider', () => {
  it('that has new keys is asked for them', async () => {
    expect((await bank.exchange(await bank.idToken())).status).toBe(200);
    const old = bank.key;
    await bank.rotate();
    expect((await bank.exchange(await bank.idToken())).status).toBe(200);
    expect((await bank.exchange(await bank.idToken({}, {}, old))).status).toBe(401);
  });

  it('that is away keeps nobody out who is in, and lets nobody in', async () => {
    await bank.bind('olga', 'viewer', '*');
    await bank.stopProvider();
    const { response } = await new Browser().go(`${bank.url}/auth/login`);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      503,
      'provider-unreachable',
    ]);
    expect((await bank.exchange(await bank.idToken())).status).toBe(503);
    await bank.rotate();
    const { secret } = (await (await bank.exchange(await bank.idToken())).json()) as { secret: string };
    await bank.stopProvider();
    expect((await me({ authorization: `Bearer ${secret}` })).status).toBe(200);
  });
});

describe('one person', () => {
  it('in two sessions and with a token is one: no second pair of eyes', async () => {
    await bank.bind('olga', 'operator', '*');
    await bank.bind('olga', 'approver', '*');
    await bank.bind('amir', 'approver', '*');
    const session = async (sub: string) => {
      const { secret } = (await (await bank.exchange(await bank.idToken({ sub }))).json()) as {
        secret: string;
      };
      return { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    };
    const post = async (path: string, body: object, headers: Record<string, string>) => {
      const response = await ask(`/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: response.status, body: (await response.json()) as Record<string, string> };
    };
    const first = await session('olga');
    const mask = { type: 'WriteMask', mask: 'apmask', text: '+5' };
    const { body } = await post(
      '/hosts/prod1/changes',
      { commands: [mask], reason: 'more for the host' },
      first,
    );
    const { change, work, effect } = body;
    const approve = (headers: Record<string, string>) =>
      post(`/changes/${change}/approve`, { work, effect }, headers);
    expect((await approve(first)).status).toBe(403);
    expect((await approve(await session('olga'))).status).toBe(403);
    const own = await post('/access/tokens', { until: '1h' }, first);
    expect(own.body).toMatchObject({ subject: { subject: 'olga' } });
    expect((await approve({ ...first, authorization: `Bearer ${own.body.secret}` })).status).toBe(403);
    expect((await approve(await session('amir'))).body).toMatchObject({ status: 'carried-out' });
  });
});

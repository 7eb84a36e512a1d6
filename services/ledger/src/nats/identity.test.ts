/** Requests over NATS that show a token, are signed by a registered key, or only look so. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { accessConfiguration } from '../access/configuration.ts';
import { openEdge } from '../access/edge.ts';
import { controlled } from '../http/test-access.ts';
import type { Call } from './call.ts';
import { bodyHash, callerOf, Replays } from './identity.ts';

const SUBJECT = 'apledger.v1.svc.query.host.prod1';
const body = new TextEncoder().encode('{}');
const call = (headers: Record<string, string>, more: Partial<Call> = {}): Call => ({
  subject: SUBJECT,
  headers: new Map(Object.entries(headers)),
  body,
  maxReplyBytes: 1e6,
  trustsRequestInfo: false,
  ...more,
});

async function scene() {
  const made = await controlled();
  const edge = await openEdge(made.ledger, accessConfiguration('{}', 'access.yaml'), () => {});
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
  const { x = '' } = await exportJWK(publicKey);
  const { key } = await made.owner.ask('registerKey', { program: 'nightly', publicKey: x, until: '8h' });
  const replays = new Replays();
  const now = Math.floor(made.now.getTime() / 1000);
  const sign = (claims: object = {}, kid = key, with_ = privateKey) =>
    new SignJWT({
      sub: SUBJECT,
      bh: bodyHash(body),
      iat: now,
      exp: now + 60,
      jti: crypto.randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(with_);
  const identify = (asked: Call) => callerOf(asked, edge, replays, made.ledger.access.at);
  return { made, edge, key, now, sign, identify };
}

describe('a request over NATS', () => {
  it('is of whose token or key it shows', async () => {
    const { made, sign, identify } = await scene();
    const { authorization = '' } = await made.program('x', ['viewer', '*']);
    expect(await identify(call({ authorization }))).toMatchObject({
      method: 'token',
      subject: { subject: 'x' },
    });
    expect(await identify(call({ 'apledger-signature': await sign() }))).toMatchObject({
      method: 'key',
      subject: { issuer: 'apledger', subject: 'nightly' },
    });
  });

  it('that is signed counts for this subject and body, for a minute, once', async () => {
    const { made, sign, now, identify, edge, key } = await scene();
    const refused = async (signature: string, more: Partial<Call> = {}) =>
      expect(identify(call({ 'apledger-signature': signature }, more))).rejects.toMatchObject({
        status: 401,
      });
    const once = await sign();
    await identify(call({ 'apledger-signature': once }));
    await refused(once);
    await refused(await sign(), { body: new TextEncoder().encode('{"time":"-1h"}') });
    await refused(await sign(), { subject: 'apledger.v1.svc.query.host.prod2' });
    await refused(await sign({ exp: now + 3600 }));
    await refused(await sign({ iat: now - 300, exp: now - 240 }));
    await refused(await sign({ iat: now + 300, exp: now + 360 }));
    await refused(await sign({ jti: undefined }));
    await refused(await sign({}, 'unheardof'));
    const other = await generateKeyPair('EdDSA');
    await refused(await sign({}, key, other.privateKey));
    await refused(`${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`);
    await refused('x');
    await made.owner.ask('revoke', { id: key });
    await made.ledger.access.sync();
    await refused(await sign());
    await edge.failures.flush();
    const counted = (await made.facts()).find(({ type }) => type === 'AuthenticationFailed');
    expect(counted?.data).toMatchObject({ source: 'nats', count: 12 });
  });

  it('for a command can be sent again under its id', async () => {
    const { sign, identify } = await scene();
    const jti = crypto.randomUUID();
    const asked = call({ 'apledger-signature': await sign({ jti }), 'apledger-command-id': jti });
    await identify(asked);
    expect(await identify(asked)).toMatchObject({ subject: { subject: 'nightly' } });
  });

  it('without either is nobody`s', async () => {
    const { identify } = await scene();
    for (const headers of [{}, { authorization: 'Basic x' }, { 'apledger-actor': 'root' }] as Record<
      string,
      string
    >[])
      await expect(identify(call(headers))).rejects.toMatchObject({ status: 401, code: 'no-identity' });
  });
});

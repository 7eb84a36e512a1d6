/** Streams of facts whose reader's rights change while they are open. */
import { openMemoryLog } from '@apledger/event-log';
import { LogLedger } from '@apledger/ledger';
import { accessConfiguration, buildServer, openEdge } from '@apledger/ledger-service';
import { afterEach, describe, expect, it } from 'vitest';
import { A, create, register } from '../ledger/support.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function scene() {
  const log = openMemoryLog();
  const owner = new LogLedger({ log });
  const ledger = new LogLedger({ log, isControlled: true });
  const edge = await openEdge(ledger, accessConfiguration('{}', 'access.yaml'), () => {});
  const server = await buildServer({ ledger, edge, console: '/nowhere', report: () => {}, beatMs: 20 });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  closing.push(() => server.close());
  for (const host of ['prod1', 'test1']) await owner.submit({ host, command: register(host), actor: 'test' });
  const bind = (hosts: string) => owner.ask('bindRole', { subject: 'apledger#x', role: 'viewer', hosts });
  const unbind = (hosts: string) => owner.ask('unbindRole', { subject: 'apledger#x', role: 'viewer', hosts });
  const { secret, token } = await owner.ask('issueToken', { program: 'x', until: '1h' });
  const headers = { authorization: `Bearer ${secret}` };
  const follow = async () => {
    const response = await fetch(`${url}/api/v1/events/stream`, { headers });
    if (response.body === null) throw new Error('no stream');
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return {
      status: response.status,
      /** Reads until the pattern was seen, or to the end; resolves with everything so far. */
      async until(pattern?: RegExp): Promise<string> {
        while (pattern === undefined || !pattern.test(text)) {
          const { done, value } = await reader.read();
          if (done) return text;
          text += value;
        }
        return text;
      },
    };
  };
  const mdev = (host: string) => owner.submit({ host, command: create(A), actor: 'test' });
  return {
    owner,
    bind,
    unbind,
    follow,
    mdev,
    token,
    get: () => fetch(`${url}/api/v1/events/stream`, { headers }),
  };
}

describe('a stream of facts', () => {
  it('shows the hosts that its reader may read, and shrinks when a role is taken away', async () => {
    const { bind, unbind, follow, mdev } = await scene();
    await bind('test*');
    await bind('prod*');
    const stream = await follow();
    await stream.until(/caught-up/);
    await unbind('prod*');
    await mdev('prod1');
    await mdev('test1');
    const text = await stream.until(/MdevCreated/);
    expect(text).toMatch(/"type":"MdevCreated"[^\n]*"host":"test1"/);
    expect(text).not.toMatch(/"type":"MdevCreated"[^\n]*"host":"prod1"/);
    expect(text).not.toContain('TokenIssued');
  });

  it('ends when the last role is taken away, and nobody gets in again', async () => {
    const { bind, unbind, follow, get } = await scene();
    await bind('test*');
    const stream = await follow();
    await stream.until(/caught-up/);
    await unbind('test*');
    await stream.until();
    expect((await get()).status).toBe(403);
  });

  it('ends when its token is revoked', async () => {
    const { owner, bind, follow, get, token } = await scene();
    await bind('*');
    const stream = await follow();
    await stream.until(/caught-up/);
    await owner.ask('revoke', { id: token });
    await stream.until();
    expect((await get()).status).toBe(401);
  });
});

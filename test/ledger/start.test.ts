/** How the service begins, or says why it cannot; and whom it believes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { freePorts, type NatsServer, natsProgram, startNats } from '../support/nats.ts';
import { ask, create, register, startLedger, startProcess } from './support.ts';

const program = natsProgram();

const ACCOUNTS = `
accounts {
  LEDGER {
    users: [
      { user: ledger, password: "p:w" }
      { user: deaf, password: x, permissions: { subscribe: { deny: "apledger.v1.svc.command.*" } } }
    ]
    exports: [{ service: "apledger.v1.svc.>" }]
  }
  OPS { users: [{ user: anna, password: x }], imports: [{ service: { account: LEDGER, subject: "apledger.v1.svc.>" }, share: true }] }
}`;

async function failed(...args: string[]): Promise<{ status: number | null; output: string }> {
  const instance = startProcess(...args);
  return { status: await instance.ended(), output: instance.output() };
}

describe('the service cannot begin', () => {
  it.each([
    [
      'with an address of another kind',
      ['--nats', 'http://localhost'],
      /--nats: not the address of a NATS server/,
    ],
    ['with an unknown option', ['--speed', '80'], /--speed/],
    ['on an address that others reach', ['--host', '0.0.0.0'], /loopback addresses only/],
    ['on a port that is none', ['--port', '70000'], /--port 70000: not a port/],
    [
      'with credentials that are not there',
      ['--nats', 'nats://127.0.0.1:1', '--creds', '/nowhere'],
      /\/nowhere: .*ENOENT/,
    ],
  ])('%s', async (_, args, reason) => {
    const { status, output } = await failed('--data', scratch(), ...args);
    expect(status).toBe(2);
    expect(output).toMatch(reason);
    expect(output).not.toMatch(/ {4}at /);
  });

  it('when nobody answers there', async () => {
    const [port] = await freePorts(1);
    const { status, output } = await failed(
      '--data',
      scratch(),
      '--nats',
      `nats://me:secret@127.0.0.1:${port}`,
    );
    expect(status).toBe(2);
    expect(output).toContain(`nats://127.0.0.1:${port}: the broker cannot be reached`);
    expect(output).not.toContain('secret');
  });

  it('when its data directory is none', async () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    const { status, output } = await failed('--data', file, '--nats', 'nats://127.0.0.1:1');
    expect(status).toBe(2);
    expect(output).toMatch(/\(not-a-directory\)/);
  });
});

describe.skipIf('missing' in program)('on a broker with accounts, the service', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats({ program, configuration: ACCOUNTS });
  });
  afterAll(() => server.dispose());
  const at = (login: string): string => server.url.replace('//', `//${login}@`);

  it.each([
    ['is refused without a login', (url: string) => url, /refused this user/],
    [
      'is refused with a wrong password',
      (url: string) => url.replace('//', '//ledger:x@'),
      /refused this user/,
    ],
    [
      'needs to be let subscribe',
      (url: string) => url.replace('//', '//deaf:x@'),
      /no permission: subscription on .*command/,
    ],
  ])('%s', async (_, url, reason) => {
    const { status, output } = await failed('--data', scratch(), '--nats', url(server.url));
    expect(status).toBe(2);
    expect(output).toMatch(reason);
  });

  it('needs credentials that can be read', async () => {
    const creds = join(scratch(), 'user.creds');
    writeFileSync(creds, 'not what nsc writes');
    const { status, output } = await failed('--data', scratch(), '--nats', server.url, '--creds', creds);
    expect(status).toBe(2);
    expect(output).toContain(creds);
  });

  it('takes who asks from the broker, and nobody`s word for it', async () => {
    const login = at('ledger:p%3Aw');
    await startLedger('--data', scratch(), '--nats', login, '--trust-request-info');
    const own = await connect({ servers: server.url, user: 'ledger', pass: 'p:w' });
    const anna = await connect({ servers: server.url, user: 'anna', pass: 'x' });
    try {
      const forged = { 'Nats-Request-Info': '{"acc":"OPS","user":"root"}', 'apledger-actor': 'bob' };
      expect(await ask(anna, 'command.lpar1', register('lpar1'), forged)).toHaveProperty('reply');
      expect(await ask(anna, 'query.events', { limit: 1 })).toMatchObject({
        reply: { events: [{ actor: 'OPS/anna: bob' }] },
      });
      const mdev = create('aaaaaaaa-0000-4000-8000-000000000001');
      expect(await ask(own, 'command.lpar1', mdev)).toMatchObject({
        status: 403,
        error: { code: 'no-identity' },
      });
    } finally {
      await Promise.all([own.close(), anna.close()]);
    }
  });
});

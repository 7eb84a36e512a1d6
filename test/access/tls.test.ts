/** TLS, client certificates, new certificates while the service runs, and what it refuses to listen on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { main } from '@apledger/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerProcess, startProcess } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { freePorts } from '../support/nats.ts';
import { authority, type Pair, signed } from './certificates.ts';

const AGENT = 'urn:apledger:agent:prod1';
let directory: string;
let ca: Pair;
let other: Pair;
let server: Pair;
let service: LedgerProcess;
let port: number;
let mtlsPort: number;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Record<string, unknown>;
}

function ask(at: number, path: string, client?: Pair, headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: at,
        path,
        headers,
        agent: false,
        ca: readFileSync(ca.cert),
        ...(client && { cert: readFileSync(client.cert), key: readFileSync(client.key) }),
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(text || '{}'),
        });
      },
    );
    asked.on('error', reject).end();
  });
}

const apledger = (...args: string[]) =>
  main([...args, '--data', join(directory, 'data')], {
    out: () => {},
    err: () => {},
    isInteractive: false,
  } as never);

beforeAll(async () => {
  directory = scratch();
  ca = authority(directory, 'ca');
  other = authority(directory, 'other');
  server = signed(directory, 'server', ca, 'IP:127.0.0.1,DNS:localhost');
  writeFileSync(join(directory, 'access.yaml'), 'certificates: { ca: ca.pem }\n');
  [port = 0, mtlsPort = 0] = await freePorts(2);
  await apledger('access', 'bind', `x509#${AGENT}`, 'viewer', '--hosts', '*');
  service = startProcess(
    ...['--data', join(directory, 'data'), '--port', String(port), '--mtls-port', String(mtlsPort)],
    ...['--access', join(directory, 'access.yaml'), '--tls-cert', server.cert, '--tls-key', server.key],
  );
  await service.said(/ready .*at https:/);
});
afterAll(() => service.signal('SIGKILL'));

describe('over TLS', () => {
  it('a service says so to browsers, and lets nobody in without a name', async () => {
    const { status, headers } = await ask(port, '/api/v1/hosts');
    expect(status).toBe(401);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is not spoken', async (version) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await expect(
      new Promise((resolve, reject) => socket.on('secureConnect', resolve).on('error', reject)),
    ).rejects.toThrow();
  });
});

describe('a client certificate', () => {
  it('shown or not, what is no request of HTTP/1.1 is told why', async () => {
    const agent = signed(directory, 'odd', ca, `URI:${AGENT}`);
    for (const at of [port, mtlsPort]) {
      const tooMuch = await ask(at, '/healthz', agent, { 'x-much': 'x'.repeat(20_000) });
      expect([at === port, tooMuch.status, tooMuch.body.code]).toEqual([
        at === port,
        431,
        'headers-too-large',
      ]);
      const expecting = await ask(at, '/healthz', agent, { expect: 'wonders' });
      expect([at === port, expecting.status, expecting.body.code]).toEqual([
        at === port,
        417,
        'invalid-header',
      ]);
    }
  });

  it('is whom its alternative name says, never its common name', async () => {
    const agent = signed(directory, 'agent', ca, `URI:${AGENT}`);
    expect((await ask(mtlsPort, '/api/v1/access/me', agent)).body).toMatchObject({
      subject: { issuer: 'x509', subject: AGENT },
      method: 'mtls',
      roles: [{ role: 'viewer' }],
    });
    const unnamed = signed(directory, 'unnamed', ca, 'DNS:agent.example');
    expect((await ask(mtlsPort, '/api/v1/access/me', unnamed)).body).toMatchObject({
      subject: { subject: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      roles: [],
    });
  });

  it('of another authority, an expired one or none is turned away by TLS itself', async () => {
    const fake = signed(directory, 'fake', other, `URI:${AGENT}`);
    await expect(ask(mtlsPort, '/api/v1/access/me', fake)).rejects.toThrow();
    await expect(ask(mtlsPort, '/api/v1/access/me')).rejects.toThrow();
    await expect(ask(mtlsPort, '/healthz')).rejects.toThrow();
  });

  it('says nothing on the port of browsers', async () => {
    const agent = signed(directory, 'agent2', ca, `URI:${AGENT}`);
    expect((await ask(port, '/api/v1/access/me', agent)).status).toBe(401);
  });

  it('is asked for again by every connection: none is resumed', async () => {
    const agent = signed(directory, 'agent3', ca, `URI:${AGENT}`);
    const open = (more: object): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const socket = connect({
          port: mtlsPort,
          host: '127.0.0.1',
          ca: readFileSync(ca.cert),
          maxVersion: 'TLSv1.2',
          ...more,
        });
        socket.once('secureConnect', () => resolve(socket)).once('error', reject);
      });
    const first = await open({ cert: readFileSync(agent.cert), key: readFileSync(agent.key) });
    const session = first.getSession();
    first.destroy();
    const resumed = await open({ session }).then(
      (socket) => socket.isSessionReused(),
      () => false,
    );
    expect(resumed).toBe(false);
  });
});

describe('a new certificate', () => {
  it('is served after SIGHUP, and the old one stays where the new one is none', async () => {
    const fingerprint = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(ca.cert) }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.destroy();
        }).on('error', reject);
      });
    const before = await fingerprint();
    const next = signed(directory, 'next', ca, 'IP:127.0.0.1');
    writeFileSync(server.cert, readFileSync(next.cert));
    service.signal('SIGHUP');
    await service.said(/SIGHUP: the old certificate stays/);
    expect(await fingerprint()).toBe(before);
    writeFileSync(server.key, readFileSync(next.key));
    service.signal('SIGHUP');
    await service.said(/SIGHUP: serving with/);
    expect(await fingerprint()).not.toBe(before);
  });
});

describe('a service refuses to start', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const started = startProcess('--data', scratch(), '--port', '0', ...args);
    return started.said(/apledger ledger: (?!ready)/);
  };
  it('beyond loopback without TLS and access', async () => {
    expect(await refused('--host', '0.0.0.0')).toMatch(/--access, --tls-cert and --tls-key/);
    expect(await refused('--host', '0.0.0.0', '--access', join(directory, 'access.yaml'))).toMatch(
      /loopback addresses only/,
    );
    expect(await refused('--host', '0.0.0.0', '--tls-cert', server.cert, '--tls-key', server.key)).toMatch(
      /loopback addresses only/,
    );
  });

  it('with a configuration that cannot be meant', async () => {
    const path = join(directory, 'wrong.yaml');
    for (const [text, why] of [
      ['rules: [{ hosts: "!prod", fourEyes: grants }]', /rules\.0\.hosts/],
      ['oidc: { issuer: "http://idp.example", clientId: x }', /must be an https:/],
      ['orign: x', /unknown property orign/],
      ['a: [', /no YAML/],
    ] as const) {
      writeFileSync(path, text);
      expect(await refused('--access', path)).toMatch(why);
    }
  });
});

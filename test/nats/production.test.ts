/** The configuration of infra/nats as it lies there: three servers, TLS, and users who can do their work and no more. */

import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventLog, openJetStreamLog } from '@apledger/event-log';
import { all, commit, fill, verified } from '@apledger/event-log/contract/support';
import { connectNats } from '@apledger/nats';
import { natsServers } from '@apledger/nats/address';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeys, PermissionViolationError } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, type NatsServer, natsProgram, startNatsFile } from '../support/nats.ts';

const program = natsProgram();
const isMissing = 'missing' in program;
const CONFIGURATION = join(import.meta.dirname, '../../infra/nats/nats.conf');
const USERS = ['ledger', 'publisher', 'subscriber', 'command', 'auditor', 'operator'] as const;
type User = (typeof USERS)[number];

const passwords = new Map(USERS.map((user) => [user, randomUUID()]));
let certificates = '';
let servers: NatsServer[] = [];

/** A CA, and a certificate of it for this machine. */
function certify(folder: string): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test ca',
    '-days',
    '2',
  );
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1');
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...signed);
}

function environment(n: number, ports: readonly number[]): (folder: string) => Record<string, string> {
  const routes = ports.slice(3).map((port) => `"nats-route://127.0.0.1:${port}"`);
  const secrets = USERS.map((user) => [
    `NATS_${user.toUpperCase()}_PASSWORD`,
    JSON.stringify(passwords.get(user)),
  ]);
  return (folder) => ({
    NATS_NAME: `nats-${n}`,
    NATS_LISTEN: `"127.0.0.1:${ports[n]}"`,
    NATS_CLUSTER_LISTEN: `"127.0.0.1:${ports[n + 3]}"`,
    NATS_ROUTES: `[${routes.join(', ')}]`,
    NATS_CERT: join(certificates, 'server.pem'),
    NATS_KEY: join(certificates, 'server.key'),
    NATS_CA: join(certificates, 'ca.pem'),
    NATS_STORE: folder,
    NATS_MAX_STORE: '1GB',
    ...Object.fromEntries(secrets),
  });
}

const opened: { close(): Promise<void> }[] = [];
const addresses = (): string[] => servers.map((server) => server.url);
const login = (user: User) => ({ user, password: passwords.get(user) ?? '' });
const tls = () => ({ caFile: join(certificates, 'ca.pem') });

async function open(user: User, name = 'apledger'): Promise<EventLog> {
  const options = { servers: addresses(), name, tls: tls(), ...login(user), timeoutMs: 30_000 };
  const log = await openJetStreamLog(user === 'ledger' ? { ...options, replicas: 3 } : options);
  opened.push(log);
  return log;
}

async function client(user: User): Promise<NatsConnection> {
  const { password: pass } = login(user);
  const nc = await connect({ servers: addresses(), tls: tls(), user, pass, inboxPrefix: `_INBOX.${user}` });
  opened.push(nc);
  return nc;
}

/** The subject whose use the server denies, for what `work` does. */
async function denied(nc: NatsConnection, work: () => unknown): Promise<string> {
  const statuses = nc.status();
  const happened = Promise.resolve(work()).catch(() => undefined); // a request says it too, in its own way
  try {
    for await (const status of statuses) {
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        return `${status.error.operation} ${status.error.subject}`;
    }
    throw new Error('nothing was denied');
  } finally {
    await happened;
  }
}

describe.skipIf(isMissing)(`infra/nats, ${isMissing ? program.missing : program.version}`, () => {
  beforeAll(async () => {
    certificates = mkdtempSync(join(tmpdir(), 'apledger-certificates-'));
    certify(certificates);
    const ports = await freePorts(6);
    servers = await Promise.all(
      [0, 1, 2].map((n) => startNatsFile(program, ports[n] ?? 0, CONFIGURATION, environment(n, ports))),
    );
    await fill(await open('ledger'));
    const publisher = await client('publisher');
    const manager = await jetstreamManager(publisher, { timeout: 20_000 });
    await manager.streams.add({
      name: 'APLEDGER',
      subjects: ['apledger.v1.host.>', 'apledger.v1.dead.fact.>'],
      num_replicas: 3,
    });
  });
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.dispose()));
    rmSync(certificates, { recursive: true });
  });

  test('the ledger appends to a log on three servers, and reads it', async () => {
    const log = await open('ledger');
    expect(await log.append(commit('host-new', 'none'))).toMatchObject({ firstRevision: 0 });
    expect((await verified(log)).problems).toEqual([]);
    const nc = await client('ledger');
    const info = await nc.request('$JS.API.STREAM.INFO.apledger-log');
    expect(info.json()).toMatchObject({ config: { num_replicas: 3 }, cluster: { replicas: [{}, {}] } });
  });

  test('the ledger neither makes other streams, nor deletes or purges, nor publishes facts', async () => {
    await expect(open('ledger', 'other')).rejects.toMatchObject({ name: 'LogError', code: 'denied' });
    const nc = await client('ledger');
    for (const api of ['DELETE', 'PURGE', 'UPDATE', 'MSG.DELETE']) {
      const subject = `$JS.API.STREAM.${api}.apledger-log`;
      expect(await denied(nc, () => nc.request(subject))).toBe(`publish ${subject}`);
    }
    const fact = 'apledger.v1.host.a.bus.-.-.HostPlugged';
    expect(await denied(nc, () => nc.publish(fact))).toBe(`publish ${fact}`);
  });

  test('the auditor reads and verifies the log, and cannot append', async () => {
    const log = await open('auditor');
    expect((await verified(log)).facts).toBeGreaterThanOrEqual(60);
    await expect(log.append(commit('host-0', 'any'))).rejects.toMatchObject({ code: 'denied' });
  });

  test('the publisher reads the log and publishes facts, and cannot append', async () => {
    const log = await open('publisher');
    expect((await all(log.readStream('host-0'))).length).toBe(10);
    await expect(log.append(commit('host-0', 'any'))).rejects.toMatchObject({ code: 'denied' });
    const nc = await client('publisher');
    const ack = await nc.request('apledger.v1.host.a.bus.-.-.HostPlugged', '{}');
    expect(ack.json()).toMatchObject({ stream: 'APLEDGER' });
    const command = 'apledger.v1.svc.command.a';
    expect(await denied(nc, () => nc.publish(command))).toBe(`publish ${command}`);
  });

  test('the subscriber consumes facts and acknowledges them, and sees neither the log nor commands', async () => {
    const publisher = await client('publisher');
    await publisher.request('apledger.v1.host.b.bus.-.-.HostPlugged', '{"n":1}');
    const nc = await client('subscriber');
    const manager = await jetstreamManager(nc);
    const filter_subject = 'apledger.v1.host.b.>';
    await manager.consumers.add('APLEDGER', { durable_name: 'mine', ack_policy: 'explicit', filter_subject });
    const consumer = await manager.jetstream().consumers.get('APLEDGER', 'mine');
    const message = await consumer.next();
    expect(message?.json()).toEqual({ n: 1 });
    expect(await message?.ackAck()).toBe(true);
    await expect(open('subscriber')).rejects.toMatchObject({ code: 'denied' });
    for (const subject of [
      'apledger.v1.svc.command.b',
      'apledger.v1.host.b.bus.-.-.HostPlugged',
      'apledger.log.b',
    ])
      expect(await denied(nc, () => nc.publish(subject))).toBe(`publish ${subject}`);
    for (const subject of ['apledger.>', '_INBOX.ledger.>'])
      expect(await denied(nc, () => nc.subscribe(subject))).toBe(`subscription ${subject}`);
  });

  test('the command user is answered by the ledger, and can do nothing else', async () => {
    const ledger = await client('ledger');
    ledger.subscribe('apledger.v1.svc.command.*', { callback: (_, message) => void message.respond('done') });
    await ledger.flush();
    const nc = await client('command');
    const reply = await nc.request('apledger.v1.svc.command.a', '{}', { timeout: 10_000 });
    expect(reply.string()).toBe('done');
    await expect(open('command')).rejects.toMatchObject({ code: 'denied' });
    for (const subject of ['apledger.v1.host.a.bus.-.-.HostPlugged', 'apledger.log.host-0', '$JS.API.INFO'])
      expect(await denied(nc, () => nc.publish(subject))).toBe(`publish ${subject}`);
    for (const subject of ['apledger.v1.svc.command.*', 'apledger.v1.host.>', '_INBOX.>'])
      expect(await denied(nc, () => nc.subscribe(subject))).toBe(`subscription ${subject}`);
  });

  test('nobody gets in without a name, with a wrong password, or to a server that he cannot check', async () => {
    const given = { servers: addresses(), tls: tls() };
    const strangers = [
      given,
      { ...given, user: 'ledger', password: 'wrong' },
      { servers: addresses(), ...login('ledger') },
    ];
    for (const stranger of strangers) {
      await expect(openJetStreamLog(stranger)).rejects.toMatchObject({ name: 'LogError', code: 'denied' });
    }
  });
});

describe.skipIf(isMissing)('infra/nats with keys instead of passwords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'apledger-nkeys-'));
  const seeds = new Map<string, string>();
  let server: NatsServer;

  beforeAll(async () => {
    certificates = folder;
    certify(folder);
    // As README.md says: the file with keys in the place of the one with passwords.
    for (const [from, to = from] of [
      ['nats.conf'],
      ['permissions.conf'],
      ['accounts-nkeys.conf', 'accounts.conf'],
    ] as const)
      copyFileSync(join(CONFIGURATION, '..', from), join(folder, to));
    const keys = USERS.map((user) => {
      const pair = nkeys.createUser();
      const path = join(folder, `${user}.nk`);
      writeFileSync(path, `${Buffer.from(pair.getSeed()).toString()}\n`, { mode: 0o600 });
      seeds.set(user, path);
      return [`NATS_${user.toUpperCase()}_NKEY`, JSON.stringify(pair.getPublicKey())];
    });
    const ports = await freePorts(6);
    const variables = environment(0, ports);
    server = await startNatsFile(program, ports[0] ?? 0, join(folder, 'nats.conf'), (store) => ({
      ...Object.fromEntries(Object.entries(variables(store)).filter(([name]) => !name.endsWith('_PASSWORD'))),
      ...Object.fromEntries(keys),
    }));
  });
  afterEach(() => Promise.all(opened.splice(0).map((each) => each.close())));
  afterAll(async () => {
    await server?.dispose();
    rmSync(folder, { recursive: true });
  });

  const as = async (user: string, seed = seeds.get(user) ?? ''): Promise<NatsConnection> => {
    const host = server.url.replace(/^\w+:\/\//, '');
    const address = `tls://${user}@${host}?nkey=${encodeURIComponent(seed)}`;
    const nc = await connectNats(natsServers(address, { ca: join(folder, 'ca.pem') }), 'test');
    opened.push(nc);
    return nc;
  };

  test('each user gets in by his key, and may do what he may with a password', async () => {
    const ledger = await as('ledger');
    ledger.subscribe('apledger.v1.svc.command.*', { callback: (_, message) => void message.respond('done') });
    await ledger.flush();
    const nc = await as('command');
    expect((await nc.request('apledger.v1.svc.command.a', '{}', { timeout: 10_000 })).string()).toBe('done');
    for (const subject of ['apledger.v1.host.a.bus.-.-.HostPlugged', '$JS.API.INFO'])
      expect(await denied(nc, () => nc.publish(subject))).toBe(`publish ${subject}`);
    expect(await denied(nc, () => nc.subscribe('_INBOX.ledger.>'))).toBe('subscription _INBOX.ledger.>');
    for (const user of ['publisher', 'subscriber', 'auditor', 'operator']) await as(user);
  });

  test('no other key gets in, and no password', async () => {
    const stranger = join(folder, 'stranger.nk');
    writeFileSync(stranger, Buffer.from(nkeys.createUser().getSeed()));
    await expect(as('ledger', stranger)).rejects.toMatchObject({ code: 'denied' });
    await expect(as('ledger', join(folder, 'ca.pem'))).rejects.toMatchObject({
      code: 'denied',
      message: expect.stringContaining('ca.pem'),
    });
    const host = server.url.replace(/^\w+:\/\//, '');
    for (const login of ['ledger:x@', ''])
      await expect(
        connectNats(natsServers(`tls://${login}${host}`, { ca: join(folder, 'ca.pem') }), 'test'),
      ).rejects.toMatchObject({ code: 'denied' });
    // The servers know public keys only.
    expect(readFileSync(seeds.get('ledger') ?? '', 'latin1')).toMatch(/^SU[A-Z2-7]{56}\n$/);
  });
});

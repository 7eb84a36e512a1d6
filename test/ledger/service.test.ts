/** One instance on a real broker: what every NATS client sees of it. */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { subscribe } from '@apledger/messages/nats';
import { BrokerError } from '@apledger/nats';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { freePorts, type NatsServer, natsProgram, startNats, startNatsFile } from '../support/nats.ts';
import { startProxy } from '../support/proxy.ts';
import {
  A,
  all,
  ask,
  create,
  discovery,
  endpointStats,
  insist,
  type LedgerProcess,
  READY,
  register,
  startLedger,
  startProcess,
  startWithRelay,
  statsOf,
} from './support.ts';

const program = natsProgram();
const MAX_PAYLOAD = 1024 * 1024;

describe.skipIf('missing' in program)('the ledger as a service', () => {
  let server: NatsServer;
  let ledger: LedgerProcess;
  let nc: NatsConnection;
  beforeAll(async () => {
    server = await startNats({ program, configuration: `max_payload: ${MAX_PAYLOAD}` });
    ledger = await startLedger('--data', scratch(), '--nats', server.url);
    nc = await connect({ servers: server.url });
    await insist(nc, 'lpar1', register('lpar1'));
  });
  afterAll(async () => {
    await nc.close();
    await server.dispose();
  });

  it('is found by discovery, with a schema for everything it can be asked', async () => {
    const pings = await all(await discovery(nc).ping('apledger'));
    expect(pings).toMatchObject([{ name: 'apledger', version: '1.0.0' }]);
    const [info] = await all(await discovery(nc).info('apledger'));
    expect(info?.id).toBe(pings[0]?.id);
    const below = (group: string, ...subjects: string[]) =>
      subjects.map((subject) => `apledger.v1.svc.${group}.${subject}`);
    const hosts = ['host', 'mdev', 'mdevs', 'guest', 'guests', 'queues', 'diff', 'what-if', 'custody']
      .concat('guest-history', 'exposures', 'chain', 'events', 'plan', 'upgrade')
      .map((name) => `${name}.*`);
    const others = ['hosts', 'report', 'event', 'events', 'verify', 'recompute', 'who-am-i', 'who-can']
      .concat('bindings', 'credentials', 'glasses', 'changes', 'change', 'evidence', 'proof')
      .concat('schemas.desired-host');
    const orders = ['propose.*', 'approve', 'refuse', 'withdraw', 'start', 'confirm', 'resume'];
    expect(info?.endpoints.map(({ subject }) => subject).toSorted()).toEqual(
      [
        ...below('agent', 'hello.*', 'observe.*', 'commands.*'),
        ...below('change', ...orders),
        ...below('command', '*'),
        ...below('query', ...hosts, ...others),
      ].toSorted(),
    );
    for (const { metadata, queue_group } of info?.endpoints ?? []) {
      expect(queue_group).toBe('q');
      expect(metadata?.description).toMatch(/\w/);
      for (const key of ['request_schema', 'reply_schema', 'error_schema'])
        expect(JSON.parse(metadata?.[key] ?? '')).toBeTypeOf('object');
    }
  });

  it('answers a command and a query, and refuses with all that helps', async () => {
    await insist(nc, 'lpar1', create(A));
    await insist(nc, 'lpar1', { type: 'AssignDomain', mdev: A, text: '4' });
    const command = { type: 'AssignAdapter', mdev: A, text: '5' };
    const refused = await ask(nc, 'command.lpar1', command, { 'Nats-Msg-Id': crypto.randomUUID() });
    expect(refused).toMatchObject({
      reply: {
        refusal: { errno: 'EADDRNOTAVAIL', conflicts: expect.arrayContaining([expect.anything()]) },
        facts: [{ type: 'CommandRejected' }],
      },
    });
    const { revision } = 'reply' in refused ? refused.reply : {};
    expect(await ask(nc, 'query.host.lpar1')).toMatchObject({ reply: { host: 'lpar1', revision } });
  });

  it('takes the revision and the actor from headers, however they are written', async () => {
    const given = { 'Apledger-Expected-Revision': 'none', 'APLEDGER-ACTOR': 'anna' };
    expect(await ask(nc, 'command.lpar1', { type: 'ScanBus' }, given)).toMatchObject({
      status: 409,
      error: { code: 'wrong-revision', expected: 'none', actual: expect.any(Number) },
    });
    expect(await ask(nc, 'command.lpar2', register('lpar2'), given)).toHaveProperty('reply');
    expect(await ask(nc, 'query.events.lpar2', { limit: 1 })).toMatchObject({
      reply: { events: [{ actor: 'anna' }] },
    });
  });

  it('tells of an error in the headers that every tool shows', async () => {
    const message = await nc.request('apledger.v1.svc.query.host.lpar9');
    expect(message.headers?.get('Nats-Service-Error-Code')).toBe('404');
    expect(message.headers?.get('Nats-Service-Error')).toMatch(/^unknown-host: There is no host lpar9/);
    expect(message.json()).toMatchObject({ code: 'unknown-host', message: expect.any(String) });
  });

  it('counts requests and errors, by kind too', async () => {
    const count = async () => endpointStats((await statsOf(nc))[0] ?? expect.fail('no service'), 'guest');
    const before = await count();
    await ask(nc, 'query.guest.lpar1', { guest: 'nobody' });
    await ask(nc, 'query.guest.lpar1', '{');
    expect(before).toMatchObject({ num_requests: 0, num_errors: 0 });
    expect(await count()).toMatchObject({
      num_requests: 2,
      num_errors: 2,
      last_error: expect.stringMatching(/^not-json: /),
      processing_time: expect.any(Number),
      data: { inFlight: 0, errors: { 'unknown-guest': 1, 'not-json': 1 } },
    });
  });

  it('lives on after the worst that a message can hold', async () => {
    const bodies = ['x'.repeat(MAX_PAYLOAD - 1000), '['.repeat(130_000), new Uint8Array([0, 255, 10, 13])];
    for (const body of bodies)
      for (const subject of ['command.lpar1', 'command.$', 'query.hosts', 'query.mdev.lpar1'])
        expect(await ask(nc, subject, body)).toMatchObject({ error: { code: expect.any(String) } });
    // Nobody waits for these.
    nc.publish('apledger.v1.svc.command.lpar1', '{');
    nc.publish('apledger.v1.svc.query.hosts');
    expect(await ask(nc, 'query.hosts')).toHaveProperty('reply');
  });

  it('says that a command is done also when its facts do not fit into a message', async () => {
    const all = Array.from({ length: 256 }, (_, id) => id);
    const hardware = {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      controlDomains: [],
      cards: [],
    };
    const big = { ...register('big'), hardware: { ...hardware, adapters: all, domains: all } };
    const answer = await ask(nc, 'command.big', big);
    expect(answer).toMatchObject({ reply: { host: 'big', revision: expect.any(Number), facts: null } });
    expect(await ask(nc, 'query.hosts', { after: 'a', limit: 1 })).toMatchObject({
      reply: { hosts: [{ host: 'big', revision: 'reply' in answer ? answer.reply.revision : undefined }] },
    });
  });

  it('listens on loopback only', () => {
    const sockets = readdirSync(`/proc/${ledger.pid}/fd`).map((fd) => inode(ledger.pid, fd));
    const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${ledger.pid}/net/${name}`, 'utf8'));
    const rows = tables.flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)));
    const LISTEN = '0A';
    expect(sockets.some((socket) => rows.some((row) => row[9] === socket && row[3] !== LISTEN))).toBe(true);
    const listening = rows.filter((row) => row[3] === LISTEN && sockets.includes(row[9]));
    expect(listening.map(([, address]) => address)).toEqual([expect.stringMatching(/^0100007F:/)]);
  });

  it('comes back when the broker does, and knows what it has done', async () => {
    const id = crypto.randomUUID();
    const command = create('bbbbbbbb-0000-4000-8000-000000000002');
    const first = await insist(nc, 'lpar1', command, id);
    await server.kill();
    await ledger.said(/lost the broker/);
    await server.start();
    await ledger.said(/reconnected/);
    expect(await insist(nc, 'lpar1', command, id)).toEqual({ ...first, isDuplicate: true });
  });
});

describe.skipIf('missing' in program)('one process on HTTP and NATS', () => {
  it('does for both what it is asked for, and publishes the facts', async () => {
    const server = await startNats({ program });
    const process = startWithRelay('--data', scratch(), '--nats', server.url);
    const [, url = ''] = /at (http:\/\/\S+)\//.exec(await process.said(READY)) ?? [];
    const nc = await connect({ servers: server.url });
    await insist(nc, 'lpar1', register('lpar1'));
    const published = () => subscribe({ connection: nc, from: 'start', host: 'lpar1' });
    let facts = await published().catch(notYet);
    while (facts === undefined) facts = await published().catch(notYet);
    const answer = await fetch(`${url}/api/v1/hosts/lpar1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(create(A)),
    });
    expect(answer.status).toBe(200);
    const types: string[] = [];
    for await (const { recorded } of facts) {
      types.push(recorded.type);
      if (recorded.type === 'MdevCreated') break;
    }
    expect([types[0], types.at(-1)]).toEqual(['HostRegistered', 'MdevCreated']);
    await nc.close();
    process.signal('SIGTERM');
    expect(await process.ended()).toBe(0);
    await server.dispose();
  });
});

describe.skipIf('missing' in program)('a broker whose messages are small', () => {
  const file = join(scratch(), 'nats.conf');
  const configure = (port: number, maxPayload: number) =>
    writeFileSync(file, `listen: "127.0.0.1:${port}"\nmax_payload: ${maxPayload}\n`);
  const serving = async (maxPayload: number): Promise<NatsServer> => {
    const [port = 0] = await freePorts(1);
    configure(port, maxPayload);
    return startNatsFile(program, port, file, () => ({}));
  };
  const started = (server: NatsServer) => startProcess('--data', scratch(), '--nats', server.url);

  it('is told what fits of every endpoint, and by an error what has come not to fit', async () => {
    const server = await serving(32_768);
    const process = started(server);
    await process.said(READY);
    const nc = await connect({ servers: server.url });
    const [info] = await all(await discovery(nc).info('apledger'));
    expect(info?.endpoints.every(({ metadata }) => /\w/.test(metadata?.description ?? ''))).toBe(true);
    expect((await statsOf(nc))[0]?.endpoints).toHaveLength(info?.endpoints.length ?? 0);
    await nc.close();
    await server.kill();
    configure(server.port, 4096);
    await server.start();
    await process.said(/reconnected/);
    const again = await connect({ servers: server.url });
    for (const verb of ['INFO', 'STATS']) {
      const { headers: told } = await again.request(`$SRV.${verb}.apledger`);
      expect(told?.get('Nats-Service-Error-Code')).toBe('413');
      await process.said(new RegExp(`${verb}.apledger: the answer could not be sent`));
    }
    expect(await ask(again, 'query.chain.nobody')).toHaveProperty('error');
    await again.close();
    process.signal('SIGTERM');
    expect(await process.ended()).toBe(0);
    await server.dispose();
  });

  it('is refused where not even the names of the endpoints fit', async () => {
    const server = await serving(8192);
    const process = started(server);
    expect(await process.ended()).toBe(2);
    expect(process.output()).toMatch(/holds 8192 bytes \(max_payload\).*raise max_payload/);
    await server.dispose();
  });
});

describe.skipIf('missing' in program)('a broker that goes away together with the service', () => {
  it('does not keep it alive, with the relay and without', async () => {
    const server = await startNats({ program });
    const proxy = await startProxy(server.port);
    const data = ['--data', scratch(), '--nats', proxy.url];
    const processes = [startWithRelay(...data), startProcess(...data)];
    await Promise.all(processes.map((process) => process.said(READY)));
    const nc = await connect({ servers: server.url });
    await insist(nc, 'lpar1', register('lpar1'));
    await nc.close();
    proxy.mute(); // it waits for the broker to confirm its end
    for (const process of processes) process.signal('SIGTERM');
    await Promise.all(processes.map((process) => process.said(/SIGTERM: answering/)));
    await proxy.close();
    expect(await Promise.all(processes.map((process) => process.ended()))).toEqual([0, 0]);
    for (const { output } of processes) expect(output()).toMatch(/ended$/);
    await server.dispose();
  });
});

describe.skipIf('missing' in program)('a stream that another ledger has filled', () => {
  it('is left as it is; the service says so, answers all the same, and publishes to another one', async () => {
    const server = await startNats({ program });
    const others = startWithRelay('--data', scratch(), '--nats', server.url);
    const nc = await connect({ servers: server.url });
    await others.said(READY);
    await insist(nc, 'theirs', register('theirs'));
    const manager = await jetstreamManager(nc);
    const stateOf = async (stream: string) => (await manager.streams.info(stream)).state.last_seq;
    const isFilled = (stream: string) =>
      stateOf(stream).then(
        (last) => last > 0,
        () => false,
      );
    while (!(await isFilled('APLEDGER')));
    others.signal('SIGKILL');
    await others.ended();
    const before = await stateOf('APLEDGER');

    const data = scratch();
    const ours = startWithRelay('--data', data, '--nats', server.url);
    const [, url = ''] = /at (http:\/\/\S+)\//.exec(await ours.said(READY)) ?? [];
    await insist(nc, 'ours', register('ours'));
    expect(await ours.said(/relay: ended/)).toMatch(/none of this log.*Another stream is named by --stream/);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      relay: 'ended',
      relayReason: expect.stringContaining('APLEDGER'),
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^apledger_relay_publishing 0$/m);
    ours.signal('SIGTERM');
    expect(await ours.ended()).toBe(0);
    expect(await stateOf('APLEDGER')).toBe(before);

    // Two streams of one broker cannot capture the same subjects: the others' has to let go of them first.
    await manager.streams.update('APLEDGER', { subjects: ['theirs.>'] });
    const again = startWithRelay('--data', data, '--nats', server.url, '--stream', 'OURS');
    await again.said(READY);
    while (!(await isFilled('OURS')));
    again.signal('SIGTERM');
    expect(await again.ended()).toBe(0);
    expect(await stateOf('APLEDGER')).toBe(before);
    await nc.close();
    await server.dispose();
  });
});

/** The relay makes the stream when it has found out where to begin. */
function notYet(error: unknown): undefined {
  if (!(error instanceof BrokerError) || error.code !== 'no-stream') throw error;
}

/** Of an open socket; empty for any other file. */
function inode(pid: number, fd: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
  } catch {
    return undefined; // closed meanwhile
  }
}

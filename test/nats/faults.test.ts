/** What goes wrong between a log and its NATS server, each provoked on a real one: what is said, and what is kept. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type EventLog, type LogErrorCode, openJetStreamLog, openLog } from '@apledger/event-log';
import { all, commit, deliveries, fact, fill, verified, write } from '@apledger/event-log/contract/support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, type NatsServer, natsProgram, startNats } from '../support/nats.ts';
import { startProxy } from '../support/proxy.ts';

const program = natsProgram();
const isMissing = 'missing' in program;
const title = isMissing ? program.missing : `nats-server ${program.version}`;

const refusal = (code: LogErrorCode, words: string | RegExp) => ({
  name: 'LogError',
  code,
  message: expect.stringMatching(words),
  remedy: expect.stringMatching(/\w/),
});

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A server of the running test. */
async function serve(options: Partial<Parameters<typeof startNats>[0]> = {}): Promise<NatsServer> {
  const server = await startNats({ program, ...options });
  undo.push(() => server.dispose());
  return server;
}

/** A log of the running test. */
async function open(options: Parameters<typeof openJetStreamLog>[0]): Promise<EventLog> {
  const log = await openJetStreamLog(options);
  undo.push(() => log.close());
  return log;
}

describe.skipIf(isMissing)(`opening a log in JetStream, ${title}`, () => {
  test('where nobody listens, and where nobody is', async () => {
    const [port = 0] = await freePorts(1);
    const servers = `nats://127.0.0.1:${port}`;
    await expect(open({ servers })).rejects.toMatchObject(refusal('unreachable', servers));
    await expect(open({ servers: 'nats://no-such-host.invalid:4222' })).rejects.toMatchObject(
      refusal('unreachable', 'no-such-host.invalid'),
    );
  });

  test('where somebody listens and says nothing', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const servers = `nats://127.0.0.1:${port}`;
    await expect(open({ servers, timeoutMs: 200 })).rejects.toMatchObject(refusal('unreachable', servers));
    for (const socket of sockets) socket.destroy(); // the client leaves its own open
    await new Promise((done) => silent.close(done));
  });

  test('with wrong credentials, with none, and with the right ones', async () => {
    const server = await serve({ configuration: 'authorization { user: ledger, password: "s3cret/?" }' });
    const servers = server.url;
    const given = [{}, { user: 'ledger', password: 'wrong' }, { token: 'ledger' }];
    for (const login of given) {
      const error = await open({ servers, ...login }).catch((reason: unknown) => reason);
      expect(error).toMatchObject(refusal('denied', servers));
    }
    await open({ servers, user: 'ledger', password: 's3cret/?' });
    const log = await openLog(`nats://ledger:s3cret%2F%3F@127.0.0.1:${server.port}/other`);
    await log.append(commit('host-a', 'none'));
    await log.close();
  });

  test('of a user who may read but not append', async () => {
    const api = '$JS.API';
    const may = [`${api}.STREAM.*.apledger-log`, `${api}.STREAM.MSG.GET.apledger-log`, `${api}.CONSUMER.>`];
    const users = `{ user: admin, password: a }, { user: reader, password: r, permissions: { publish: ${JSON.stringify(may)}, subscribe: ["_INBOX.reader.>"] } }`;
    const server = await serve({ configuration: `authorization { users: [ ${users} ] }` });
    const writer = await open({ servers: server.url, user: 'admin', password: 'a' });
    await fill(writer);
    const reader = await open({ servers: server.url, user: 'reader', password: 'r' });
    expect(await all(reader.readAll())).toHaveLength(60);
    await expect(reader.append(commit('host-a', 'any'))).rejects.toMatchObject(
      refusal('denied', 'publish on apledger.log.host-a'),
    );
    await expect(
      open({ servers: server.url, user: 'reader', password: 'r', name: 'other' }),
    ).rejects.toMatchObject(refusal('denied', /other-log/));
  });

  test('on a server without JetStream', async () => {
    const server = await serve({ jetStream: false });
    await expect(open({ servers: server.url, timeoutMs: 200 })).rejects.toMatchObject(
      refusal('unreachable', /not enabled/),
    );
  });
});

describe.skipIf(isMissing)(`a stream that is kept differently, ${title}`, () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats({ program });
  });
  afterAll(() => server.dispose());

  const needed = {
    subjects: ['x.log.*'],
    discard: 'new',
    deny_delete: true,
    deny_purge: true,
  };
  const make = async (name: string, config: object): Promise<void> => {
    const nc = await connect({ servers: server.url });
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name, ...config });
    await nc.close();
  };

  test.each([
    ['a limit of age', { max_age: 3_600_000_000_000 }, 'max_age is 3600000000000, needed is 0'],
    ['a limit of messages', { max_msgs: 10 }, 'max_msgs is 10'],
    ['old ones discarded', { discard: 'old' }, 'discard is "old"'],
    ['memory', { storage: 'memory' }, 'storage is "memory"'],
    ['messages that may be deleted', { deny_delete: false }, 'deny_delete is false'],
    ['work queues', { retention: 'workqueue' }, 'retention is "workqueue"'],
    ['other subjects', { subjects: ['x.other.*'] }, 'subjects is ["x.other.*"]'],
  ])('is refused: %s', async (what, difference, words) => {
    const name = what.replaceAll(' ', '-');
    const config = { ...needed, subjects: [`${name}.log.*`], ...difference };
    await make(`${name}-log`, config);
    await expect(open({ servers: server.url, name })).rejects.toMatchObject(
      refusal('other-configuration', new RegExp(words.replaceAll(/[.*[\]]/g, '\\$&'))),
    );
  });

  test('is refused: subjects that another stream has, replicas that are not there', async () => {
    await make('somebody', { subjects: ['taken.>'] });
    await expect(open({ servers: server.url, name: 'taken' })).rejects.toMatchObject(
      refusal('other-configuration', 'overlap'),
    );
    await expect(open({ servers: server.url, name: 'three', replicas: 3 })).rejects.toMatchObject(
      refusal('other-configuration', 'replicas'),
    );
  });

  test('is taken as it is where the operator may choose: size, window of duplicates', async () => {
    await make('own-log', {
      ...needed,
      subjects: ['own.log.*'],
      max_bytes: 10_000_000,
      duplicate_window: 100_000_000,
    });
    const log = await open({ servers: server.url, name: 'own' });
    await log.append(commit('host-a', 'none'));
  });
});

describe.skipIf(isMissing)(`messages of others on our subjects, ${title}`, () => {
  const raw = async (server: NatsServer, subject: string, data: Uint8Array | string): Promise<void> => {
    const nc = await connect({ servers: server.url });
    const manager = await jetstreamManager(nc);
    await manager.jetstream().publish(subject, data);
    await nc.close();
  };

  test('a stray message is passed over, wherever it is, and hinders nobody', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', note);
    undo.push(async () => process.off('warning', note));
    const server = await serve();
    const log = await open({ servers: server.url });
    await raw(server, 'apledger.log.host-0', 'hello');
    expect(await log.lastPosition()).toBe(0);
    expect(await log.head('host-0')).toBeUndefined();
    await fill(log);
    await raw(server, 'apledger.log.host-1', '');
    await raw(server, 'apledger.log.%zz', 'APL');
    await fill(log);
    await raw(server, 'apledger.log.host-2', 'bye');
    const fresh = await open({ servers: server.url });
    for (const each of [log, fresh]) {
      expect(await verified(each)).toMatchObject({ facts: 120, streams: 3, problems: [] });
      expect((await each.heads()).map(({ stream, revision }) => [stream, revision])).toEqual([
        ['host-0', 19],
        ['host-1', 39],
        ['host-2', 59],
      ]);
      const { facts, caughtUp } = await deliveries(each, 0, (_, ups) => ups.length === 1);
      expect(facts).toHaveLength(120);
      expect(caughtUp).toEqual([await each.lastPosition()]);
    }
    expect(await fresh.append(commit('host-2', 59))).toMatchObject({ firstRevision: 60 });
    expect(warnings.some((text) => text.includes('apledger.log.host-1 is no commit'))).toBe(true);
  });

  test('a commit that cannot have been written so is reported; reading goes on after it, other hosts go on', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await fill(log, 6);
    await raw(server, 'apledger.log.host-0', Buffer.from('APL\u0001 and nothing of what should follow here'));
    await fill(log, 1).catch(() => undefined);
    await log.append(commit('host-1', 'any'));
    const error = await all(log.readAll()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ ...refusal('corrupted', 'message 7'), position: 700_000 });
    const report = await verified(log);
    expect(report).toMatchObject({ facts: 13 });
    expect(report.problems).toHaveLength(1);
    await expect(log.append(commit('host-0', 'any'))).rejects.toMatchObject(refusal('corrupted', 'host-0'));
    await expect(log.append(commit('host-2', 'any'))).resolves.toMatchObject({ duplicate: false });
  });

  test('a commit of a newer format says so', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await raw(server, 'apledger.log.host-0', Buffer.from('APL\u0002'));
    await expect(all(log.readAll())).rejects.toMatchObject(refusal('newer-version', 'format 2'));
  });
});

describe.skipIf(isMissing)(`a server that refuses, ${title}`, () => {
  test('a commit larger than a message may be', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    const big = commit('host-a', 'none', [fact(0, { text: 'x'.repeat(9_000_000) })]);
    await expect(log.append(big)).rejects.toMatchObject({
      ...refusal('too-large', 'bytes'),
      remedy: expect.stringContaining('max_payload'),
    });
    expect(await log.append(commit('host-a', 'none'))).toMatchObject({ firstRevision: 0 });
  });

  test('a full store: appends are refused, nothing is lost, and it serves again with more room', async () => {
    const server = await serve({ maxFileStoreBytes: 2_000_000 });
    const log = await open({ servers: server.url });
    const text = 'x'.repeat(100_000);
    let kept = 0;
    const fillUp = async (): Promise<void> => {
      for (;;) {
        await log.append(commit('host-a', kept === 0 ? 'none' : kept - 1, [fact(kept, { text })]));
        kept += 1;
      }
    };
    await expect(fillUp()).rejects.toMatchObject(refusal('disk-full', 'JetStream'));
    expect(kept).toBeGreaterThan(5);
    expect(await verified(log)).toMatchObject({ facts: kept, problems: [] });
    await expect(log.append(commit('host-b', 'none', [fact(0, { text })]))).rejects.toMatchObject(
      refusal('disk-full', 'JetStream'),
    );
    await server.kill();
    const roomy = await serve({ folder: server.folder });
    const again = await open({ servers: roomy.url });
    await again.append(commit('host-a', kept - 1, [fact(kept, { text })]));
    expect(await verified(again)).toMatchObject({ facts: kept + 1, problems: [] });
  });
});

describe.skipIf(isMissing)(`a server that goes away, ${title}`, () => {
  test('and comes back in time: appends and subscriptions go on as if nothing had been', async () => {
    const server = await serve();
    const log = await open({ servers: server.url });
    await write(log, 'host-a', 5);
    const live = deliveries(log, 0, (facts) => facts.length === 45);
    await server.kill();
    const appends = Array.from({ length: 10 }, (_, n) => log.append(commit(`host-${n}`, 'none')));
    await server.start();
    for (const appended of await Promise.all(appends)) expect(appended.duplicate).toBe(false);
    await server.kill('SIGTERM');
    await server.start();
    await write(log, 'host-a', 30);
    const { facts, caughtUp } = await live;
    expect(facts).toEqual(await all(log.readAll()));
    expect(caughtUp).toHaveLength(1);
    expect(await verified(log)).toMatchObject({ facts: 45, problems: [] });
  });

  test('for too long: the append fails, and the same command is then appended once', async () => {
    const server = await serve();
    const log = await open({ servers: server.url, timeoutMs: 300 });
    await write(log, 'host-a', 3);
    await server.kill();
    const given = commit('host-a', 2, [fact(3), fact(4)]);
    await expect(log.append(given)).rejects.toMatchObject(refusal('unreachable', 'no acknowledgement'));
    await expect(log.head('host-a')).rejects.toMatchObject(refusal('unreachable', /./));
    await expect(all(log.readAll())).rejects.toMatchObject(refusal('unreachable', /./));
    await server.start();
    const patient = await open({ servers: server.url });
    const appended = await patient.append(given);
    expect(appended).toMatchObject({ firstRevision: 3, lastRevision: 4 });
    expect(await patient.append(given)).toEqual({ ...appended, duplicate: true });
    expect(await verified(patient)).toMatchObject({ facts: 5, problems: [] });
  });

  test('an acknowledgement that is lost on the way: the commit is there once, and not called a duplicate', async () => {
    const server = await serve();
    const proxy = await startProxy(server.port);
    undo.push(() => proxy.close());
    const log = await open({ servers: proxy.url });
    const witness = await open({ servers: server.url });
    await write(log, 'host-a', 3);
    proxy.mute();
    const given = commit('host-a', 2, [fact(3), fact(4)]);
    const append = log.append(given);
    await deliveries(witness, 0, (facts) => facts.length === 5); // it is stored, and nobody was told
    proxy.reset();
    expect(await append).toMatchObject({ firstRevision: 3, lastRevision: 4, duplicate: false });
    expect(await log.append(given)).toMatchObject({ firstRevision: 3, duplicate: true });
    expect(await verified(log)).toMatchObject({ facts: 5, problems: [] });
  });

  test('kill -9 again and again while many write: what was acknowledged is there once, the rest not or whole', async () => {
    const server = await serve();
    const log = await open({ servers: server.url, timeoutMs: 60_000 });
    const acknowledged = new Map<string, number>();
    let isOver = false;
    const writer = async (stream: string): Promise<void> => {
      while (!isOver) {
        const commandId = randomUUID();
        const given = { ...commit(stream, 'any', [fact(0), fact(1), fact(2)]), commandId };
        acknowledged.set(commandId, (await log.append(given)).lastPosition);
      }
    };
    const writers = Array.from({ length: 8 }, (_, n) => writer(`host-${n}`));
    for (let round = 0; round < 6; round++) {
      const enough = acknowledged.size + 50 * (round + 1);
      await deliveries(log, await log.lastPosition(), () => acknowledged.size >= enough);
      await server.kill();
      await server.start();
    }
    isOver = true;
    await Promise.all(writers);
    const facts = await all(log.readAll());
    const found = Map.groupBy(facts, (recorded) => recorded.cause);
    expect([...found.values()].every((each) => each.length === 3)).toBe(true);
    expect([...found].map(([cause, each]) => [cause, each.at(-1)?.position]).sort()).toEqual(
      [...acknowledged].sort(),
    );
    expect((await verified(log)).problems).toEqual([]);
  });
});

/** Opening a log where it cannot be, on real servers: what is said. */

import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { openLog } from '@apledger/event-log';
import { all, commit, fill } from '@apledger/event-log/contract/support';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, type NatsServer, startNats } from '../support/nats.ts';
import { isMissing, open, program, refusal, serve, version } from './support.ts';

describe.skipIf(isMissing)(`opening a log in JetStream, ${version}`, () => {
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

describe.skipIf(isMissing)(`a stream that is kept differently, ${version}`, () => {
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

/** What goes wrong with servers, connections and streams: each a clear error or a clean way on. Against the fake. */

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '@apledger/event-log';
import { all, commit, deliveries, fact, fill, verified, write } from '@apledger/event-log/contract/support';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { selfSigned } from '../fakes/kurrentdb/certificate.ts';
import { FakeKurrentDB, type FakeOptions } from '../fakes/kurrentdb/server.ts';
import { errors } from '../fakes/kurrentdb/wire.ts';
import { openFast } from './support.ts';

const fakes: FakeKurrentDB[] = [];
const logs: EventLog[] = [];
const clients: EventStoreDBClient[] = [];

async function startFake(options: FakeOptions = {}): Promise<FakeKurrentDB> {
  const fake = await new FakeKurrentDB(options).start();
  fakes.push(fake);
  return fake;
}

async function openOn(fake: FakeKurrentDB, options: object = {}): Promise<EventLog> {
  const log = await openFast({ connectionString: fake.connectionString(), ...options });
  logs.push(log);
  return log;
}

/** The official client by itself: somebody else who writes to the same database. */
function stranger(fake: FakeKurrentDB): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(fake.connectionString());
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  for (const fake of fakes.splice(0)) fake.stop();
});

describe('a server that cannot be used is told as what it is', () => {
  test('nobody listens at the address', async () => {
    const fake = await startFake();
    const connectionString = fake.connectionString();
    fake.stop();
    const opening = openFast({ connectionString });
    await expect(opening).rejects.toMatchObject({
      name: 'LogError',
      code: 'io',
      path: expect.stringContaining('127.0.0.1'),
    });
  });

  test('the connection string is none; a password in it is not told', async () => {
    for (const connectionString of [
      'http://a:secret@host:1',
      'kurrentdb://a:secret@host:port',
      'esdb://a:secret@?tls=x',
    ]) {
      const error: unknown = await openFast({ connectionString }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'LogError', code: 'io' });
      expect(String(error)).not.toContain('secret');
    }
  });

  test('the cluster has no node that answers', async () => {
    const fake = await startFake();
    const { port } = fake;
    fake.stop();
    const connectionString = `kurrentdb+discover://127.0.0.1:${port}?tls=false&maxDiscoverAttempts=1&discoveryInterval=1`;
    await expect(openFast({ connectionString })).rejects.toMatchObject({ code: 'io' });
  });

  test('it accepts calls and never answers', async () => {
    const fake = await startFake({ fault: () => 'hang' });
    const opening = openFast({ connectionString: fake.connectionString(), deadlineMs: 50, patienceMs: 100 });
    await expect(opening).rejects.toMatchObject({ code: 'io', message: expect.stringContaining('in time') });
  });

  test('it is overloaded for a while: appends and reads go on afterwards', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    let left = 5;
    fake.fault = () => (left-- > 0 ? errors.notReady() : undefined);
    await log.append(commit('host-a', 'none'));
    left = 5;
    expect(await all(log.readAll())).toHaveLength(1);
    left = 5;
    expect(await all(log.readStream('host-a'))).toHaveLength(1);
  });

  test('an append that it never answers ends in an error', async () => {
    const fake = await startFake();
    const log = await openOn(fake, { deadlineMs: 50, patienceMs: 100 });
    fake.fault = (method) => (method === 'append' ? 'hang' : undefined);
    await expect(log.append(commit('host-a', 'none'))).rejects.toMatchObject({ code: 'io' });
    fake.fault = undefined;
    expect(await log.append(commit('host-a', 'none'))).toMatchObject({ firstRevision: 0 });
  });
});

describe('who may', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apledger-tls-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('the right password opens the log over TLS; a wrong one, and none, are refused', async () => {
    const tls = selfSigned();
    const ca = join(directory, 'ca.pem');
    await writeFile(ca, tls.certificate);
    const fake = await startFake({ tls, users: { admin: 'changeit' } });
    // By name: Node warns of an address in place of a server's name.
    const address = (user?: string) => fake.connectionString(user).replace('127.0.0.1', 'localhost');
    const as = (user?: string) => `${address(user)}&tlsCAFile=${encodeURIComponent(ca)}`;
    const log = await openOn(fake, { connectionString: as('admin:changeit') });
    await log.append(commit('host-a', 'none'));
    for (const user of ['admin:guess', 'nobody:changeit', undefined]) {
      const opening = openFast({ connectionString: as(user) });
      await expect(opening).rejects.toMatchObject({
        code: 'io',
        remedy: expect.stringContaining('password'),
      });
    }
  });

  test('a certificate that nobody trusts is no connection', async () => {
    const fake = await startFake({ tls: selfSigned() });
    const connectionString = fake.connectionString().replace('127.0.0.1', 'localhost');
    await expect(openFast({ connectionString })).rejects.toMatchObject({ code: 'io' });
  });
});

describe('streams that others touched', () => {
  test('a stream deleted softly is not begun again', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    await log.append(commit('host-a', 'none', [fact(0), fact(1)]));
    await stranger(fake).deleteStream('apledger-host-a');
    const fresh = await openOn(fake);
    const deleted = { code: 'corrupted', message: expect.stringContaining('was deleted') };
    await expect(fresh.append(commit('host-a', 'none'))).rejects.toMatchObject(deleted);
    await expect(fresh.head('host-a')).rejects.toMatchObject(deleted);
    await expect(all(fresh.readStream('host-a'))).rejects.toMatchObject(deleted);
    expect(fake.store.log.filter((event) => event.stream === 'apledger-host-a')).toHaveLength(2);
  });

  test('a tombstoned stream takes and gives nothing', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    await log.append(commit('host-a', 'none'));
    await stranger(fake).tombstoneStream('apledger-host-a');
    const gone = { code: 'corrupted', message: expect.stringContaining('tombstoned') };
    await expect(log.append(commit('host-a', 0))).rejects.toMatchObject(gone);
    await expect(log.head('host-a')).rejects.toMatchObject(gone);
    await expect(all(log.readStream('host-a'))).rejects.toMatchObject(gone);
    expect(await log.append(commit('host-b', 'none'))).toMatchObject({ firstRevision: 0 });
  });

  test('a truncated stream is told as a gap', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    await log.append(commit('host-a', 'none', [fact(0), fact(1), fact(2)]));
    await stranger(fake).setStreamMetadata('apledger-host-a', { truncateBefore: 2 });
    await expect(all(log.readStream('host-a'))).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('an event that is no fact: found with its place, and the rest is still readable', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    await log.append(commit('host-a', 'none'));
    await stranger(fake).appendToStream('apledger-host-a', jsonEvent({ type: 'Intruder', data: { a: 1 } }));
    await log.append(commit('host-b', 'none'));
    const foreign = {
      code: 'corrupted',
      message: expect.stringContaining('Intruder'),
      position: expect.any(Number),
    };
    await expect(all(log.readStream('host-a'))).rejects.toMatchObject(foreign);
    await expect(all(log.readAll())).rejects.toMatchObject(foreign);
    await expect(log.head('host-a')).rejects.toMatchObject(foreign);
    await expect(log.append(commit('host-a', 0))).rejects.toMatchObject(foreign);
    await expect(deliveries(log, 0, () => false)).rejects.toMatchObject(foreign);
    const { facts, problems } = await verified(log);
    expect({ facts, problems: problems.length }).toEqual({ facts: 2, problems: 1 });
  });

  test('a fact of a type from the future is kept and given back as it is', async () => {
    const log = await openOn(await startFake());
    const newer = { ...fact(0), type: 'QueueTeleported', version: 9, data: { to: ['elsewhere', { x: 1 }] } };
    await log.append(commit('host-a', 'none', [newer]));
    const [found] = await all(log.readAll());
    expect(found).toMatchObject({ type: 'QueueTeleported', version: 9, data: newer.data });
  });

  test('events of other streams are none of ours, however many they are', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    const noise = (count: number) =>
      Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Noise', data: { n } }));
    const other = stranger(fake);
    await other.appendToStream('other-1', noise(500));
    expect(await log.lastPosition()).toBe(0);
    await fill(log);
    await other.appendToStream('$internal', noise(3000));
    const whole = await all(log.readAll());
    expect(whole).toHaveLength(60);
    expect(await (await openOn(fake)).lastPosition()).toBe(whole.at(-1)?.position);
    await log.append(commit('host-0', 'any'));
    const between = (whole.at(-1)?.position ?? 0) + 7; // no event begins there
    expect(await all(log.readAll({ after: between }))).toHaveLength(1);
    expect(await log.heads()).toHaveLength(3);
  });
});

describe('appending, once', () => {
  test('an append whose answer was lost is written once, and not called a duplicate', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    let lose = 1;
    fake.fault = (method) => (method === 'append' && lose-- > 0 ? 'lose-answer' : undefined);
    const given = commit('host-a', 'none', [fact(0), fact(1)]);
    expect(await log.append(given)).toMatchObject({ firstRevision: 0, lastRevision: 1, duplicate: false });
    expect(await log.append(given)).toMatchObject({ lastRevision: 1, duplicate: true });
    expect(await verified(log)).toMatchObject({ facts: 2, problems: [] });
  });

  test('a command is known again by another handle, after a restart, long after', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    const given = commit('host-a', 'none', [fact(0), fact(1)]);
    const first = await log.append(given);
    await write(log, 'host-a', 50);
    await fake.restart();
    const later = await openOn(fake);
    expect(await later.append({ ...given, expected: 51 })).toEqual({ ...first, duplicate: true });
    expect(await later.readCommand('host-a', given.commandId)).toHaveLength(2);
  });

  test('two handles that append at once, command by command, agree on who was first', async () => {
    const fake = await startFake();
    const [one, two] = [await openOn(fake), await openOn(fake)];
    for (let revision = 0; revision < 40; revision++) {
      const given = commit('host-a', revision === 0 ? 'none' : revision - 1, [fact(revision)]);
      const results = await Promise.all([one.append(given), two.append(given)]);
      expect(results.map((result) => result.duplicate).sort()).toEqual([false, true]);
      expect(results[0]?.lastPosition).toBe(results[1]?.lastPosition);
    }
    expect(await verified(one)).toMatchObject({ facts: 40, problems: [] });
  });

  test('two handles that append different commands at once: one is told where the stream ends', async () => {
    const fake = await startFake();
    const [one, two] = [await openOn(fake), await openOn(fake)];
    for (let revision = 0; revision < 40; revision++) {
      const expected = revision === 0 ? 'none' : revision - 1;
      const results = await Promise.allSettled(
        [one, two].map((log) => log.append(commit('host-a', expected))),
      );
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const [refused] = results.filter((result) => result.status === 'rejected');
      expect(refused?.reason).toMatchObject({ name: 'WrongExpectedRevision', expected, actual: revision });
    }
    await Promise.all([one, two].map((log) => write(log, 'host-a', 40)));
    expect(await verified(one)).toMatchObject({ facts: 120, problems: [] });
  });

  test('more than the server takes at once is too large, and nothing of it is kept', async () => {
    const fake = await startFake({ maxAppendSize: 10_000 });
    const log = await openOn(fake);
    const large = [fact(0), fact(1, { text: 'x'.repeat(10_000) })];
    await expect(log.append(commit('host-a', 'none', large))).rejects.toMatchObject({ code: 'too-large' });
    expect(await log.append(commit('host-a', 'none'))).toMatchObject({ firstRevision: 0 });
  });

  test('the client never batches appends, for its batches fail together', async () => {
    const fake = await startFake();
    await write(await openOn(fake), 'host-a', 3);
    expect(fake.calls).toMatchObject({ append: 3, batchAppend: 0 });
    await stranger(fake).appendToStream('other', jsonEvent({ type: 'Noise', data: {} }));
    expect(fake.calls.batchAppend).toBe(1); // what it would do by itself
  });
});

describe('a cluster', () => {
  test('a client that came to a follower is sent to the leader', async () => {
    const leader = await startFake();
    const follower = await startFake({ store: leader.store, follows: leader });
    const log = await openOn(follower);
    await log.append(commit('host-a', 'none'));
    expect(follower.calls.append).toBe(0);
    expect(leader.calls.append).toBe(1);
    expect((await log.head('host-a'))?.revision).toBe(0);
  });

  test('discovery finds the leader among the nodes', async () => {
    const leader = await startFake();
    const follower = await startFake({ store: leader.store, follows: leader });
    const connectionString = `kurrentdb+discover://127.0.0.1:${follower.port}?tls=false`;
    const log = await openOn(leader, { connectionString });
    await log.append(commit('host-a', 'none'));
    expect(follower.calls.append).toBe(0);
  });
});

describe('a server that restarts', () => {
  test('in the middle of a subscription: no fact is lost or given twice', async () => {
    const fake = await startFake();
    const retries: unknown[] = [];
    const log = await openOn(fake, { patienceMs: 10_000, onRetry: (retry: unknown) => retries.push(retry) });
    await fill(log);
    const total = 60 + 200;
    let restarting = Promise.resolve();
    const live = deliveries(
      log,
      0,
      (facts) => facts.length >= total,
      (delivery) => {
        if ('fact' in delivery && delivery.fact.data.adapter === 25) restarting = fake.restart();
      },
    );
    for (let round = 0; round < 4; round++) {
      await write(log, `host-${round}`, 50);
      await fake.restart();
    }
    const { facts, caughtUp } = await live;
    await restarting;
    expect(facts).toEqual(await all(log.readAll()));
    expect(caughtUp).toHaveLength(1);
    expect(retries.length).toBeGreaterThan(0);
    expect(await verified(log)).toMatchObject({ facts: total, problems: [] });
  });

  test('with less than it had: history that is not there any more is an error, not an end', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    const { lastPosition } = await log.append(commit('host-a', 'none', [fact(0), fact(1)]));
    expect(await all(log.readAll())).toHaveLength(2);
    fake.stop();
    await startFake({ port: fake.port });
    const missing = {
      code: 'io',
      message: expect.stringContaining(`does not reach position ${lastPosition}`),
    };
    await expect(all(log.readAll({ upTo: lastPosition }))).rejects.toMatchObject(missing);
  });

  test('while it is down a subscription waits without an end, and ends on abort', async () => {
    const fake = await startFake();
    const ended = new AbortController();
    let tries = 0;
    const onRetry = (): void => {
      tries += 1;
      if (tries === 6) ended.abort();
    };
    const log = await openOn(fake, { patienceMs: 1, onRetry });
    const received: object[] = [];
    for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
      received.push(delivery);
      fake.stop();
    }
    expect(received).toEqual([{ caughtUp: 0 }]);
  });

  test('while it is down an append waits for it', async () => {
    const fake = await startFake();
    let back: Promise<unknown> | undefined;
    const onRetry = (): void => {
      back ??= fake.start();
    };
    const log = await openOn(fake, { patienceMs: 10_000, onRetry });
    fake.stop();
    expect(await log.append(commit('host-a', 'none', [fact(0)]))).toMatchObject({ firstRevision: 0 });
    await back;
    expect(await log.readCommand('host-a', randomUUID())).toEqual([]);
  });
});

/** Subscriptions with a real server: the right facts, in order, once; and what is no fact is told, not lost. */
import type { EventLog } from '@apledger/event-log';
import type { FactType } from '@apledger/events';
import { factMessage } from '@apledger/messages';
import { type Received, type Subscription, subscribe, type Unreadable } from '@apledger/messages/nats';
import { BrokerError, connectNats } from '@apledger/nats';
import { natsServers } from '@apledger/nats/address';
import { headers } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { freePorts, type NatsServer } from '../support/nats.ts';
import { client, managerOf } from './stream.ts';
import {
  append,
  broker,
  commandsFor,
  factsOf,
  mdevOf,
  openLog,
  program,
  scans,
  startRelay,
  submit,
} from './support.ts';

/** A log whose facts are all in the stream of a server; more are relayed as they come. */
async function published(
  fill: (log: EventLog) => Promise<unknown>,
): Promise<{ log: EventLog; server: NatsServer }> {
  const [server, log] = await Promise.all([broker(), openLog()]);
  await fill(log);
  const relaying = startRelay({ log, url: server.url });
  await relaying.acknowledged(await log.lastPosition());
  return { log, server };
}

async function take<T extends FactType>(facts: Subscription<T>, count: number): Promise<Received<T>[]> {
  const taken: Received<T>[] = [];
  for await (const fact of facts) {
    taken.push(fact);
    if (taken.length === count) void facts.drain();
  }
  return taken;
}

const positions = (facts: readonly Received[]): number[] => facts.map(({ recorded }) => recorded.position);

describe.skipIf('missing' in program)('a subscription', () => {
  const twoHosts = async (log: EventLog) => {
    await submit(log, 'zlp1', commandsFor('zlp1'));
    await submit(log, 'zlp2', commandsFor('zlp2'));
  };

  it.each([
    ['of everything', {}, () => true],
    ['of one host', { host: 'zlp2' }, (fact: Received) => fact.host === 'zlp2'],
    ['of one type', { types: ['QueueReset'] as const }, (fact: Received) => fact.type === 'QueueReset'],
    [
      'of several types',
      { types: ['GuestStarted', 'CommandRejected'] as const },
      (fact: Received) => fact.type === 'GuestStarted' || fact.type === 'CommandRejected',
    ],
    [
      'of one mdev, what was refused to it included',
      { mdev: mdevOf(1) },
      ({ type, data }: Received) =>
        'mdev' in data
          ? data.mdev === mdevOf(1)
          : type === 'CommandRejected' && Reflect.get(data.command, 'mdev') === mdevOf(1),
    ],
  ])('%s gets these facts, in order', async (_what, filter, wanted) => {
    const { log, server } = await published(twoHosts);
    const connection = await client(server.url);
    const facts = await subscribe({ connection, from: 'start', ...filter });
    const expected = (await factsOf(log)).filter(({ type, data, stream }) =>
      wanted({ type, data, host: stream.slice(5) } as Received),
    );
    expect(expected.length).toBeGreaterThan(0);
    const taken = await take(facts, expected.length);
    expect(taken.map(({ recorded }) => recorded)).toEqual(expected);
  });

  it('of one guest gets what its mdev goes through while it has it open', async () => {
    const { log, server } = await published(twoHosts);
    const connection = await client(server.url);
    const all = await factsOf(log);
    let isOpen = false;
    const expected = all.filter(({ type, data, stream }) => {
      if (stream !== 'host-zlp1') return false;
      const command = type === 'CommandRejected' ? data.command : data;
      const isIts = typeof command === 'object' && Reflect.get(command ?? {}, 'mdev') === mdevOf(1);
      if (isIts && type === 'GuestStarted') isOpen = true;
      const belongs = isIts && isOpen;
      if (isIts && type === 'GuestStopped') isOpen = false;
      return belongs;
    });
    const facts = await subscribe({ connection, from: 'start', host: 'zlp1', guest: 'web.1' });
    const taken = await take(facts, expected.length);
    expect(taken.map(({ recorded }) => recorded)).toEqual(expected);
    expect(taken.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['GuestStarted', 'GuestMatrixChanged', 'GuestStopped']),
    );
  });

  it('gets no copy of a fact that somebody else publishes, at whatever position, and is told of it', async () => {
    const { log, server } = await published((log) => submit(log, 'zlp1', commandsFor('zlp1')));
    const genuine = await factsOf(log);
    const last = genuine.at(-1);
    if (last === undefined) throw new Error('no fact');
    const copies = [
      { ...last, position: 5_000_000, actor: 'mallory' },
      { ...last, position: last.position + 1, revision: last.revision + 1, actor: 'mallory' },
    ].flatMap((fact) => factMessage(fact, undefined) ?? []);
    const mallory = await client(server.url);
    for (const { subject, headers: given, body } of copies) {
      const fields = headers();
      for (const [name, value] of Object.entries(given)) fields.set(name, value);
      fields.set('Nats-Msg-Id', crypto.randomUUID());
      await mallory.request(subject, body, { headers: fields, timeout: 20_000 });
    }
    // What comes later is genuine again.
    await append(log, 'host-zlp1', scans(2));
    const told: Unreadable[] = [];
    const facts = await subscribe({
      connection: await client(server.url),
      from: 'start',
      host: 'zlp1',
      onUnreadable: (message) => void told.push(message),
    });
    const taken = await take(facts, genuine.length + 2);
    expect(taken.map(({ recorded }) => recorded)).toEqual(await factsOf(log));
    expect(taken.map(({ recorded }) => recorded.actor)).not.toContain('mallory');
    expect(told).toHaveLength(copies.length);
  });

  it('from now on sees what comes, and nothing before', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(5)));
    const facts = await subscribe({ connection: await client(server.url) });
    await append(log, 'host-zlp1', scans(2));
    expect(positions(await take(facts, 2))).toEqual([6, 7]);
  });

  it('begins behind any position, and at any time', async () => {
    const { log, server } = await published(async (log) => {
      for (let n = 0; n < 30; n++) await append(log, 'host-zlp1', scans(3));
    });
    const connection = await client(server.url);
    // Somebody else's messages in between: they have no place, and don't mislead.
    connection.publish('apledger.v1.host.zlp1.bus.-.-.BusScanned', 'x');
    await connection.flush();
    await append(log, 'host-zlp1', scans(3));
    const onUnreadable = (): void => undefined;
    for (const position of [0, 1, 44, 89, 90, 92]) {
      const facts = await subscribe({ connection, from: { position }, onUnreadable });
      const [first] = await take(facts, 1);
      expect(first?.recorded.position).toBe(position + 1);
    }
    const all = await factsOf(log);
    for (const fact of [all[0], all[30], all[91]]) {
      const time = new Date(fact?.recordedAt ?? 0);
      const facts = await subscribe({ connection, from: { time }, onUnreadable });
      const [first] = await take(facts, 1);
      expect(first?.recorded).toEqual(all.find(({ recordedAt }) => recordedAt >= time.toISOString()));
    }
  });

  it('with a name goes on where it was', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(10)));
    const connection = await client(server.url);
    const first = await subscribe({ connection, name: 'alerts', from: 'start' });
    expect(positions(await take(first, 4))).toEqual([1, 2, 3, 4]);
    await append(log, 'host-zlp1', scans(2));
    const second = await subscribe({ connection, name: 'alerts' });
    expect(positions(await take(second, 8))).toEqual([5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('gives a fact again whose handling failed, and everything behind it after it', async () => {
    const { server } = await published((log) => append(log, 'host-zlp1', scans(300)));
    const connection = await client(server.url);
    const handled: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const facts = await subscribe({ connection, name: 'alerts', from: 'start' });
      const failing = async (): Promise<void> => {
        for await (const { recorded } of facts) {
          if (recorded.position === (attempt + 1) * 50) throw new Error('the handler failed');
          handled.push(recorded.position);
        }
      };
      await expect(failing()).rejects.toThrow('the handler failed');
    }
    const facts = await subscribe({ connection, name: 'alerts' });
    handled.push(...positions(await take(facts, 101)));
    expect(handled).toEqual(Array.from({ length: 300 }, (_, n) => n + 1));
  });

  it('is taken over by anyone who subscribes under its name', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(3)));
    const connection = await client(server.url);
    const first = await subscribe({ connection, name: 'alerts', from: 'start' });
    const taken: number[] = [];
    const second = Promise.withResolvers<Subscription>();
    const losing = async (): Promise<void> => {
      for await (const { recorded } of first) {
        taken.push(recorded.position);
        if (recorded.position === 3) second.resolve(subscribe({ connection, name: 'alerts' }));
      }
    };
    await expect(losing()).rejects.toThrow(/another process has taken over the subscription alerts/);
    await append(log, 'host-zlp1', scans(2));
    const rest = await take(await second.promise, 2);
    expect([...new Set([...taken, ...positions(rest)])]).toEqual([1, 2, 3, 4, 5].slice(0, taken.length + 2));
  });

  it('outlives restarts of the broker', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(10)));
    const connection = await connectNats({ servers: server.url }, 'test');
    const named = await subscribe({ connection, name: 'alerts', from: 'start' });
    const unnamed = await subscribe({ connection, from: 'start' });
    const taking = Promise.all([take(named, 610), take(unnamed, 610)]);
    for (let n = 0; n < 6; n++) {
      await server.kill(n % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await append(log, 'host-zlp1', scans(100));
      await server.start();
    }
    const [a, b] = await taking;
    const expected = Array.from({ length: 610 }, (_, n) => n + 1);
    expect(positions(a)).toEqual(expected);
    expect(positions(b)).toEqual(expected);
    await connection.close();
  });

  it('brings old facts up to date, and tells of those from the future', async () => {
    const occurredAt = new Date().toISOString();
    const old = { type: 'QueueReset', version: 1, occurredAt, packed: new Uint8Array(0) };
    const { server, log } = await published((log) =>
      append(log, 'host-zlp1', [
        { ...old, data: { queues: ['05.0004'], responseCode: 0 } },
        { ...old, version: 9, data: { queues: ['05.0004'] } },
        { ...old, type: 'MdevPainted', data: { colour: 'red' } },
        { ...old, version: 2, data: { queues: ['05.0004'], by: 'bus', responseCode: 0 } },
      ]),
    );
    const told: Unreadable[] = [];
    const onUnreadable = (message: Unreadable): void => void told.push(message);
    const facts = await subscribe({ connection: await client(server.url), from: 'start', onUnreadable });
    const taken = await take(facts, 2);
    expect(taken.map(({ data }) => Reflect.get(data, 'by'))).toEqual(['vfio_ap', 'bus']);
    expect(told.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/QueueReset \(version 9\) was written by a newer/),
      expect.stringMatching(/MdevPainted \(version 1\) was written by a newer/),
    ]);
    expect(told.map(({ recorded }) => recorded)).toEqual((await factsOf(log)).slice(1, 3));
  });

  it('sends a letter about a message that is no fact, and goes on', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(1)));
    const connection = await client(server.url);
    const letters = connection.subscribe('apledger.v1.dead.message.alerts', { max: 2 });
    connection.publish('apledger.v1.host.zlp1.bus.-.-.BusScanned', '{}');
    connection.publish('apledger.v1.host.zlp1.nonsense', 'x');
    await connection.flush();
    await append(log, 'host-zlp1', scans(1));
    const facts = await subscribe({ connection, name: 'alerts', from: 'start' });
    expect(positions(await take(facts, 2))).toEqual([1, 2]);
    const told: unknown[] = [];
    for await (const letter of letters) told.push(letter.json());
    expect(told).toEqual([
      {
        reason: expect.stringMatching(/no fact: .*ce-specversion/),
        subject: 'apledger.v1.host.zlp1.bus.-.-.BusScanned',
        stream: 'APLEDGER',
        sequence: 2,
      },
      {
        reason: expect.stringMatching(/not one of a fact/),
        subject: 'apledger.v1.host.zlp1.nonsense',
        stream: 'APLEDGER',
        sequence: 3,
      },
    ]);
  });

  it('drops what was published twice', async () => {
    const { log, server } = await published((log) => append(log, 'host-zlp1', scans(3)));
    const connection = await client(server.url);
    const manager = await managerOf(connection);
    const message = await manager.streams.getMessage('APLEDGER', { seq: 2 });
    connection.publish(message?.subject ?? '', message?.data, {
      ...(message && { headers: withoutId(message.header) }),
    });
    await connection.flush();
    await append(log, 'host-zlp1', scans(1));
    const facts = await subscribe({ connection, name: 'alerts', from: 'start' });
    expect(positions(await take(facts, 4))).toEqual([1, 2, 3, 4]);
  });
});

function withoutId<H extends { delete(name: string): void }>(headers: H): H {
  for (const name of ['Nats-Msg-Id', 'Nats-Expected-Last-Sequence', 'Nats-Expected-Last-Msg-Id'])
    headers.delete(name);
  return headers;
}

describe.skipIf('missing' in program)('a subscription is refused with a clear error', () => {
  const failure = (work: Promise<unknown>) => work.catch((error: unknown) => error);

  it('when nobody has relayed yet', async () => {
    const server = await broker();
    const error = await failure(subscribe({ connection: await client(server.url) }));
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ code: 'no-stream', message: expect.stringMatching(/start a relay/) });
  });

  it('when its name is taken for other facts', async () => {
    const { server } = await published((log) => append(log, 'host-zlp1', scans(1)));
    const connection = await client(server.url);
    await (await subscribe({ connection, name: 'alerts', host: 'zlp1' })).drain();
    expect(await failure(subscribe({ connection, name: 'alerts', host: 'zlp2' }))).toMatchObject({
      code: 'other-configuration',
      message: expect.stringMatching(/subscription alerts exists and is for apledger\.v1\.host\.zlp1\./),
    });
    await expect(subscribe({ connection, name: 'not good' })).rejects.toThrow(TypeError);
  });

  it('when the server is not there, or the credentials are wrong', async () => {
    const [port = 0] = await freePorts(1);
    expect(await failure(connectNats({ servers: `nats://127.0.0.1:${port}` }, 'test'))).toMatchObject({
      code: 'unreachable',
    });
    const server = await broker({ configuration: 'authorization { user: anna, password: right }' });
    const error = await failure(connectNats(natsServers(server.url.replace('//', '//anna:wrong@')), 'test'));
    expect(error).toMatchObject({ code: 'denied', message: expect.not.stringContaining('anna:wrong') });
  });
});

/** The relay with a real server: every fact once, in order, whatever is in the way. */
import { join } from 'node:path';
import type { EventLog } from '@apledger/event-log';
import { noteInFile, noteName } from '@apledger/messages/nats';
import { BrokerError } from '@apledger/nats';
import { StorageType } from '@nats-io/jetstream';
import { MsgHdrsImpl } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { freePorts } from '../support/nats.ts';
import { bodyOf, client, factIn, managerOf, messagesIn } from './stream.ts';
import {
  append,
  broker,
  commandsFor,
  factsOf,
  openLog,
  program,
  scans,
  startRelay,
  submit,
} from './support.ts';

/** Messages of a stranger behind the relay's place. */
const JUNK = sized(3000, 30_000);

describe.skipIf('missing' in program)('the relay', () => {
  it('publishes every fact, each on its subject, in the order of the log', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await submit(log, 'zlp1', commandsFor('zlp1'));
    await submit(log, 'zlp2', commandsFor('zlp2'));
    const facts = await factsOf(log);
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(facts.length);
    await running.stop();
    const messages = await messagesIn(server.url);
    expect(messages.map(factIn)).toEqual(facts);
    const guests = (guest: string) =>
      messages
        .filter(({ subject }) => subject.split('.')[6] === guest)
        .map(({ subject }) => subject.split('.')[7]);
    expect(guests('web%2E1').slice(0, 2)).toEqual(['GuestStarted', 'GuestMatrixChanged']);
    expect(guests('web%2E1')).toContain('CommandRejected');
    expect(guests('web%2E1').at(-1)).toMatch(/Guest(Stopped|MatrixChanged)|CommandRejected/);
  });

  it('goes on where the stream ends, and follows the log', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await submit(log, 'zlp1', commandsFor('zlp1').slice(0, 6));
    const first = startRelay({ log, url: server.url });
    await first.acknowledged(await log.lastPosition());
    await first.stop();
    const second = startRelay({ log, url: server.url });
    const after = await log.lastPosition();
    await second.until(({ state }) => state === 'publishing');
    expect(second.states[0]).toEqual({ state: 'publishing', after });
    await submit(log, 'zlp1', commandsFor('zlp1').slice(6));
    const facts = await factsOf(log);
    await second.acknowledged(facts.length);
    await second.stop();
    const messages = await messagesIn(server.url);
    expect(messages.map(factIn)).toEqual(facts);
    // The guest that was started before the second relay was is known to it.
    expect(messages[after]?.subject).toContain('.web%2E1.');
  });

  it('does no harm beside another one', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const both = [startRelay({ log, url: server.url }), startRelay({ log, url: server.url })];
    for (let n = 0; n < 20; n++) {
      await Promise.all([append(log, 'host-zlp1', scans(50)), append(log, 'host-zlp2', scans(50))]);
    }
    await Promise.all(both.map((running) => running.acknowledged(2000)));
    await Promise.all(both.map((running) => running.stop()));
    const facts = await factsOf(log);
    expect((await messagesIn(server.url)).map(factIn)).toEqual(facts);
  });

  it('waits for a broker that is not there yet', async () => {
    const log = await openLog();
    const [port = 0] = await freePorts(1);
    const running = startRelay({ log, url: `nats://127.0.0.1:${port}` });
    const waiting = await running.until(({ state }) => state === 'waiting');
    expect(waiting).toMatchObject({
      reason: expect.stringMatching(/127\.0\.0\.1:\d+.*refused.*see that the server runs/i),
    });
    await append(log, 'host-zlp1', scans(10));
    const server = await broker({ configuration: `listen: "127.0.0.1:${port}"` });
    expect(server.running).toBe(true);
    await running.acknowledged(10);
    await running.stop();
    expect(await messagesIn(`nats://127.0.0.1:${port}`)).toHaveLength(10);
  });

  it('survives restarts of the broker', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const running = startRelay({ log, url: server.url });
    for (let n = 1; n <= 8; n++) {
      const appended = append(log, 'host-zlp1', scans(500));
      await server.kill(n % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await appended;
      await server.start();
      await running.acknowledged(n * 500);
    }
    await running.stop();
    const facts = await factsOf(log);
    expect((await messagesIn(server.url)).map(factIn)).toEqual(facts);
  });

  it('publishes what a newer apledger recorded', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const painted = { ...scans(1)[0], type: 'MdevPainted', version: 7, data: { colour: 'red' } };
    await append(log, 'host-zlp1', [
      { ...painted, occurredAt: new Date().toISOString(), packed: new Uint8Array() },
    ]);
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(1);
    const [message] = await messagesIn(server.url);
    expect(message?.subject).toBe('apledger.v1.host.zlp1.bus.-.-.MdevPainted');
    expect(message?.header.get('ce-type')).toBe('apledger.MdevPainted.v7');
  });

  it('publishes what is about the ledger itself, also to a stream that an older relay made', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await (await managerOf(await client(server.url))).streams.add({
      name: 'APLEDGER',
      subjects: ['apledger.v1.host.>', 'apledger.v1.dead.fact.>'],
    });
    await append(log, 'clock', [
      { ...(scans(1)[0] ?? raise()), type: 'ClockJumped', packed: new Uint8Array() },
    ]);
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(1);
    await running.stop();
    const [message] = await messagesIn(server.url);
    expect(message?.subject).toBe('apledger.v1.ledger.clock.ClockJumped');
  });

  it('leaves a letter in the place of a fact that no broker takes, and goes on', async () => {
    const [server, log] = await Promise.all([broker({ configuration: 'max_payload: 20000' }), openLog()]);
    await append(log, 'host-zlp1', scans(1));
    await append(log, 'host-zlp1', [
      { ...(scans(1)[0] ?? raise()), type: 'HostWithALongStory', data: { story: 'x'.repeat(20_000) } },
    ]);
    await append(log, 'host-', scans(1));
    await append(log, 'host-zlp1', [{ ...(scans(1)[0] ?? raise()), type: 'x'.repeat(5000) }]);
    await append(log, 'host-zlp1', scans(1));
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(5);
    expect(running.states.filter(({ state }) => state === 'not-published')).toMatchObject([
      { position: 2, reason: expect.stringMatching(/has 2\d{4} bytes, the broker takes 20000/) },
      { position: 3, reason: 'its stream has no name' },
      { position: 4, reason: expect.stringMatching(/too long a subject/) },
    ]);
    await running.stop();
    const messages = await messagesIn(server.url);
    expect(messages.map(({ subject }) => subject.split('.').slice(2, 5).join('.'))).toEqual([
      'host.zlp1.bus',
      'dead.fact.zlp1',
      'dead.fact.-',
      'dead.fact.zlp1',
      'host.zlp1.bus',
    ]);
    expect(messages[1] && bodyOf(messages[1])).toMatchObject({
      position: 2,
      type: 'HostWithALongStory',
      stream: 'host-zlp1',
    });
  });

  it('leaves a letter also for what only the stream finds too large', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const manager = await managerOf(await client(server.url));
    await append(log, 'host-zlp1', scans(1));
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(1);
    const { config } = await manager.streams.info('APLEDGER');
    await manager.streams.update('APLEDGER', { ...config, max_msg_size: 2000 });
    await append(log, 'host-zlp1', [{ ...(scans(1)[0] ?? raise()), data: { story: 'x'.repeat(3000) } }]);
    await append(log, 'host-zlp1', scans(1));
    await running.acknowledged(3);
    expect((await messagesIn(server.url)).map(({ subject }) => subject.split('.')[2])).toEqual([
      'host',
      'dead',
      'host',
    ]);
  });

  it('is not led astray by what others publish on its subjects', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await append(log, 'host-zlp1', scans(3));
    const first = startRelay({ log, url: server.url });
    await first.acknowledged(3);
    const stranger = await client(server.url);
    stranger.publish('apledger.v1.host.zlp1.bus.-.-.BusScanned', 'what?');
    await stranger.flush();
    await append(log, 'host-zlp1', scans(3));
    await first.acknowledged(6);
    await first.stop();
    stranger.publish('apledger.v1.host.zlp1.bus.-.-.BusScanned', 'hello?');
    await stranger.flush();
    await append(log, 'host-zlp1', scans(3));
    const second = startRelay({ log, url: server.url });
    await second.acknowledged(9);
    await second.stop();
    const positions = (await messagesIn(server.url)).map(({ header }) => header.get('ce-position'));
    expect(positions.filter((position) => position !== '')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(String));
  });

  it('gets past an old fact that somebody has published again', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const connection = await client(server.url);
    await append(log, 'host-zlp1', scans(4));
    const first = startRelay({ log, url: server.url });
    await first.acknowledged(4);
    const again = async (): Promise<void> => {
      const message = (await messagesIn(server.url))[1];
      if (message === undefined) throw new Error('no message');
      const headers = MsgHdrsImpl.fromRecord(
        Object.fromEntries([...message.header].filter(([name]) => !name.startsWith('Nats-'))),
      );
      connection.publish(message.subject, message.data, { headers });
      await connection.flush();
    };
    await again();
    await append(log, 'host-zlp1', scans(2));
    await first.acknowledged(6);
    await first.stop();
    await again();
    await append(log, 'host-zlp1', scans(2));
    const second = startRelay({ log, url: server.url });
    await second.acknowledged(8);
    await second.stop();
    const positions = (await messagesIn(server.url)).map((message) => factIn(message).position);
    expect(positions).toEqual([1, 2, 3, 4, 2, 5, 6, 2, 7, 8]);
  });

  describe('believes no message', () => {
    const SUBJECT = 'apledger.v1.host.zlp1.bus.-.-.BusScanned';
    const stranger = async (url: string) => {
      const connection = await client(url);
      return async (body: string, headers: Record<string, string>): Promise<void> => {
        const record = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
        connection.publish(SUBJECT, body, { headers: MsgHdrsImpl.fromRecord(record) });
        await connection.flush();
      };
    };
    const genuine = async (url: string, log: EventLog) => {
      const ids = new Set((await factsOf(log)).map(({ id }) => id));
      return (await messagesIn(url)).filter((message) => {
        const isFact = message.header.has('ce-specversion');
        return isFact && ids.has(message.header.get('ce-id'));
      });
    };

    it.each(['with a note of its place', 'without one'])(
      'that claims to be the newest fact, while it is down: %s',
      async (kind) => {
        const [server, log] = await Promise.all([broker(), openLog()]);
        const note = noteInFile(join(scratch(), noteName()));
        const options = { log, url: server.url, ...(kind === 'without one' ? {} : { note }) };
        await append(log, 'host-zlp1', scans(3));
        const first = startRelay(options);
        await first.acknowledged(3);
        await first.stop();
        await append(log, 'host-zlp1', scans(25));
        const newest = (await factsOf(log)).at(-1);
        const forge = await stranger(server.url);
        const headers = { 'ce-id': newest?.id ?? '', 'ce-hash': newest?.hash ?? '' };
        await forge('{}', { ...headers, 'ce-position': '28' });
        const second = startRelay(options);
        await second.acknowledged(28);
        await second.stop();
        expect((await genuine(server.url, log)).map(factIn)).toEqual(await factsOf(log));
      },
    );

    it('with a position that the log does not have', async () => {
      const [server, log] = await Promise.all([broker(), openLog()]);
      await append(log, 'host-zlp1', scans(3));
      const first = startRelay({ log, url: server.url });
      await first.acknowledged(3);
      const forge = await stranger(server.url);
      await forge('{}', { 'ce-id': 'x', 'ce-hash': 'abc', 'ce-position': '999999' });
      await append(log, 'host-zlp1', scans(3));
      await first.acknowledged(6);
      await first.stop();
      const second = startRelay({ log, url: server.url });
      await append(log, 'host-zlp1', scans(3));
      await second.acknowledged(9);
      await second.stop();
      expect((await genuine(server.url, log)).map(factIn)).toEqual(await factsOf(log));
    });

    it('under the id of a fact to come', async () => {
      const [server, log] = await Promise.all([broker(), openLog()]);
      await append(log, 'host-zlp1', scans(3));
      const ahead = await openLog();
      const commandId = crypto.randomUUID();
      const [type] = scans(1);
      if (type === undefined) throw new Error('no fact');
      const commit = {
        stream: 'host-zlp1',
        commandId,
        actor: 'anna@test',
        correlation: 'test',
        facts: [type],
      };
      await ahead.append({ ...commit, expected: 'any' });
      const [known] = await factsOf(ahead);
      const running = startRelay({ log, url: server.url });
      await running.acknowledged(3);
      const forge = await stranger(server.url);
      await forge('forged', { 'Nats-Msg-Id': known?.id ?? '' });
      await log.append({ ...commit, expected: 'any' });
      await running.acknowledged(4);
      await running.stop();
      expect((await factsOf(log)).at(-1)?.id).toBe(known?.id);
      expect((await genuine(server.url, log)).map(factIn)).toEqual(await factsOf(log));
    });

    it('and asks the broker not for each of many thousands', async () => {
      const [server, log] = await Promise.all([broker(), openLog()]);
      await append(log, 'host-zlp1', scans(3));
      const first = startRelay({ log, url: server.url });
      await first.acknowledged(3);
      await first.stop();
      const connection = await client(server.url);
      for (let n = 0; n < JUNK; n++) connection.publish(SUBJECT, 'junk');
      await connection.flush();
      await append(log, 'host-zlp1', scans(3));
      const second = startRelay({ log, url: server.url });
      await second.acknowledged(6);
      await second.stop();
      expect((await genuine(server.url, log)).map(factIn)).toEqual(await factsOf(log));
    });
  });

  it('publishes both facts of a command that an older apledger did twice', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    await append(log, 'host-zlp1', scans(3));
    const facts = await factsOf(log);
    const twice: EventLog = new Proxy(log, {
      get: (target, name) => {
        if (name !== 'subscribe') {
          const member: unknown = Reflect.get(target, name);
          return typeof member === 'function' ? member.bind(target) : member;
        }
        return async function* () {
          for (const fact of facts) yield { fact };
          const last = facts.at(-1);
          if (last !== undefined) yield { fact: { ...last, position: 4, revision: 3 } };
        };
      },
    });
    const running = startRelay({ log: twice, url: server.url });
    await running.acknowledged(4);
    await running.stop();
    expect((await messagesIn(server.url)).map((message) => factIn(message).position)).toEqual([1, 2, 3, 4]);
  });

  it('waits when the broker has no room, and goes on when it has', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const manager = await managerOf(await client(server.url));
    await append(log, 'host-zlp1', scans(1));
    const running = startRelay({ log, url: server.url });
    await running.acknowledged(1);
    const { config } = await manager.streams.info('APLEDGER');
    await manager.streams.update('APLEDGER', { ...config, max_msgs: 2, discard: 'new' as never });
    await append(log, 'host-zlp1', scans(5));
    expect(await running.until(({ state }) => state === 'waiting')).toMatchObject({
      reason: expect.stringMatching(/maximum messages exceeded/),
    });
    await manager.streams.update('APLEDGER', { ...config, max_msgs: -1 });
    await running.acknowledged(6);
    expect((await messagesIn(server.url)).map(factIn)).toEqual(await factsOf(log));
  });
});

describe.skipIf('missing' in program)('the relay ends with a clear error', () => {
  const failure = (options: Parameters<typeof startRelay>[0]) =>
    startRelay(options)
      .until(() => false)
      .catch((error: unknown) => error);

  it('when the stream is of another log', async () => {
    const [server, log, other] = await Promise.all([broker(), openLog(), openLog()]);
    await append(log, 'host-zlp1', scans(2));
    await append(other, 'host-zlp1', scans(2));
    const first = startRelay({ log, url: server.url });
    await first.acknowledged(2);
    await first.stop();
    const error = await failure({ log: other, url: server.url });
    expect(error).toBeInstanceOf(BrokerError);
    expect(error).toMatchObject({ code: 'other-log', message: expect.stringMatching(/of another log, or/) });
  });

  it('when the stream is set up in a way that could lose facts', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const manager = await managerOf(await client(server.url));
    await manager.streams.add({
      name: 'APLEDGER',
      subjects: ['apledger.v1.host.>'],
      storage: StorageType.Memory,
      max_age: 1e12,
      max_msgs_per_subject: 1,
    });
    const error = await failure({ log, url: server.url });
    expect(error).toMatchObject({
      code: 'other-configuration',
      message: expect.stringMatching(
        /capture apledger.v1.dead.fact.>; .*memory.*max_age.*max_msgs_per_subject/,
      ),
    });
  });

  it('when another stream has the subjects', async () => {
    const [server, log] = await Promise.all([broker(), openLog()]);
    const manager = await managerOf(await client(server.url));
    await manager.streams.add({ name: 'OTHER', subjects: ['apledger.>'] });
    const error = await failure({ log, url: server.url });
    expect(error).toMatchObject({
      code: 'other-configuration',
      message: expect.stringMatching(/subjects overlap/),
    });
  });

  it('when the credentials are wrong, or do not permit it', async () => {
    const users = `accounts { A { jetstream: enabled, users: [
      { user: anna, password: "p%w" }, { user: guest, password: g, permissions: { publish: ["$JS.API.>"] } } ] } }`;
    const [server, log] = await Promise.all([broker({ configuration: users }), openLog()]);
    await append(log, 'host-zlp1', scans(2));
    const url = (login: string) => server.url.replace('//', `//${login}@`);
    const wrong = await failure({ log, url: url('anna:wrong') });
    expect(wrong).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/check user and password/),
    });
    expect(String(wrong)).not.toContain('anna:wrong');
    expect(await failure({ log, url: url('guest:g') })).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/no permission: publish on apledger\.v1\.host\.zlp1\./),
    });
    const right = startRelay({ log, url: url('anna:p%25w') });
    await right.acknowledged(2);
    await right.stop();
  });
});

function raise(): never {
  throw new Error('no fact');
}

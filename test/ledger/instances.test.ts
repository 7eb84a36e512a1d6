/** Several processes of the service on one log: nothing is lost, nothing done twice, no matter who is killed. */
import { type EventLog, openLog, openSqliteLog, type RecordedFact, verify } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { type NatsServer, natsProgram, startNats } from '../support/nats.ts';
import {
  ANSWER_MS,
  all,
  ask,
  create,
  endpointStats,
  holdWriteLock,
  insist,
  type LedgerProcess,
  READY,
  RETRY_MS,
  register,
  startProcess,
  statsOf,
} from './support.ts';

const program = natsProgram();
const HOST = 'lpar1';
const mdev = (n: number): string => `aaaaaaaa-0000-4000-8000-${String(n).padStart(12, '0')}`;

describe.skipIf('missing' in program)('instances of the service', () => {
  let server: NatsServer;
  let nc: NatsConnection;
  let directory: string;
  let instances: LedgerProcess[] = [];
  beforeAll(async () => {
    server = await startNats({ program });
    nc = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await nc.close();
    await server.dispose();
  });
  beforeEach(() => {
    directory = scratch();
  });
  afterEach(async () => {
    for (const instance of instances) instance.signal('SIGKILL');
    await Promise.all(instances.map((instance) => instance.ended()));
    instances = [];
  });

  const startEach = async (args: readonly string[][]): Promise<LedgerProcess[]> => {
    const started = args.map((given) => startProcess(...given));
    instances.push(...started); // so that all end with the test, should one of them not come up
    await Promise.all(started.map((instance) => instance.said(READY)));
    return started;
  };
  const start = (count: number): Promise<LedgerProcess[]> =>
    startEach(Array.from({ length: count }, () => ['--data', directory, '--nats', server.url]));
  const startOne = async (): Promise<LedgerProcess> => (await start(1))[0] ?? expect.fail();
  const inFlight = async (): Promise<unknown> =>
    (await statsOf(nc)).map((stats) => endpointStats(stats, 'command')?.data);

  it('that cannot listen leave the broker: every request goes to who can answer it', async () => {
    const good = await startOne();
    const port = new URL(/at (http:\/\/\S+)\//.exec(await good.said(READY))?.[1] ?? '').port;
    await insist(nc, HOST, register(HOST));
    const bad = startProcess('--data', directory, '--nats', server.url, '--port', port);
    instances.push(bad);
    expect(await bad.ended()).toBe(2);
    expect(bad.output()).toContain('another program listens there (EADDRINUSE)');
    expect(await statsOf(nc)).toHaveLength(1);
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(nc, `query.host.${HOST}`)));
    expect(answers.filter((answer) => !('reply' in answer))).toEqual([]);
  });

  async function reading<T>(work: (log: EventLog) => Promise<T>, url?: string): Promise<T> {
    const log = await (url === undefined ? openSqliteLog({ directory, readOnly: true }) : openLog(url));
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** The facts of the host; the chain that seals them must be whole. */
  const recorded = (url?: string): Promise<RecordedFact[]> =>
    reading(async (log) => {
      const walk = verify(log);
      let step = await walk.next();
      while (step.done !== true) step = await walk.next();
      expect(step.value.problems).toEqual([]);
      return all(log.readStream(streamOf(HOST)));
    }, url);
  const causesOf = (facts: readonly RecordedFact[], type: string): string[] =>
    facts.filter((fact) => fact.type === type).map(({ cause }) => cause);

  it('share the commands for one host: each is done once, no matter who is asked, and however often', async () => {
    await start(3);
    await insist(nc, HOST, register(HOST));
    const ids = Array.from({ length: 40 }, () => crypto.randomUUID());
    const pairs = await Promise.all(
      ids.map((id, n) =>
        // Nobody dies here, and who asks again would be counted twice.
        Promise.all([1, 2].map(() => insist(nc, HOST, create(mdev(n)), id, ANSWER_MS))),
      ),
    );
    for (const [one, other] of pairs) {
      expect([one?.isDuplicate, other?.isDuplicate].sort()).toEqual([false, true]);
      expect({ ...one, isDuplicate: true }).toEqual({ ...other, isDuplicate: true });
      expect(one).toMatchObject({ facts: [{ type: 'MdevCreated' }] });
    }
    const facts = await recorded();
    expect(causesOf(facts, 'MdevCreated').sort()).toEqual(ids.toSorted());
    expect(new Set(pairs.map(([one]) => one?.revision)).size).toBe(ids.length);
    const shares = (await statsOf(nc)).map((stats) => endpointStats(stats, 'command')?.num_requests ?? 0);
    expect(shares).toHaveLength(3);
    expect(shares.every((share) => share > 0)).toBe(true);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(2 * ids.length + 1);
  });

  it('share a log in JetStream as well, each with a data directory of its own', async () => {
    const log = `${server.url}/shared`;
    const places = [scratch(), scratch()];
    await startEach(places.map((data) => ['--data', data, '--log', log, '--nats', server.url]));
    await insist(nc, HOST, register(HOST));
    const ids = Array.from({ length: 20 }, () => crypto.randomUUID());
    await Promise.all(ids.flatMap((id, n) => [1, 2].map(() => insist(nc, HOST, create(mdev(n)), id))));
    expect(causesOf(await recorded(log), 'MdevCreated').sort()).toEqual(ids.toSorted());
    const shares = (await statsOf(nc)).map((stats) => endpointStats(stats, 'command')?.num_requests ?? 0);
    expect(shares.filter((share) => share > 0)).toHaveLength(2);
    expect(await ask(nc, `query.host.${HOST}`)).toMatchObject({ reply: { host: HOST } });
  });

  it('let one of those through who decided on the same revision', async () => {
    await start(3);
    const { revision } = await insist(nc, HOST, register(HOST));
    const given = { 'apledger-expected-revision': String(revision) };
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => ask(nc, `command.${HOST}`, create(mdev(n)), given)),
    );
    const conflicts = answers.filter((answer) => 'error' in answer);
    expect(conflicts).toHaveLength(11);
    for (const conflict of conflicts)
      expect(conflict).toMatchObject({
        status: 409,
        error: { expected: revision, actual: expect.any(Number) },
      });
    expect(causesOf(await recorded(), 'MdevCreated')).toHaveLength(1);
  });

  it('lose nothing when one is killed under load: what had no answer is asked for again', async () => {
    const [victim] = await start(3);
    await insist(nc, HOST, register(HOST));
    const ids = Array.from({ length: 45 }, () => crypto.randomUUID());
    let answered = 0;
    const replies = await Promise.all(
      ids.map(async (id, n) => {
        const reply = await insist(nc, HOST, create(mdev(n)), id);
        answered += 1;
        if (answered === 5) victim?.signal('SIGKILL');
        return reply;
      }),
    );
    expect(await victim?.ended()).toBeNull();
    for (const reply of replies) expect(reply).toMatchObject({ facts: [{ type: 'MdevCreated' }] });
    expect(causesOf(await recorded(), 'MdevCreated').sort()).toEqual(ids.toSorted());
  });

  it('killed before a command was recorded: another does it', async () => {
    const victim = await startOne();
    await insist(nc, HOST, register(HOST));
    const release = holdWriteLock(directory);
    const id = crypto.randomUUID();
    const given = { 'apledger-command-id': id };
    const lost = ask(nc, `command.${HOST}`, create(mdev(1)), given, RETRY_MS);
    const unanswered = expect(lost).rejects.toThrow(/timeout/);
    expect(await inFlight()).toMatchObject([{ inFlight: 1 }]);
    victim.signal('SIGKILL');
    await victim.ended();
    release();
    await unanswered;
    await startOne();
    expect(await insist(nc, HOST, create(mdev(1)), id, ANSWER_MS)).toMatchObject({ isDuplicate: false });
    expect(causesOf(await recorded(), 'MdevCreated')).toEqual([id]);
  });

  it('killed when a command was recorded, before the client heard of it: another gives the receipt', async () => {
    const victim = await startOne();
    const { revision } = await insist(nc, HOST, register(HOST));
    const id = crypto.randomUUID();
    const seen = reading(async (log) => {
      for await (const delivery of log.subscribe({ after: 0, signal: AbortSignal.timeout(120_000) }))
        if ('fact' in delivery && delivery.fact.cause === id) return true;
      return false;
    });
    const given = { 'apledger-command-id': id };
    const unheard = ask(nc, `command.${HOST}`, create(mdev(1)), given, RETRY_MS);
    expect(await seen).toBe(true);
    victim.signal('SIGKILL');
    await victim.ended();
    await unheard.catch(() => undefined);
    await startOne();
    expect(await insist(nc, HOST, create(mdev(1)), id)).toMatchObject({
      isDuplicate: true,
      revision: Number(revision) + 1,
      facts: [{ type: 'MdevCreated' }],
    });
    expect(causesOf(await recorded(), 'MdevCreated')).toEqual([id]);
  });

  it('answer what has come before they go', async () => {
    const instance = await startOne();
    await insist(nc, HOST, register(HOST));
    const release = holdWriteLock(directory);
    const answers = Array.from({ length: 5 }, (_, n) => ask(nc, `command.${HOST}`, create(mdev(n))));
    expect(await inFlight()).toMatchObject([{ inFlight: 5 }]);
    instance.signal('SIGTERM');
    await instance.said(/SIGTERM/);
    release();
    for (const answer of await Promise.all(answers))
      expect(answer).toMatchObject({ reply: { facts: [{ type: 'MdevCreated' }] } });
    expect(await instance.ended()).toBe(0);
    await expect(ask(nc, 'query.hosts')).rejects.toThrow(/no responders/);
    expect(causesOf(await recorded(), 'MdevCreated')).toHaveLength(5);
  });

  it('turn away what is more than they can hold, and it can be asked again', async () => {
    await startOne();
    await insist(nc, HOST, register(HOST));
    const release = holdWriteLock(directory);
    const answers = Array.from({ length: 300 }, (_, n) => ask(nc, `command.${HOST}`, create(mdev(n))));
    expect(await inFlight()).toEqual([{ inFlight: 256, errors: { overloaded: 44 } }]);
    release();
    const done = (await Promise.all(answers)).filter((answer) => 'reply' in answer);
    expect(done).toHaveLength(256);
    expect(causesOf(await recorded(), 'MdevCreated')).toHaveLength(256);
  });
});

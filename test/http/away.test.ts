/**
 * The log goes away under a running service, and comes back: what is known is answered meanwhile, what is not is refused in
 * time, and nothing is lost or done twice.
 */
import type { ProblemBody } from '@apledger/api';
import { openLogLedger } from '@apledger/ledger';
import { connect, headers } from '@nats-io/transport-node';
import { describe, expect, it, type TestContext } from 'vitest';
import { apledger, objects } from '../cli/support.ts';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { create, holdWriteLock, register } from '../ledger/support.ts';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { natsProgram, startNats } from '../support/nats.ts';
import { MessageReader } from './sse.ts';
import { give, type HttpService, insist, startService } from './support.ts';

const HOST = 'lpar1';
/** How long the log stays away, in ms; the answers are asked for again and again meanwhile. */
const LONG_MS = sized(6_500, 180_000);
const program = natsProgram();

/** A log that can be made to go away. */
interface Store {
  readonly url: string;
  leave(): unknown;
  comeBack(): unknown;
}

/** Registers what ends with the test. */
type Finally = TestContext['onTestFinished'];

async function start(end: Finally, ...args: string[]): Promise<HttpService> {
  const service = await startService(...args);
  end(async () => {
    service.process.signal('SIGKILL');
    await service.process.ended();
  });
  return service;
}

async function jetStream(end: Finally): Promise<Store> {
  const server = await startNats({ program });
  end(() => server.dispose());
  return {
    url: server.url,
    leave: () => server.signal('SIGSTOP'),
    comeBack: () => server.signal('SIGCONT'),
  };
}

async function kurrentDB(end: Finally): Promise<Store> {
  const fake = await new FakeKurrentDB().start();
  end(() => fake.stop());
  return {
    url: fake.connectionString(),
    leave: () => fake.stop(),
    comeBack: () => fake.start(),
  };
}

/** A service on a log that had a host before it began, and what it knows of it in the read model and in memory. */
async function serve(
  { url }: Store,
  end: Finally,
  ...args: string[]
): Promise<{ service: HttpService; stream: MessageReader; begin: number }> {
  const before = await openLogLedger({ log: url });
  await before.submit({ host: HOST, command: register(HOST), actor: 'test' });
  const begin = await before.log.lastPosition();
  await before.close();
  const service = await start(end, '--log', url, '--data', scratch(), ...args);
  const { api, server } = service;
  while ((await metric(server, 'apledger_read_model_position')) < begin);
  await give(api, HOST, create('aaaaaaaa-0000-4000-8000-000000000001'));
  const { position } = await api.get('/hosts', {});
  const stream = await MessageReader.open(server, 0);
  end(() => stream.close());
  await stream.until(() => stream.of('fact').at(-1)?.id === position);
  return { service, stream, begin };
}

async function metric(server: string, name: string): Promise<number> {
  const text = await (await fetch(`${server}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

const get = (server: string, path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server}${path}`, { headers });

async function problem(asked: Promise<Response>): Promise<ProblemBody> {
  const response = await asked;
  const body = (await response.json()) as ProblemBody;
  expect(body.status).toBe(response.status);
  return body;
}

const command = (server: string, id: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server}/api/v1/hosts/${HOST}/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': id, ...headers },
    body: JSON.stringify({ type: 'ScanBus' }),
  });

/** What the service answers while the log is away and it knows. */
async function expectAnswersFromMemory(server: string, stream: MessageReader): Promise<void> {
  const position = Number(stream.of('fact').at(-1)?.id);
  for (const path of ['/hosts', `/hosts/${HOST}`, `/events?after=${position}`]) {
    const response = await get(server, `/api/v1${path}`);
    expect([path, response.status]).toEqual([path, 200]);
    expect(response.headers.get('apledger-position')).toBe(String(position));
    expect(Date.parse(response.headers.get('apledger-current-to') ?? '')).toBeGreaterThan(0);
    await response.text();
  }
  expect(await (await get(server, `/api/v1/hosts/${HOST}`)).json()).toMatchObject({ host: HOST, position });
  const ready = await get(server, '/readyz');
  expect(await ready.json()).toMatchObject({ status: 503, reads: 'memory', commands: false, position });
  expect((await get(server, '/readyz?for=reads')).status).toBe(200);
  // What is only in the log, and the newest: not now.
  for (const [path, headers] of [
    [`/hosts/${HOST}/custody?apqn=04.0004`, {}],
    [`/hosts/${HOST}`, { 'apledger-wait': '0.2' }],
  ] as const) {
    const response = await get(server, `/api/v1${path}`, headers);
    expect([path, response.status]).toEqual([path, 503]);
    expect(await response.json()).toMatchObject({ code: 'log-unreachable' });
    expect(response.headers.get('apledger-position')).toBeNull();
  }
}

/** Commands of several clients until told to end; each is repeated with its id until it is answered. */
function busy({ api }: HttpService): { readonly end: () => Promise<readonly string[]> } {
  let isOver = false;
  const ids: string[] = [];
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const id = crypto.randomUUID();
      ids.push(id);
      await insist(() => [api], HOST, { type: 'ScanBus' }, id);
    }
  });
  return {
    end: async () => {
      isOver = true;
      await Promise.all(clients);
      return ids;
    },
  };
}

/** Every command once, and every fact once and in order, in the stream that was open all the time. */
async function expectNothingLostOrDoubled(
  { api }: HttpService,
  stream: MessageReader,
  ids: readonly string[],
): Promise<void> {
  const { position } = await api.get('/hosts', {});
  await stream.until(() => Number(stream.of('fact').at(-1)?.id) >= Number(position));
  const facts = stream.of('fact');
  const positions = facts.map(({ id }) => Number(id));
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  expect(facts.map(({ data }) => data.revision)).toEqual(facts.map((_, index) => index));
  const causes = facts.filter(({ data }) => ids.includes(String(data.cause))).map(({ data }) => data.cause);
  expect([...causes].sort()).toEqual([...ids].sort());
  expect(stream.hasEnded).toBe(false);
}

const stores: readonly (readonly [string, (end: Finally) => Promise<Store>, boolean])[] = [
  ['JetStream', jetStream, 'missing' in program],
  ['KurrentDB', kurrentDB, false],
];

describe.concurrent.each(stores)('while the log in %s is away', (_, open, isMissing) => {
  it.skipIf(isMissing)('for a moment: commands wait and are carried out', async ({ onTestFinished: end }) => {
    const store = await open(end);
    const { service, stream } = await serve(store, end);
    const clients = busy(service);
    await store.leave();
    await stream.until(() => stream.of('log-away').length === 1);
    await store.comeBack();
    await stream.until(() => stream.of('log-back').length === 1);
    await expectNothingLostOrDoubled(service, stream, await clients.end());
  });

  it.skipIf(isMissing)(
    'for long: it answers what it knows, and says no in time to the rest',
    async ({ onTestFinished: end }) => {
      const store = await open(end);
      const { service, stream } = await serve(store, end);
      const { server } = service;
      const leftAt = performance.now();
      await store.leave();
      await stream.until(() => stream.of('log-away').length === 1);
      expect(stream.of('log-away')[0]?.data).toMatchObject({ position: stream.of('fact').at(-1)?.id });
      await expectAnswersFromMemory(server, stream);
      const shown = await apledger('show', 'host', HOST, '--server', server);
      expect(shown).toMatchObject({
        status: 0,
        err: expect.stringMatching(/^The log is away\. .* complete up to/),
      });
      for (const asked of [
        ['show', 'host', HOST],
        ['show', 'mdev'],
      ]) {
        const answers = objects((await apledger(...asked, '--json', '--server', server)).out);
        expect(answers.length, asked.join(' ')).toBeGreaterThan(0);
        for (const { currentTo } of answers) expect(Date.parse(String(currentTo))).toBeGreaterThan(0);
      }
      const late = await MessageReader.open(server, 0);
      await late.until(() => late.of('log-away').length === 1);
      const patient = crypto.randomUUID();
      expect(await problem(command(server, patient, { 'apledger-wait': '0.2' }))).toMatchObject({
        status: 503,
        code: 'log-unreachable',
        kept: 'unknown',
        commandId: patient,
        detail: expect.stringContaining(`same command id, ${patient}`),
      });
      // Ten commands at once for one host are all answered when the log has been away for long enough, not one by one.
      const ids = Array.from({ length: 10 }, () => crypto.randomUUID());
      for (const answer of await Promise.all(ids.map((id) => problem(command(server, id)))))
        expect(answer).toMatchObject({ status: 503, code: 'log-unreachable', kept: 'no' });
      expect(await problem(command(server, ids[0] ?? ''))).toMatchObject({ status: 503, kept: 'no' });
      while (performance.now() - leftAt < LONG_MS) await expectAnswersFromMemory(server, stream);
      await store.comeBack();
      await stream.until(() => stream.of('log-back').length === 1);
      for (const id of [patient, ...ids]) await insist(() => [service.api], HOST, { type: 'ScanBus' }, id);
      await expectNothingLostOrDoubled(service, stream, [patient, ...ids]);
      await late.until(() => late.of('fact').length === stream.of('fact').length);
      late.close();
      expect((await get(server, '/readyz')).status).toBe(200);
      expect((await get(server, `/api/v1/hosts/${HOST}`)).headers.get('apledger-current-to')).toBeNull();
    },
  );
});

describe.skipIf('missing' in program)(
  'over NATS, while the log in KurrentDB is away',
  { concurrent: true },
  () => {
    it('questions are answered from memory and say so, and do not wait for what only the log has', async ({
      onTestFinished: end,
    }) => {
      const [store, broker] = await Promise.all([kurrentDB(end), startNats({ program })]);
      end(() => broker.dispose());
      const { service, stream } = await serve(store, end, '--nats', broker.url);
      const client = await connect({ servers: broker.url });
      end(() => client.close());
      const asked = async (subject: string, body = '', given: Record<string, string> = {}) => {
        const fields = headers();
        for (const [name, value] of Object.entries(given)) fields.set(name, value);
        const reply = await client.request(`apledger.v1.svc.query.${subject}`, body, {
          timeout: 60_000,
          headers: fields,
        });
        const of = (name: string) => reply.headers?.get(name) ?? '';
        return { body: reply.json<Record<string, unknown>>(), status: of('Nats-Service-Error-Code'), of };
      };
      expect((await asked(`host.${HOST}`)).of('Apledger-Current-To')).toBe('');
      await store.leave();
      await stream.until(() => stream.of('log-away').length === 1);
      const position = Number(stream.of('fact').at(-1)?.id);
      for (const subject of [`host.${HOST}`, 'hosts']) {
        const { body, status, of } = await asked(subject);
        expect([subject, status, of('Apledger-Position')]).toEqual([subject, '', String(position)]);
        expect(Date.parse(of('Apledger-Current-To'))).toBeGreaterThan(0);
        expect(body).toMatchObject(
          subject === 'hosts' ? { hosts: [{ host: HOST }] } : { host: HOST, position },
        );
      }
      // What only the log knows, and the newest: not now.
      const past = await asked(`events.${HOST}`, '{"actor":"nobody","after":0}');
      expect([past.status, past.body]).toMatchObject([
        '503',
        { code: 'log-unreachable', message: expect.stringContaining('not in memory') },
      ]);
      const newest = await asked(`host.${HOST}`, '', { 'apledger-wait': '0.2' });
      expect([newest.status, newest.body]).toMatchObject([
        '503',
        { code: 'log-unreachable', message: expect.stringContaining('did not answer within 0.2 s') },
      ]);
      expect((await asked(`host.${HOST}`, '', { 'apledger-wait': 'long' })).body).toMatchObject({
        code: 'invalid-header',
      });
      await store.comeBack();
      await stream.until(() => stream.of('log-back').length === 1);
      expect((await asked(`host.${HOST}`)).of('Apledger-Current-To')).toBe('');
      expect(service.process.output()).toContain('the log is back');
    });
  },
);

describe.concurrent('while another process holds the lock of the log in SQLite', () => {
  it('all commands are answered within one wait, questions at once, and the service says so', async ({
    onTestFinished: end,
  }) => {
    const directory = scratch();
    const service = await start(end, '--data', directory);
    const { api, server } = service;
    await give(api, HOST, register(HOST));
    const release = holdWriteLock(directory);
    const began = performance.now();
    const ids: string[] = Array.from({ length: 12 }, () => crypto.randomUUID());
    const answers = await Promise.all(ids.map((id) => problem(command(server, id))));
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 503, code: 'log-locked', kept: 'no' });
    // One wait of 5 s, not twelve: the bound is far from both.
    expect(performance.now() - began).toBeLessThan(30_000);
    const ready = await get(server, '/readyz');
    expect(await ready.json()).toMatchObject({ code: 'log-locked', reads: 'current', commands: false });
    expect((await get(server, '/readyz?for=reads')).status).toBe(200);
    const host = await get(server, `/api/v1/hosts/${HOST}`);
    expect([host.status, host.headers.get('apledger-current-to')]).toEqual([200, null]);
    release();
    for (const id of ids) await insist(() => [api], HOST, { type: 'ScanBus' }, id);
    const { events } = await api.get('/events', { host: HOST, types: ['BusScanned'] });
    const causes = events.map(({ cause }) => cause).filter((id) => ids.includes(id));
    expect(causes.sort()).toEqual([...ids].sort());
    while ((await get(server, '/readyz')).status !== 200);
  });
});

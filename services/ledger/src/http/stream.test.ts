/** Whatever the pace of log and client: every fact that is wanted, once, in order, and nothing is queued. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { hostOf, streamOf } from '@apledger/events';
import { LiveTail, LogHealth, LogLedger } from '@apledger/ledger';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Allowance } from './allowance.ts';
import { Feed } from './feed.ts';
import { FactStream, type Wanted } from './stream.ts';
import { Streams } from './streams.ts';

const HOSTS = ['a', 'b'];
const allowance = new Allowance();

async function append(log: EventLog, host: string, count: number, size: number): Promise<void> {
  const fact = (index: number) => ({
    type: index % 2 === 0 ? 'BusScanned' : 'MdevCreated',
    version: 1,
    occurredAt: '2026-03-01T09:00:00.000Z',
    data: { text: 'x'.repeat(size) },
    packed: new Uint8Array(),
  });
  await log.append({
    stream: streamOf(host),
    expected: 'any',
    commandId: crypto.randomUUID(),
    actor: 'test',
    correlation: 'test',
    facts: Array.from({ length: count }, (_, index) => fact(index)),
  });
}

const health = new LogHealth();

async function tailOf(log: EventLog): Promise<LiveTail> {
  const tail = new LiveTail({ log, report: (reason) => expect.fail(reason) });
  await tail.start();
  return tail;
}

/** A client with little room, which reads when it is told to. */
class Client {
  readonly pipe = new PassThrough({ highWaterMark: 4096 });
  #text = '';

  /** Takes what is there; an empty pipe is waited for. */
  async read(): Promise<void> {
    const chunk: unknown = this.pipe.read();
    if (chunk !== null) this.#text += String(chunk);
    else await new Promise((resolve) => this.pipe.once('readable', resolve));
  }

  get messages(): { id: number; event: string }[] {
    return this.#text
      .split('\n\n')
      .slice(0, -1)
      .filter((message) => message.includes('event:'))
      .map((message) => ({
        id: Number(/^id: (\d+)$/m.exec(message)?.[1]),
        event: /^event: (.*)$/m.exec(message)?.[1] ?? '',
      }));
  }
}

const action = fc.oneof(
  fc.record({
    append: fc.constantFrom(...HOSTS),
    count: fc.integer({ min: 1, max: 8 }),
    size: fc.constantFrom(1, 1000, 20_000),
  }),
  fc.constant('read' as const),
  fc.constant('turn' as const),
  fc.constant('tick' as const),
  fc.constant('join' as const),
);
const wanted = fc.record(
  { host: fc.constantFrom(...HOSTS), types: fc.constantFrom(new Set(['BusScanned']), new Set(['Other'])) },
  { requiredKeys: [] },
);

async function all(log: EventLog, { after, host, types }: Wanted): Promise<number[]> {
  const positions: number[] = [];
  for await (const fact of log.readAll({ after }))
    if ((host === undefined || hostOf(fact.stream) === host) && types?.has(fact.type) !== false)
      positions.push(fact.position);
  return positions;
}

describe('a stream of facts', () => {
  it('brings each once, in order, at the pace of its client', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 0, max: 6 }),
        wanted,
        async (actions, after, filter) => {
          const log = openMemoryLog();
          await append(log, 'a', 6, 100);
          const tail = await tailOf(log);
          const feed = new Feed(tail);
          const asked = { after, ...filter };
          const clients: Client[] = [];
          const join = (): void => {
            const client = new Client();
            clients.push(client);
            void new FactStream({
              feed,
              log,
              health,
              response: client.pipe,
              allowance,
              report: expect.fail,
              ...asked,
            }).run();
          };
          join();
          for (const step of actions) {
            if (step === 'turn') await new Promise((resolve) => setImmediate(resolve));
            else if (step === 'tick') for (let n = 0; n < 20; n++) await Promise.resolve();
            else if (step === 'join') join();
            else if (step === 'read') {
              for (const client of clients) if (client.pipe.readableLength > 0) await client.read();
            } else await append(log, step.append, step.count, step.size);
            // One piece of history, or what came in one turn, is all that ever waits.
            for (const { pipe } of clients) expect(pipe.writableLength).toBeLessThan(400_000);
          }
          await append(log, 'a', 1, 1);
          await append(log, 'b', 1, 1);
          const expected = await all(log, asked);
          for (const client of clients) {
            const facts = () => client.messages.filter(({ event }) => event === 'fact').map(({ id }) => id);
            const ends = () => client.messages.filter(({ event }) => event === 'caught-up').length;
            while (facts().length < expected.length || ends() < 1) await client.read();
            expect(facts()).toEqual(expected);
            expect(ends()).toBe(1);
          }
          await tail.close();
          await log.close();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads the log again where the ring does not reach back', async () => {
    const log = openMemoryLog();
    const tail = await tailOf(log);
    const feed = new Feed(tail);
    for (let commit = 0; commit < 12; commit++) await append(log, 'a', 1000, 1);
    while (feed.position < 12_000) await new Promise((resolve) => setImmediate(resolve));
    expect(feed.since(0)).toBeUndefined();
    expect(feed.since(11_990)).toHaveLength(10);
    const client = new Client();
    void new FactStream({
      feed,
      log,
      health,
      allowance,
      response: client.pipe,
      report: expect.fail,
      after: 0,
    }).run();
    const facts = () => client.messages.filter(({ event }) => event === 'fact').length;
    while (!client.messages.some(({ event }) => event === 'caught-up')) await client.read();
    expect(facts()).toBe(12_000);
    await tail.close();
  });

  it('keeps of each fact its own bytes and no more', async () => {
    const log = openMemoryLog();
    const tail = await tailOf(log);
    const feed = new Feed(tail);
    await append(log, 'a', 3, 100);
    await vi.waitFor(() => expect(feed.since(0)).toHaveLength(3));
    for (const { bytes } of feed.since(0) ?? []) expect(bytes.buffer.byteLength).toBe(bytes.length);
    await tail.close();
  });

  it('shows a sign of life with its place, and gives up on a client that takes nothing', async () => {
    const log = openMemoryLog();
    await append(log, 'a', 3, 1);
    const tail = await tailOf(log);
    const feed = new Feed(tail);
    const client = new Client();
    const stream = new FactStream({
      feed,
      log,
      health,
      allowance,
      response: client.pipe,
      report: expect.fail,
      after: 3,
    });
    await stream.run();
    stream.beat(performance.now());
    expect(String(client.pipe.read())).toMatch(/: beat\nid: 3\n\n$/);
    await append(log, 'a', 1, 20_000);
    while (!client.pipe.writableNeedDrain) await new Promise((resolve) => setImmediate(resolve));
    stream.beat(performance.now() + 30_000);
    expect(client.pipe.destroyed).toBe(false);
    stream.beat(performance.now() + 61_000);
    expect(client.pipe.destroyed).toBe(true);
    await tail.close();
  });
});

/** As much of a response as a stream takes. */
const response = (): ServerResponse =>
  Object.assign(new PassThrough(), { writeHead: () => {}, socket: null }) as unknown as ServerResponse;

describe('the streams of one process', () => {
  it('keeps none whose client was gone before it began', async () => {
    const ledger = new LogLedger({ log: openMemoryLog() });
    const streams = new Streams({ log: ledger.log, watch: await ledger.watch(), report: () => {} });
    const gone = response();
    const closed = once(gone, 'close');
    gone.destroy();
    await closed;
    await streams.begin(gone, { after: 0 });
    expect(streams.count).toBe(0);
    streams.end();
    await ledger.close();
  });

  it('do not read the log for clients that are gone when it is their turn', async () => {
    const log = openMemoryLog();
    await append(log, 'a', 3, 1000);
    const ledger = new LogLedger({ log });
    const streams = new Streams({ log, watch: await ledger.watch(), report: () => {} });
    const readAll = vi.spyOn(log, 'readAll');
    const responses = Array.from({ length: 100 }, response);
    const begun = responses.map((each) => streams.begin(each, { after: 0 }));
    for (const each of responses) each.destroy();
    await Promise.all(begun);
    expect(readAll.mock.calls.length).toBeLessThan(20);
    streams.end();
    await ledger.close();
  });

  it('are 10,000 at most, and one that ends makes room', async () => {
    const ledger = new LogLedger({ log: openMemoryLog() });
    const streams = new Streams({ log: ledger.log, watch: await ledger.watch(), report: () => {} });
    const responses = Array.from({ length: 10_000 }, response);
    for (const each of responses) {
      streams.checkRoom();
      await streams.begin(each, { after: 0 });
    }
    expect(() => streams.checkRoom()).toThrow(expect.objectContaining({ status: 503, code: 'overloaded' }));
    const closed = once(responses[0] as ServerResponse, 'close');
    responses[0]?.destroy();
    await closed;
    expect(streams.count).toBe(9999);
    streams.checkRoom();
    streams.end();
    await ledger.close();
  });
});

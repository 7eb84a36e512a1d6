/** What a process remembers of a log is what the log would say, or nothing. */
import { type EventLog, LogError, openMemoryLog, packedFacts } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heads } from '../heads.ts';
import { LiveTail } from './live-tail.ts';
import { MemoryLog } from './memory-log.ts';

const HOSTS = ['a', 'b', 'c'];

const step = fc.oneof(
  fc.record({ append: fc.constantFrom(...HOSTS), facts: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ trim: fc.nat(40) }),
);

const append = (log: EventLog, host: string, facts: number) =>
  log.append({
    stream: streamOf(host),
    expected: 'any',
    commandId: crypto.randomUUID(),
    actor: 'test',
    correlation: 'test',
    facts: Array.from({ length: facts }, () => ({
      type: 'BusScanned',
      version: 1,
      occurredAt: '2026-01-01T00:00:00.000Z',
      data: { scans: 1 },
      packed: new Uint8Array(),
    })),
  });

/** The answer, or undefined when it is not in memory. */
async function known<T>(ask: () => Promise<T>): Promise<{ readonly answer: T } | undefined> {
  try {
    return { answer: await ask() };
  } catch (error) {
    expect(error).toBeInstanceOf(LogError);
    return undefined;
  }
}

const list = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

it('the log in memory answers as the log does, or says that it cannot', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 8 }),
      fc.array(step, { maxLength: 20 }),
      fc.boolean(),
      async (before, steps, hasHeads) => {
        const log = openMemoryLog();
        for (const each of before) if ('append' in each) await append(log, each.append, each.facts);
        const tail = new LiveTail({ log, report: expect.fail });
        await tail.start();
        const heads = new Heads(log);
        if (hasHeads) await heads.upTo(await log.lastPosition());
        for (const each of steps) {
          if ('append' in each) await append(log, each.append, each.facts);
          while (tail.position < (await log.lastPosition())) await new Promise(setImmediate);
          if ('append' in each) continue;
          // What is dropped is kept elsewhere: here the heads.
          const position = Math.min(each.trim, tail.position);
          if (hasHeads) await heads.upTo(position);
          tail.trim(position);
        }
        const memory = new MemoryLog({ tail, heads: heads.known });
        const last = await log.lastPosition();
        expect(await memory.lastPosition()).toBe(last);
        for (const [remembered, recorded] of questions(memory, log, last)) {
          const answer = await known(remembered);
          if (answer !== undefined) expect(answer.answer).toEqual(await recorded());
        }
        // What came since it began, and was not dropped, must be known.
        expect(await list(memory.readAll({ after: tail.floor }))).toEqual(
          await list(log.readAll({ after: tail.floor })),
        );
        if (hasHeads)
          for (const host of HOSTS)
            expect((await memory.head(streamOf(host)))?.hash).toBe((await log.head(streamOf(host)))?.hash);
        await log.close();
        await tail.close();
      },
    ),
    { numRuns: 200 },
  );
});

async function packedIn(log: EventLog, after: number): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const page of log.readPacked({ after }))
    for (const { stream, revision, position, isLast } of packedFacts(page))
      found.push([page.streamName(stream), revision, position, isLast]);
  return found;
}

type Ask = () => Promise<unknown>;

function* questions(memory: EventLog, log: EventLog, last: number): Generator<readonly [Ask, Ask]> {
  const both = (ask: (from: EventLog) => Promise<unknown>) => [() => ask(memory), () => ask(log)] as const;
  yield both(async (from) =>
    (await from.heads()).map(({ stream, revision, position, hash }) => [stream, revision, position, hash]),
  );
  for (let position = 0; position <= last; position++) {
    yield both((from) => list(from.readAll({ after: position })));
    yield both((from) => packedIn(from, position));
    for (const host of HOSTS) {
      yield both((from) => from.revisionAt(streamOf(host), { position }));
      yield both((from) => list(from.readStream(streamOf(host), { from: position })));
    }
  }
}

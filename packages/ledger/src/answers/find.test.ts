/** What the index finds is what looking at every fact finds, whatever is asked, however far behind the index is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Request } from '@apledger/api';
import { A, assignAdapter, assignDomain, B, create, register } from '@apledger/command-handler/testing';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { IndexStore } from '@apledger/projections';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LogLedger } from '../log-ledger.ts';

const root = mkdtempSync(join(tmpdir(), 'apledger-find-'));
afterAll(() => rmSync(root, { recursive: true }));
let files = 0;
const newFile = (): string => join(root, `${files++}.sqlite`);

const mdev = fc.constantFrom(A, B);
const guest = fc.constantFrom('web', 'db', 'Web 2');
const command: fc.Arbitrary<Command> = fc.oneof(
  mdev.map(create),
  fc.tuple(mdev, fc.constantFrom(4, 5, 6, 255)).map(([id, adapter]) => assignAdapter(id, adapter)),
  fc.tuple(mdev, fc.constantFrom(4, 5)).map(([id, domain]) => assignDomain(id, domain)),
  mdev.map((id): Command => ({ type: 'UnassignAdapter', mdev: id, text: '5' })),
  fc.tuple(mdev, guest).map(([id, name]): Command => ({ type: 'StartGuest', mdev: id, guest: name })),
  mdev.map((id): Command => ({ type: 'StopGuest', mdev: id })),
  mdev.map((id): Command => ({ type: 'RemoveMdev', mdev: id, text: '1' })),
  fc.constant<Command>({ type: 'WriteMask', mask: 'apmask', text: '+6' }),
  fc.constant<Command>({ type: 'ResetQueue', queue: '05.0004', text: '1' }),
  fc.constant<Command>({ type: 'RebootHost' }),
);
const step = fc.record({
  host: fc.constantFrom('h1', 'h2'),
  actor: fc.constantFrom('anna', 'tom', '\u0130lk'),
  command,
});
const minute = (index: number): string => new Date(Date.UTC(2026, 10, 24, 9, index)).toISOString();
const asked: fc.Arbitrary<Request<'events'>> = fc.record(
  {
    host: fc.constantFrom('h1', 'h2'),
    actor: fc.constantFrom('anna', 'tom', 'nobody'),
    guest,
    mdev,
    queue: fc.constantFrom('05.0004', '06.0005', '05.0005'),
    errno: fc.constantFrom('EADDRINUSE', 'EBUSY', 'ENODEV'),
    text: fc.constantFrom(
      'web',
      'guest W',
      'adapter 05',
      'TOM',
      'aaaa-0000',
      'no such thing',
      'a',
      'i\u0307l',
      '"4"',
    ),
    types: fc.constantFrom(['GuestStarted', 'CommandRejected'], ['AdapterAssigned']),
    since: fc.nat({ max: 19 }).map(minute),
    until: fc.integer({ min: 20, max: 59 }).map(minute),
    order: fc.constantFrom('oldest' as const, 'newest' as const),
    limit: fc.integer({ min: 1, max: 7 }),
  },
  { requiredKeys: [] },
);

async function positions(ledger: LogLedger, request: Request<'events'>): Promise<number[]> {
  const found: number[] = [];
  for (let page = await ledger.ask('events', request); ; ) {
    found.push(...page.events.map(({ position }) => position));
    if (page.isEnd) return found;
    page = await ledger.ask('events', { ...request, after: page.after });
  }
}

/** Two ledgers of one log: one looks at every fact, the other has an index. */
function both(log: EventLog, file: string, now: () => Date) {
  const reports: string[] = [];
  const report = (line: string): void => void reports.push(line);
  return {
    plain: new LogLedger({ log, now }),
    indexed: new LogLedger({ log, now, indexStore: IndexStore.open(file, report), report }),
    reports,
  };
}

describe('facts found by the index', () => {
  it('are those that are found by looking at each', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 3 }),
        fc.array(asked, { minLength: 3, maxLength: 8 }),
        async (steps, catchUps, questions) => {
          const log = openMemoryLog();
          let clock = 0;
          const file = newFile();
          const { plain, indexed, reports } = both(log, file, () => new Date(minute(clock)));
          for (const host of ['h1', 'h2'])
            await plain.submit({ host, actor: 'anna', command: register(host) });
          for (const [n, each] of steps.entries()) {
            clock = n;
            await plain.submit(each);
            if (catchUps.includes(n)) await indexed.index?.catchUp();
          }
          clock = 59;
          for (const request of questions)
            expect(await positions(indexed, request)).toEqual(await positions(plain, request));
          await indexed.index?.catchUp();
          expect(indexed.index?.position).toBe(await log.lastPosition());
          for (const request of questions)
            expect(await positions(indexed, request)).toEqual(await positions(plain, request));
          const everything = { host: null, guest: null, from: null, to: null };
          expect(await indexed.custody.audit(everything)).toEqual(await plain.custody.audit(everything));
          expect(reports).toEqual([]);
          await indexed.index?.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are right, and the index is made again, where its file is about another log, damaged or no index', async () => {
    const log = openMemoryLog();
    const file = newFile();
    const now = () => new Date();
    const { plain, indexed } = both(log, file, now);
    for (const each of [register('h1'), create(A), assignAdapter(A, 5), assignDomain(A, 4)])
      await plain.submit({ host: 'h1', actor: 'anna', command: each });
    await indexed.index?.catchUp();
    await indexed.index?.close();

    const other = openMemoryLog();
    const foreign = both(other, file, now);
    for (let n = 0; n < 10; n++)
      await foreign.plain.submit({ host: 'h1', actor: 'tom', command: register('h1') });
    await foreign.indexed.index?.catchUp();
    expect(foreign.reports).toEqual(['the index of facts is about another log; it is made again']);
    expect(await positions(foreign.indexed, { actor: 'tom' })).toEqual(
      await positions(foreign.plain, { actor: 'tom' }),
    );
    await foreign.indexed.index?.close();

    const db = new DatabaseSync(file);
    db.exec("UPDATE piece SET bytes = x'00112233445566778899' WHERE term = 'a:tom'");
    db.close();
    const damaged = both(other, file, now);
    await damaged.indexed.index?.catchUp();
    const wanted = await positions(damaged.plain, { actor: 'tom' });
    expect(await positions(damaged.indexed, { actor: 'tom' })).toEqual(wanted);
    expect(damaged.reports).toEqual([
      expect.stringContaining('was damaged (the piece a:tom 0 does not fit its checksum): it is set aside'),
    ]);
    await damaged.indexed.index?.catchUp();
    expect(await positions(damaged.indexed, { actor: 'tom' })).toEqual(wanted);
    expect(damaged.indexed.index?.position).toBe(await other.lastPosition());
    await damaged.indexed.index?.close();

    writeFileSync(file, 'no database at all, and long enough to be read as one'.repeat(100));
    const broken = both(other, file, now);
    await broken.indexed.index?.catchUp();
    expect(await positions(broken.indexed, { actor: 'tom' })).toEqual(wanted);
    await broken.indexed.index?.close();
  });
});

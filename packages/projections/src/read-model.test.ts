/** Hosts as of any moment, and a store that is a function of the log alone. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type EventLog, openMemoryLog, openSqliteLog } from '@apledger/event-log';
import { type Fact, OP, pack, parseFact } from '@apledger/events';
import { HostState } from '@apledger/host';
import { history, legal } from '@apledger/host/testing';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyFact } from './fold.ts';
import { openReadModel } from './read-model.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { memoryStore, type ReadModelStore } from './store.ts';
import { newFacts, record } from './testing/logs.ts';
import { viewOf } from './view.ts';

const root = mkdtempSync(join(tmpdir(), 'apledger-projections-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const scratch = (): string => mkdtempSync(join(root, 'd'));

const sample = (seed: number): readonly Fact[] => fc.sample(history(), { numRuns: 1, seed })[0] ?? [];
/** A long history of one host: begun once, then the same changes again and again. */
const long = (facts: number, seed = 7): Fact[] => {
  const [registered, ...rest] = sample(seed);
  if (registered === undefined || rest.length === 0) throw new Error('the sample is empty');
  return legal(again(registered, rest), facts);
};

function* again(first: Fact, rest: readonly Fact[]): Generator<Fact> {
  yield first;
  for (let round = 0; ; round++) {
    yield* rest;
    // Of the rest not all can happen twice; a mask can always change.
    const value = `0x${(round % 16).toString(16).repeat(64)}`;
    yield { type: 'MaskChanged', data: { mask: 'aqmask', value, written: value } };
  }
}

/** The view after the first `count` facts, folded one by one. */
function viewAfter(facts: readonly Fact[], count: number): object | undefined {
  const state = new HostState();
  facts.slice(0, count).forEach((fact, revision) => {
    const bytes = pack(fact);
    applyFact(state, {
      bytes,
      offset: 0,
      length: bytes.length,
      revision,
      position: revision + 1,
      occurredAt: 0,
    });
  });
  return matrices(viewOf('h', state));
}

/** Without what only the log knows. */
function matrices(view: object | undefined): object | undefined {
  if (view === undefined) return undefined;
  const { position, occurredAt, ...rest } = JSON.parse(JSON.stringify(view));
  return rest;
}

async function recordInCommits(
  log: EventLog,
  host: string,
  facts: readonly Fact[],
  size = 100,
): Promise<void> {
  for (let at = 0; at < facts.length; at += size)
    await record(log, host, at + host.length * 1e6, newFacts(facts.slice(at, at + size), time(at)));
}

/** A millisecond for each commit. */
const time = (n: number): string => new Date(Date.UTC(2026, 0, 1) + n).toISOString();

/** Everything that a store holds, in order. */
function rows(path: string): unknown[] {
  const db = new DatabaseSync(path);
  const all = ['checkpoint', 'state', 'snapshot'].map((table) =>
    db
      .prepare(`SELECT * FROM ${table} ORDER BY 1, 2`)
      .all()
      .map((row) =>
        JSON.stringify(Object.values(row), (_, value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
        ),
      ),
  );
  db.close();
  return all;
}

it('passes over what is about the ledger itself, also among facts that have to be packed anew', async () => {
  const log = openMemoryLog();
  const facts = long(20);
  await record(
    log,
    'h',
    1,
    newFacts(facts.slice(0, 10)).map((fact) => ({ ...fact, packed: new Uint8Array() })),
  );
  const jump = { process: 'p', before: '2026-01-01T00:00:00.000Z', after: '2031-01-01T00:00:00.000Z' };
  const [about] = newFacts(facts);
  if (about === undefined) throw new Error('the sample is empty');
  await log.append({
    stream: 'clock',
    expected: 'any',
    commandId: '00000000-0000-4000-9000-000000000001',
    actor: 'test',
    correlation: 'test',
    facts: [{ ...about, type: 'ClockJumped', version: 1, data: jump, packed: new Uint8Array() }],
  });
  await record(log, 'h', 2, newFacts(facts.slice(10)));
  const model = await openReadModel({ log, store: memoryStore() });
  await model.catchUp();
  expect(await model.hosts()).toEqual(['h']);
  expect(matrices(await model.now('h'))).toEqual(viewAfter(facts, 20));
});

describe('a host as of a moment', () => {
  it('is what its facts up to then say, at every revision, with a read model and without', async () => {
    const log = openMemoryLog();
    const facts = long(2500);
    await recordInCommits(log, 'h', facts);
    const caughtUp = await openReadModel({ log, store: memoryStore() });
    await caughtUp.catchUp();
    const empty = await openReadModel({ log, store: memoryStore() });
    for (const revision of [0, 1, 500, 998, 999, 1000, 1001, 1999, 2000, 2499]) {
      const expected = viewAfter(facts, revision + 1);
      expect(matrices(await caughtUp.hostAt('h', { revision }))).toEqual(expected);
      expect(matrices(await empty.hostAt('h', { revision }))).toEqual(expected);
    }
  });

  it('can be followed by facts that nobody recorded: as if they were, and nothing is kept', async () => {
    await fc.assert(
      fc.asyncProperty(history(40), fc.nat(40), async (facts, cut) => {
        const log = openMemoryLog();
        const [so, supposed] = [facts.slice(0, cut + 3), facts.slice(cut + 3)];
        await recordInCommits(log, 'h', so);
        const readModel = await openReadModel({ log, store: memoryStore() });
        const now = await readModel.now('h');
        const views = await readModel.supposing('h', so.length - 1, supposed);
        expect(views?.before).toEqual(now);
        const then = viewAfter(facts, facts.length);
        expect(matrices(views?.after)).toEqual({ ...then, revision: so.length - 1 });
        expect(await readModel.now('h')).toEqual(now);
      }),
      { numRuns: 30 },
    );
  });

  it('can be named by position and by time; before its first fact there is no host', async () => {
    const log = openMemoryLog();
    await record(log, 'other', 1, newFacts(sample(1), time(0)));
    const facts = sample(2);
    await recordInCommits(log, 'h', facts, 1);
    const { position: first } = (await log.head('host-other')) ?? { position: 0 };
    const readModel = await openReadModel({ log, store: memoryStore() });
    expect(await readModel.hostAt('h', { position: first })).toBeUndefined();
    expect(await readModel.hostAt('h', { time: time(-1) })).toBeUndefined();
    expect(matrices(await readModel.hostAt('h', { position: first + 3 }))).toEqual(viewAfter(facts, 3));
    expect(matrices(await readModel.hostAt('h', { time: time(2) }))).toEqual(viewAfter(facts, 3));
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(facts, facts.length));
    expect(await readModel.now('nobody')).toBeUndefined();
    expect(await readModel.hosts()).toEqual(['h', 'other']);
  });

  it('is right while the read model lags behind the log', async () => {
    const log = openMemoryLog();
    const facts = long(1500);
    await recordInCommits(log, 'h', facts.slice(0, 700));
    const readModel = await openReadModel({ log, store: memoryStore() });
    await readModel.catchUp();
    for (let at = 700; at < 1500; at += 100)
      await record(log, 'h', at + 1, newFacts(facts.slice(at, at + 100)));
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(facts, 1500));
    expect(matrices(await readModel.hostAt('h', { revision: 650 }))).toEqual(viewAfter(facts, 651));
  });
});

describe('what is stored', () => {
  // States are bound to the log's hashes, and these cover the time of recording.
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) }));
  afterEach(() => vi.useRealTimers());

  /** The store's content after catching up in the given pieces. */
  async function storedAfter(pieces: readonly number[], checkpointInterval: number): Promise<unknown[]> {
    const path = join(scratch(), 'read-model.sqlite');
    const log = openMemoryLog();
    const store = openSqliteStore(path);
    const readModel = await openReadModel({ log, store, checkpointInterval });
    const [a, b] = [long(1200, 3), long(1200, 4)];
    let from = 0;
    for (const to of [...pieces, 1200]) {
      for (let at = from; at < to; at++) {
        await record(log, 'a', at, newFacts(a.slice(at, at + 1), time(at)));
        await record(log, 'b', at + 1e6, newFacts(b.slice(at, at + 1), time(at)));
      }
      from = to;
      await readModel.catchUp();
    }
    const incremental = rows(path);
    await readModel.rebuild();
    expect(rows(path)).toEqual(incremental);
    store.close();
    return incremental;
  }

  it('is the same bytes whether it grew in pieces or was rebuilt whole', async () => {
    const whole = await storedAfter([], 50_000);
    expect(await storedAfter([1, 2, 500, 1001], 50_000)).toEqual(whole);
    expect(await storedAfter([999, 1000, 1100], 100)).toEqual(whole);
  });

  it('is emptied when it belongs to another log, and thrown away when it is damaged', async () => {
    const path = join(scratch(), 'read-model.sqlite');
    const [one, two] = [openMemoryLog(), openMemoryLog()];
    await recordInCommits(one, 'h', sample(1));
    await recordInCommits(two, 'h', sample(2));
    const first = openSqliteStore(path);
    await (await openReadModel({ log: one, store: first })).catchUp();
    first.close();
    const second = openSqliteStore(path);
    const readModel = await openReadModel({ log: two, store: second });
    expect(second.checkpoint()).toBeUndefined();
    await readModel.catchUp();
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(sample(2), sample(2).length));
    second.close();
    writeFileSync(path, 'this is no database, and long enough to be looked at as one'.repeat(100));
    openSqliteStore(path).close();
    expect(rows(path)).toEqual([[], [], []]);
  });

  it('reports how far a rebuild has come', async () => {
    const log = openMemoryLog();
    await recordInCommits(log, 'h', long(3000));
    const readModel = await openReadModel({ log, store: memoryStore(), checkpointInterval: 1000 });
    const seen: number[] = [];
    await readModel.rebuild({ onProgress: ({ done, total }) => seen.push(done / total) });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual([...seen].sort((x, y) => x - y));
    expect(seen.at(-1)).toBe(1);
  });

  it('refuses a fact that this apledger cannot fold, and keeps what came before it', async () => {
    const log = openMemoryLog();
    await recordInCommits(log, 'h', sample(1), 1000);
    const [fact] = newFacts(sample(1).slice(1, 2));
    if (fact === undefined) throw new Error('the sample is too short');
    await record(log, 'h', 99, [{ ...fact, packed: Uint8Array.of(250, 1, 2) }]);
    const store: ReadModelStore = memoryStore();
    const readModel = await openReadModel({ log, store });
    await expect(readModel.catchUp()).rejects.toThrow(/newer apledger/);
    expect(matrices(await readModel.hostAt('h', { revision: 0 }))).toEqual(viewAfter(sample(1), 1));
  });

  it('takes no harm from a newer type of fact that changes no state, and a reader of its JSON is told', async () => {
    const log = openMemoryLog();
    await recordInCommits(log, 'h', sample(1), 1000);
    const readModel = await openReadModel({ log, store: memoryStore() });
    const before = matrices(await readModel.now('h'));
    const newer = { type: 'QueueEntangled', version: 1, occurredAt: time(9), data: {} };
    await record(log, 'h', 99, [{ ...newer, packed: Uint8Array.of(OP.nothing) }]);
    await readModel.catchUp();
    expect(matrices(await readModel.now('h'))).toEqual({ ...before, revision: sample(1).length });
    for await (const { type, version, data } of log.readStream('host-h', { from: sample(1).length }))
      expect(() => parseFact(type, version, data)).toThrow(/newer apledger/);
  });

  it('does not mind streams that are of no host', async () => {
    const log = openMemoryLog();
    const commandId = '00000000-0000-4000-8000-000000000001';
    const other = { commandId, expected: 'none', actor: 'test', correlation: 'test' } as const;
    await log.append({ ...other, stream: 'other', facts: newFacts(sample(1)) });
    const readModel = await openReadModel({ log, store: memoryStore() });
    expect(await readModel.catchUp()).toBe(sample(1).length);
    expect(await readModel.hosts()).toEqual([]);
  });
});

describe('a store', () => {
  it('that two catch up at once ends like one that had a single visitor', async () => {
    const log = openMemoryLog();
    await recordInCommits(log, 'h', long(8_000), 1000);
    const shared = memoryStore();
    const both = [1, 2].map(() => openReadModel({ log, store: shared, checkpointInterval: 1 }));
    await Promise.all((await Promise.all(both)).map((readModel) => readModel.catchUp()));
    const alone = memoryStore();
    await (await openReadModel({ log, store: alone })).catchUp();
    expect(shared.checkpoint()).toEqual(alone.checkpoint());
    expect(shared.state('h')).toEqual(alone.state('h'));
    for (let revision = 0; revision < 8_000; revision += 500)
      expect(shared.snapshotAt('h', revision)).toEqual(alone.snapshotAt('h', revision));
  });

  it('that holds the bytes of another version is passed over, and rebuilt when it is caught up', async () => {
    const log = openMemoryLog();
    const facts = long(1200);
    await recordInCommits(log, 'h', facts.slice(0, 1100));
    const store = memoryStore();
    const readModel = await openReadModel({ log, store });
    await readModel.catchUp();
    const at = store.checkpoint();
    if (at === undefined) throw new Error('nothing was stored');
    const future = [{ host: 'h', revision: 1099, hash: '', bytes: Uint8Array.of(99) }];
    store.save({ from: at, to: at, states: future, snapshots: [] });
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(facts, 1100));
    await record(log, 'h', 5e6, newFacts(facts.slice(1100)));
    await readModel.catchUp();
    expect(store.state('h')?.revision).toBe(1199);
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(facts, 1200));
  });

  it('that has seen more than its log is emptied', async () => {
    const [longer, shorter] = [openMemoryLog(), openMemoryLog()];
    await recordInCommits(longer, 'h', long(300));
    await recordInCommits(shorter, 'h', long(200));
    const store = memoryStore();
    await (await openReadModel({ log: longer, store })).catchUp();
    const readModel = await openReadModel({ log: shorter, store });
    expect(store.checkpoint()).toBeUndefined();
    expect(matrices(await readModel.now('h'))).toEqual(viewAfter(long(200), 200));
  });
});

describe('a read model of which a bit has flipped', () => {
  it('answers as the log says, whichever it is, and is whole again after it has caught up', async () => {
    const directory = scratch();
    const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
    const facts = long(2600);
    await recordInCommits(log, 'h', facts.slice(0, 2500), 500);
    await recordInCommits(log, 'g', sample(3), 500);
    const path = join(directory, 'read-model.sqlite');
    const first = openSqliteStore(path);
    await (await openReadModel({ log, store: first })).catchUp();
    first.close();
    const sound = readFileSync(path);
    await record(log, 'h', 9e9, newFacts(facts.slice(2500)));
    const random = fc.sample(fc.record({ at: fc.nat(sound.length - 1), bit: fc.nat(7) }), {
      numRuns: process.env.APLEDGER_LONG === '1' ? 1500 : 30,
    });
    for (const { at, bit } of random) {
      const damaged = Buffer.from(sound);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
      writeFileSync(path, damaged);
      const store = openSqliteStore(path);
      const readModel = await openReadModel({ log, store });
      const where = `bit ${bit} of byte ${at}`;
      for (const revision of [1998, 2000, 2300, 2599])
        expect(matrices(await readModel.hostAt('h', { revision })), where).toEqual(
          viewAfter(facts, revision + 1),
        );
      await readModel.catchUp();
      expect(matrices(await readModel.now('h')), where).toEqual(viewAfter(facts, facts.length));
      expect(matrices(await readModel.now('g')), where).toEqual({
        ...viewAfter(sample(3), sample(3).length),
        host: 'g',
      });
      store.close();
    }
    await log.close();
  });
});

describe('kill -9 in the middle of catching up', () => {
  /** More than all of the killed ones can take in: a checkpoint is 1,000 facts. */
  const LENGTH = 13_000;
  /** A process may get so much further until it is dead. */
  const FURTHER = 2;

  it('leaves a store from which it goes on to the same bytes', async () => {
    const directory = scratch();
    const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
    await recordInCommits(log, 'h', long(LENGTH), 500);
    const path = join(directory, 'read-model.sqlite');
    for (let kills = 0; kills < 3; kills++) await catchUpUntilKilled(directory, kills + 1);
    const store = openSqliteStore(path);
    expect(store.checkpoint()?.position).toBeGreaterThan(0);
    expect(store.checkpoint()?.position).toBeLessThan(LENGTH);
    const readModel = await openReadModel({ log, store, checkpointInterval: 1000 });
    await readModel.catchUp();
    const resumed = rows(path);
    await readModel.rebuild();
    expect(rows(path)).toEqual(resumed);
    store.close();
    await log.close();
  });

  /** A process of its own, killed after so many checkpoints, or a few more. */
  async function catchUpUntilKilled(directory: string, checkpoints: number): Promise<void> {
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      new URL('./testing/catch-up-child.ts', import.meta.url).pathname,
      directory,
      String(checkpoints + FURTHER),
    ]);
    let seen = 0;
    child.stdout.on('data', (text: Buffer) => {
      seen += text.toString().split('\n').length - 1;
      if (seen >= checkpoints) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    expect(signal).toBe('SIGKILL');
  }
});

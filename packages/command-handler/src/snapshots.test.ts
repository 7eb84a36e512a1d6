/** Deciding from a snapshot is deciding from the first fact on, whatever the snapshot went through. */
import { decide, STATE_VERSION } from '@apledger/driver';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import type { Generation } from '@apledger/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandHandler, type Snapshot, type SnapshotStore } from './index.ts';
import { A, assignAdapter, B, create, HOST, operator, register, start } from './test-support.ts';
import { anyCommand, anyCommands } from './testing/histories.ts';

interface Memory extends SnapshotStore {
  readonly all: Map<number, Snapshot>;
}

/** Snapshots of one host. */
function memory(snapshots: Iterable<Snapshot> = []): Memory {
  const all = new Map([...snapshots].map((each) => [each.revision, each]));
  return {
    all,
    load: async (_, revision) => all.get(Math.max(...[...all.keys()].filter((at) => at <= revision))),
    save: async (snapshot) => void all.set(snapshot.revision, snapshot),
    drop: async (_, revision) => void all.delete(revision),
  };
}

const generation = fc.constantFrom<Generation>('2019-v2', '6.12', '7.3');

/** A log with a history, and the snapshots that a handler left of it. */
async function history(
  driver: Generation,
  commands: readonly Parameters<typeof operator>[0][],
  snapshotInterval = 3,
) {
  const log = openMemoryLog();
  const snapshots = memory();
  const handler = new CommandHandler(log, { snapshots, snapshotInterval });
  for (const command of [register(driver), create(A), create(B), ...commands])
    await handler.submit(operator(command));
  await handler.close();
  return { log, snapshots };
}

const stateOf = (log: EventLog, snapshots?: SnapshotStore, revision?: number) => {
  const handler = new CommandHandler(log, snapshots === undefined ? {} : { snapshots, snapshotInterval: 3 });
  return handler.stateAt(HOST, revision === undefined ? undefined : { revision });
};

describe('a state from a snapshot', () => {
  it('is the state of the whole stream, and decides the same', async () => {
    await fc.assert(
      fc.asyncProperty(generation, anyCommands(40), anyCommand, async (driver, commands, next) => {
        const { log, snapshots } = await history(driver, commands);
        expect(snapshots.all.size).toBeGreaterThan(0);
        const [kept, folded] = [await stateOf(log, snapshots), await stateOf(log)];
        expect(kept).toEqual(folded);
        expect(decide(kept?.state, next)).toEqual(decide(folded?.state, next));
      }),
      { numRuns: 100 },
    );
  });

  it('is the state at any past revision', async () => {
    await fc.assert(
      fc.asyncProperty(generation, anyCommands(20), async (driver, commands) => {
        const { log, snapshots } = await history(driver, commands);
        const { revision: last = 0 } = (await log.head(`host-${HOST}`)) ?? {};
        for (let revision = 0; revision <= last; revision++)
          expect(await stateOf(log, snapshots, revision)).toEqual(await stateOf(log, undefined, revision));
      }),
      { numRuns: 20 },
    );
  });

  it('goes on with facts that another handler appended meanwhile', async () => {
    const { log, snapshots } = await history('7.3', [start(A)]);
    const other = new CommandHandler(log);
    await other.submit(operator(assignAdapter(B, 6)));
    expect(await stateOf(log, snapshots)).toEqual(await stateOf(log));
  });

  it('reads no fact before it but its own', async () => {
    const { log, snapshots } = await history('7.3', [start(A), assignAdapter(A, 5)]);
    const read: number[] = [];
    const watched = new Proxy(log, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (name === 'readStream') return seen;
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    async function* seen(...range: Parameters<EventLog['readStream']>) {
      for await (const fact of log.readStream(...range)) {
        read.push(fact.revision);
        yield fact;
      }
    }
    await stateOf(watched, snapshots);
    const kept = Math.max(...snapshots.all.keys());
    expect(Math.min(...read)).toBe(kept);
  });
});

describe('a snapshot that says something else', () => {
  const commands = [start(A), assignAdapter(A, 5), assignAdapter(B, 6)];

  it.each<[string, (snapshot: Snapshot) => Snapshot]>([
    ['of another log', (snapshot) => ({ ...snapshot, hash: 'f'.repeat(64) })],
    ['of another version', (snapshot) => ({ ...snapshot, version: `${STATE_VERSION}x` })],
    ['that this V8 cannot read', (snapshot) => ({ ...snapshot, bytes: snapshot.bytes.subarray(0, 20) })],
    ['of nothing', (snapshot) => ({ ...snapshot, bytes: new Uint8Array() })],
  ])('%s is dropped, and the one before it counts', async (_, spoil) => {
    const { log, snapshots } = await history('7.3', commands);
    const [first, ...rest] = snapshots.all.values();
    const bad = rest.map(spoil);
    const spoilt = memory([first, ...bad].filter((each) => each !== undefined));
    expect(await stateOf(log, spoilt)).toEqual(await stateOf(log));
    expect(rest.length).toBeGreaterThan(0);
    for (const each of bad) expect(spoilt.all.get(each.revision)).not.toBe(each);
    expect(spoilt.all.get(first?.revision ?? -1)).toBe(first);
  });

  it('beyond the end of the stream is not looked at', async () => {
    const { log } = await history('7.3', commands.slice(0, 1));
    const { snapshots } = await history('7.3', [...commands, start(B)]);
    expect(await stateOf(log, snapshots)).toEqual(await stateOf(log));
  });
});

describe('keeping', () => {
  it('never holds up a command', async () => {
    const hung: SnapshotStore = { ...memory(), save: () => new Promise(() => {}) };
    const handler = new CommandHandler(openMemoryLog(), { snapshots: hung, snapshotInterval: 1 });
    for (const command of [register(), create(A), create(B), start(A)])
      expect((await handler.submit(operator(command))).facts.length).toBeGreaterThan(0);
  });

  it('reports what cannot be kept, and nothing else changes', async () => {
    const reports: string[] = [];
    const full: SnapshotStore = { ...memory(), save: () => Promise.reject(new Error('ENOSPC')) };
    const log = openMemoryLog();
    const report = (message: string): void => void reports.push(message);
    const handler = new CommandHandler(log, { snapshots: full, snapshotInterval: 1, report });
    const { revision } = await handler.submit(operator(register()));
    await handler.close();
    expect(reports).toEqual([`the state of host ${HOST} at revision ${revision} could not be kept: ENOSPC`]);
    expect(await handler.state(HOST)).toEqual((await stateOf(log))?.state);
  });

  it('happens every so many facts, at the end, and while a long stream is folded', async () => {
    const commands = Array.from({ length: 120 }, (_, n) => assignAdapter(n % 2 === 0 ? A : B, 99));
    const { log, snapshots } = await history('7.3', commands, 50);
    const revisions = [...snapshots.all.keys()];
    const { revision: last = 0 } = (await log.head(`host-${HOST}`)) ?? {};
    expect(revisions.slice(1).every((at, i) => at - (revisions[i] ?? 0) <= 51)).toBe(true);
    const empty = memory();
    const again = new CommandHandler(log, { snapshots: empty, snapshotInterval: 50 });
    await again.state(HOST);
    await again.close();
    expect([...empty.all.keys()]).toEqual([49, 99].filter((at) => at <= last));
    const short = new CommandHandler(log, { snapshots: empty, snapshotInterval: 1000 });
    await short.submit(operator(assignAdapter(A, 99)));
    await short.close();
    expect([...empty.all.keys()]).toEqual([49, 99]);
  });
});

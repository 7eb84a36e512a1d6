/** What both stores owe to the read model. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from './sqlite-store.ts';
import { type Batch, memoryStore, type ReadModelStore } from './store.ts';

const state = (host: string, revision: number) => ({ host, revision, bytes: Uint8Array.of(revision) });
const batch = (from: number, to: number, more: Partial<Batch> = {}): Batch => ({
  from: from === 0 ? undefined : { position: from, hash: `hash ${from}` },
  to: { position: to, hash: `hash ${to}` },
  states: [],
  snapshots: [],
  ...more,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'apledger-store-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});
const path = (): string => join(directory, 'read-model.sqlite');

describe.each([
  ['memory', memoryStore],
  ['SQLite', () => openSqliteStore(path())],
] satisfies [string, () => ReadModelStore][])('a store in %s', (_, open) => {
  let store: ReadModelStore;
  beforeEach(() => {
    store = open();
  });
  afterEach(() => store.close());

  it('finds the snapshot at or before a revision, of that host', () => {
    expect(store.save(batch(0, 5, { snapshots: [state('a', 9), state('b', 9), state('a', 19)] }))).toBe(true);
    const found = (host: string, revision: number) => store.snapshotAt(host, revision)?.revision;
    expect([8, 9, 18, 19, 99].map((revision) => found('a', revision))).toEqual([undefined, 9, 9, 19, 19]);
    expect(found('b', 99)).toBe(9);
    expect(found('c', 99)).toBeUndefined();
  });

  it('keeps the latest state of a host and nothing after it was cleared', () => {
    store.save(batch(0, 5, { states: [state('a', 1)] }));
    store.save(batch(5, 6, { states: [state('a', 2)] }));
    expect(store.state('a')).toMatchObject(state('a', 2));
    expect(store.checkpoint()).toEqual({ position: 6, hash: 'hash 6' });
    store.clear();
    expect([store.state('a'), store.checkpoint()]).toEqual([undefined, undefined]);
  });

  it('refuses a batch that began from another checkpoint', () => {
    store.save(batch(0, 5, { states: [state('a', 1)] }));
    expect(store.save(batch(0, 7, { states: [state('a', 2)] }))).toBe(false);
    expect(store.save(batch(4, 7, { states: [state('a', 2)] }))).toBe(false);
    expect(store.state('a')?.revision).toBe(1);
    expect(store.checkpoint()?.position).toBe(5);
  });
});

describe('the SQLite store', () => {
  it('keeps a batch whole or not at all', () => {
    const store = openSqliteStore(path());
    store.save(batch(0, 5, { snapshots: [state('a', 9)] }));
    const broken = batch(5, 6, { states: [state('a', 10)], snapshots: [state('a', 19), state('a', 9)] });
    expect(() => store.save(broken)).toThrow(/UNIQUE/);
    expect([store.state('a'), store.snapshotAt('a', 99)?.revision]).toEqual([undefined, 9]);
    expect(store.save(batch(5, 6))).toBe(true);
    store.close();
  });

  it('outlives its process', () => {
    const store = openSqliteStore(path());
    store.save(batch(0, 5, { states: [state('a', 1)] }));
    store.close();
    const again = openSqliteStore(path());
    expect(again.state('a')).toMatchObject(state('a', 1));
    again.close();
  });

  it('replaces a damaged file, but not what is no file', () => {
    writeFileSync(
      path(),
      'this is no database, and it is longer than the header of one would be, by far'.repeat(20),
    );
    const store = openSqliteStore(path());
    expect(store.checkpoint()).toBeUndefined();
    store.close();
    expect(() => openSqliteStore(directory)).toThrow();
    expect(statSync(directory).isDirectory()).toBe(true);
  });
});

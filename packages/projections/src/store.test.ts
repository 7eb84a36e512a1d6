/** What both stores owe to the read model. */
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CacheUnusable } from './cache-file.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { type Batch, memoryStore, type ReadModelStore } from './store.ts';

const state = (host: string, revision: number) => ({
  host,
  revision,
  hash: `hash of ${host} ${revision}`,
  bytes: Uint8Array.of(revision),
});
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
    const noBytes = { ...state('a', 29), bytes: 'text' as unknown as Uint8Array };
    const broken = batch(5, 6, { states: [state('a', 10)], snapshots: [state('a', 19), noBytes] });
    expect(() => store.save(broken)).toThrow(/cannot store TEXT/);
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

  it('sets a damaged or foreign file aside, says so once, and begins anew', () => {
    const said: string[] = [];
    const open = () => openSqliteStore(path(), (line) => said.push(line));
    const text = 'this is no database, and it is longer than the header of one would be'.repeat(20);
    writeFileSync(path(), text, { mode: 0o600 });
    const store = open();
    expect(store.checkpoint()).toBeUndefined();
    store.close();
    expect(readFileSync(`${path()}.damaged`, 'utf8')).toBe(text);
    open().close();
    expect(said).toEqual([expect.stringMatching(/damaged.*set aside as .*read-model.sqlite.damaged/)]);
    rmSync(path());
    const foreign = new DatabaseSync(path());
    foreign.exec('CREATE TABLE letters (body TEXT)');
    foreign.close();
    chmodSync(path(), 0o600);
    open().close();
    expect(said[1]).toMatch(/made by another program/);
    const aside = new DatabaseSync(`${path()}.damaged`);
    expect(aside.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'letters' }]);
    aside.close();
  });

  it('leaves what is no file, and says that it cannot be used', () => {
    expect(() => openSqliteStore(directory)).toThrow(CacheUnusable);
    expect(statSync(directory).isDirectory()).toBe(true);
  });

  it('of which a page is lost while it is open goes on with a new file', () => {
    const said: string[] = [];
    openSqliteStore(path()).close();
    const size = statSync(path()).size;
    for (let page = 1; page < size / 4096; page++) {
      const store = openSqliteStore(path(), (line) => said.push(line));
      const at = store.checkpoint();
      const bytes = Buffer.alloc(4096, 0xff);
      const file = openSync(path(), 'r+');
      writeSync(file, bytes, 0, bytes.length, page * 4096);
      closeSync(file);
      store.close();
      const again = openSqliteStore(path(), (line) => said.push(line));
      expect([again.checkpoint(), again.state('a'), again.snapshotAt('a', 9)]).toEqual([
        at,
        undefined,
        undefined,
      ]);
      expect(again.save(batch(0, 5, { states: [state('a', 1)], snapshots: [state('a', 1)] }))).toBe(true);
      again.clear();
      again.close();
    }
    expect(said.length).toBeGreaterThan(0);
  });

  it('that two processes find damaged is set aside by one of them', () => {
    const said: string[] = [];
    const open = () => openSqliteStore(path(), (line) => said.push(line));
    const [one, other] = [open(), open()];
    one.distrust('damaged (a test)');
    one.save(batch(0, 5));
    other.distrust('damaged (a test)');
    expect(other.checkpoint()).toEqual({ position: 5, hash: 'hash 5' });
    expect(said).toHaveLength(1);
    one.close();
    other.close();
  });

  it('can be read by its owner only, and so can one that others could read', () => {
    const said: string[] = [];
    const open = () => openSqliteStore(path(), (line) => said.push(line));
    const store = open();
    store.save(batch(0, 5));
    const modes = () => readdirSync(directory).map((name) => statSync(join(directory, name)).mode & 0o777);
    expect(modes()).toEqual([0o600, 0o600, 0o600]);
    store.close();
    chmodSync(path(), 0o644);
    open().close();
    expect(modes()).toEqual([0o600]);
    expect(said).toEqual([expect.stringContaining('mode 0644')]);
  });
});

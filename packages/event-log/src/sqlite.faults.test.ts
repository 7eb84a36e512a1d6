/** Faults of the file, the directory and the disk, each provoked: what is said, and what is kept. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, commit, fact, fill, verified } from './contract/support.ts';
import type { LogErrorCode } from './errors.ts';
import { structureProblems } from './sqlite/indexes.ts';
import { openSqliteLog } from './sqlite.ts';

let directory = '';
const undo: (() => void)[] = [];
const file = (): string => join(directory, 'log.sqlite');
const refusal = (code: LogErrorCode) => ({
  name: 'LogError',
  code,
  message: expect.stringContaining(directory),
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'apledger-faults-'));
});
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
  rmSync(directory, { recursive: true });
});

/** A closed log with thirty commits. */
async function filled(commits = 30): Promise<void> {
  const log = await openSqliteLog({ directory });
  await fill(log, commits);
  await log.close();
}

function sql(statement: string): void {
  const db = new DatabaseSync(file());
  db.exec(statement);
  db.close();
}

test('the WAL is cut again after a reader that had held it up', async () => {
  const bound = 16 * 1024 * 1024;
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  await log.append(commit('host-a', 'none'));
  const reader = new DatabaseSync(file(), { readOnly: true });
  reader.exec('BEGIN; SELECT count(*) FROM commits');
  const large = { ...fact(1), data: { text: 'x'.repeat(256 * 1024) } };
  const size = (): number => statSync(`${file()}-wal`).size;
  while (size() < 1.5 * bound) await log.append(commit('host-a', 'any', [large]));
  reader.close();
  // The next checkpoint empties the WAL, and the write after it begins it anew.
  for (let n = 0; size() > bound && n < 100; n++) await log.append(commit('host-a', 'any', [large]));
  expect(size()).toBeLessThanOrEqual(bound);
  await log.close();
});

describe('opening a log in SQLite', () => {
  test('begins a new one in a directory that is made', async () => {
    const deep = join(directory, 'a', 'b');
    const log = await openSqliteLog({ directory: deep });
    await log.append(commit('host-a', 'none'));
    await log.close();
    expect(statSync(join(deep, 'log.sqlite')).isFile()).toBe(true);
  });

  test('for reading only does not begin one', async () => {
    await expect(openSqliteLog({ directory, readOnly: true })).rejects.toMatchObject(refusal('missing'));
    const nowhere = join(directory, 'nowhere');
    await expect(openSqliteLog({ directory: nowhere, readOnly: true })).rejects.toMatchObject(
      refusal('missing'),
    );
  });

  test('refuses a path that is a file, or lies under one', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'something');
    await expect(openSqliteLog({ directory: path })).rejects.toMatchObject(refusal('not-a-directory'));
    const under = join(path, 'log');
    await expect(openSqliteLog({ directory: under })).rejects.toMatchObject(refusal('not-a-directory'));
  });

  test('refuses a file that is no database, and one of another program, and changes neither', async () => {
    writeFileSync(
      file(),
      'this is a text, long enough to be taken for a database header if one looks only once\n'.repeat(9),
    );
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('not-a-log'));
    rmSync(file());
    sql('CREATE TABLE recipes (name TEXT)');
    const before = statSync(file());
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('not-a-log'));
    expect(statSync(file()).mtimeMs).toBe(before.mtimeMs);
  });

  test('refuses a log of a newer format', async () => {
    await filled();
    sql('PRAGMA user_version = 2');
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('newer-version'));
  });

  test('refuses a file that was cut in half', async () => {
    await filled(300);
    truncateSync(file(), Math.floor(statSync(file()).size / 2));
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('corrupted'));
  });
});

/** Makes the directory read-only: by its mode, or for root, whom modes don't stop, by a bind mount. */
function makeReadOnly(): void {
  if (process.getuid?.() === 0) {
    execFileSync('mount', ['--bind', directory, directory]);
    undo.push(() => execFileSync('umount', ['--lazy', directory]));
    execFileSync('mount', ['-o', 'remount,bind,ro', directory]);
  } else {
    chmodSync(directory, 0o555);
    undo.push(() => chmodSync(directory, 0o755));
  }
}

const canMount = process.getuid?.() === 0 && mountWorks();
function mountWorks(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'apledger-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true });
  }
}

// Root without mounts (a container) cannot make a directory that it cannot write: then these are reported as skipped.
describe.skipIf(process.getuid?.() === 0 && !canMount)('a directory that cannot be written', () => {
  test('can be read, and says why it cannot be appended to', async () => {
    await filled();
    makeReadOnly();
    const log = await openSqliteLog({ directory, readOnly: true });
    expect(await all(log.readAll())).toHaveLength(60);
    await log.close();
    expect(structureProblems(directory)).toEqual([]);
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('read-only'));
  });

  test('is refused while it holds a write-ahead log that only a writer could take in', async () => {
    await filled();
    writeFileSync(`${file()}-wal`, 'left by a writer that was killed');
    makeReadOnly();
    await expect(openSqliteLog({ directory, readOnly: true })).rejects.toMatchObject({
      ...refusal('read-only'),
      remedy: expect.stringContaining('copy'),
    });
  });

  test('is refused to a reader as soon as somebody can write it after all, and does', async () => {
    await filled();
    makeReadOnly();
    const reader = await openSqliteLog({ directory, readOnly: true });
    undo.pop()?.();
    const writer = await openSqliteLog({ directory });
    await writer.append(commit('host-0', 'any'));
    await expect(reader.lastPosition()).rejects.toMatchObject(refusal('read-only'));
    await writer.close();
    await expect(reader.lastPosition()).rejects.toMatchObject(refusal('read-only'));
    await reader.close();
  });

  test('takes no new log', async () => {
    makeReadOnly();
    await expect(openSqliteLog({ directory })).rejects.toMatchObject(refusal('read-only'));
    const under = join(directory, 'log');
    await expect(openSqliteLog({ directory: under })).rejects.toMatchObject(refusal('read-only'));
  });
});

// A full disk needs a disk that can be filled: a small tmpfs, which only root may mount.
describe.skipIf(!canMount)('a full disk', () => {
  test('refuses appends, loses nothing, and serves again once there is room', async () => {
    const ballast = join(directory, 'ballast');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory]);
    undo.push(() => execFileSync('umount', [directory]));
    writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
    const log = await openSqliteLog({ directory });
    let kept = 0;
    const big = { text: 'x'.repeat(50_000) };
    const fillUp = async (): Promise<void> => {
      for (;;) {
        await log.append(commit('host-a', kept === 0 ? 'none' : kept - 1, [fact(kept, big)]));
        kept += 1;
      }
    };
    await expect(fillUp()).rejects.toMatchObject(refusal('disk-full'));
    expect(kept).toBeGreaterThan(0);
    expect((await log.head('host-a'))?.revision).toBe(kept - 1);
    const group = Array.from({ length: 5 }, (_, n) =>
      log.append(commit(`host-${n}`, 'none', [fact(n, big)])),
    );
    for (const result of await Promise.allSettled(group)) {
      expect(result).toMatchObject({ status: 'rejected', reason: refusal('disk-full') });
    }
    const recorded = await log.lastPosition();
    await expect(log.checkWritable()).rejects.toMatchObject({ ...refusal('disk-full'), mayBeKept: false });
    rmSync(ballast);
    await log.checkWritable();
    expect(await log.lastPosition()).toBe(recorded);
    await log.append(commit('host-a', kept - 1, [fact(kept, big)]));
    expect(await verified(log)).toMatchObject({ facts: kept + 1, streams: 1, problems: [] });
    await log.close();
  });
});

describe('a lock that another process holds', () => {
  test('is waited for once: who comes afterwards is refused at the first look, until it is let go', async () => {
    const log = await openSqliteLog({ directory, busyTimeoutMs: 200 });
    await log.append(commit('host-a', 'none'));
    const other = new DatabaseSync(file());
    other.exec('BEGIN IMMEDIATE');
    const held = async (): Promise<number> => {
      const error: unknown = await log.append(commit('host-a', 'any')).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ ...refusal('locked'), mayBeKept: false });
      return Number(/has held the log for (\d+) ms/.exec(String(error))?.[1]);
    };
    // The same wait is told of each time, so it only grows: a wait of its own would begin at 200 again.
    let before = await held();
    expect(before).toBeGreaterThanOrEqual(200);
    for (let n = 0; n < 20; n++) {
      const now = await held();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
    await expect(log.checkWritable()).rejects.toMatchObject(refusal('locked'));
    other.close();
    await log.checkWritable();
    expect((await log.append(commit('host-a', 'any'))).firstRevision).toBe(1);
    await log.close();
  });
});

/** Snapshots on a real disk: what is torn, damaged, or somebody else's is as good as not there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openSqliteLog, verify } from '@apledger/event-log';
import { streamOf } from '@apledger/events';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CommandHandler, type Snapshot, snapshotFiles } from './index.ts';
import { A, B, create, HOST, operator, register } from './test-support.ts';

const root = mkdtempSync(join(tmpdir(), 'apledger-snapshots-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const scratch = (): string => mkdtempSync(join(root, 'd'));

const snapshot = (revision: number): Snapshot => ({
  host: HOST,
  revision,
  hash: 'ab'.repeat(32),
  version: '1',
  bytes: Buffer.of(10, 0, 10, revision), // with newlines, as one ends the head
});

/** The child runs until it has printed so many lines, and is killed then; resolves with the lines. */
async function killAfter(lines: number, ...args: string[]): Promise<string[]> {
  const child = start(...args);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) child.kill('SIGKILL');
  }
  return said;
}

const start = (...args: string[]) => {
  const program = new URL('./testing/child.ts', import.meta.url).pathname;
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
};

describe('files of snapshots', () => {
  it('give the nearest at or before a revision, and forget what is dropped', async () => {
    const files = snapshotFiles(join(scratch(), 'made', 'when', 'needed'));
    expect(await files.load(HOST, 9)).toBeUndefined();
    for (const revision of [3, 20, 100]) await files.save(snapshot(revision));
    expect(await files.load(HOST, 2)).toBeUndefined();
    expect(await files.load(HOST, 99)).toEqual(snapshot(20));
    expect(await files.load(HOST, 1e9)).toEqual(snapshot(100));
    expect(await files.load('other', 9)).toBeUndefined();
    await files.drop(HOST, 20);
    await files.drop(HOST, 20);
    expect(await files.load(HOST, 99)).toEqual(snapshot(3));
  });

  it('are passed over, and cleared away, when they are damaged in any way', async () => {
    const directory = scratch();
    const files = snapshotFiles(directory);
    const path = join(directory, HOST, '20');
    await files.save(snapshot(20));
    const whole = readFileSync(path);
    const damage = fc.oneof(
      fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)),
      fc
        .tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
        .map(([at, change]) => whole.map((byte, i) => (i === at ? byte ^ change : byte))),
      fc.uint8Array({ maxLength: 100 }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (bytes) => {
        await files.save(snapshot(3));
        writeFileSync(path, bytes);
        expect(await files.load(HOST, 50)).toEqual(snapshot(3));
        expect(existsSync(path)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('are not mistaken for those of another host or revision', async () => {
    const directory = scratch();
    const files = snapshotFiles(directory);
    await files.save(snapshot(20));
    const bytes = readFileSync(join(directory, HOST, '20'));
    mkdirSync(join(directory, 'other'));
    writeFileSync(join(directory, 'other', '20'), bytes);
    writeFileSync(join(directory, HOST, '21'), bytes);
    writeFileSync(join(directory, HOST, 'notes'), 'mine');
    expect(await files.load('other', 50)).toBeUndefined();
    expect(await files.load(HOST, 50)).toEqual(snapshot(20));
    expect(readdirSync(join(directory, HOST)).sort()).toEqual(['20', 'notes']);
  });

  it.each(['..', '../x', '', 'a/b', '.hidden'])('have no place for a host named %j', async (host) => {
    const directory = join(scratch(), 'in');
    const files = snapshotFiles(directory);
    await files.save({ ...snapshot(1), host });
    expect(await files.load(host, 5)).toBeUndefined();
    expect(existsSync(directory)).toBe(false);
  });

  it('that cannot be read are none, and cannot be written with a reason', async () => {
    const directory = join(scratch(), 'file');
    writeFileSync(directory, 'in the way');
    const files = snapshotFiles(directory);
    expect(await files.load(HOST, 5)).toBeUndefined();
    await expect(files.save(snapshot(1))).rejects.toThrow(/ENOTDIR|EEXIST/);
  });

  it('are whole after the process that wrote them was killed', async () => {
    const directory = scratch();
    const files = snapshotFiles(join(directory, 'snapshots'));
    for (let times = 1; times <= 4; times++) {
      const said = await killAfter(times, 'write', directory);
      const found = await files.load(HOST, Number(said.at(-1)));
      // It had written one before it began with the second.
      expect(found !== undefined || times === 1).toBe(true);
      if (found !== undefined)
        expect(Buffer.compare(found.bytes, Buffer.alloc(8 << 20, found.revision))).toBe(0);
      rmSync(join(directory, 'snapshots'), { recursive: true, force: true });
    }
  });
});

describe('several processes over one directory', () => {
  it('decide as if there were no snapshots, also when they are killed', async () => {
    const directory = scratch();
    const log = await openSqliteLog({ directory });
    const snapshots = snapshotFiles(join(directory, 'snapshots'));
    const first = new CommandHandler(log);
    for (const command of [register(), create(A), create(B)]) await first.submit(operator(command));
    const lasting = start('submit', directory, '60');
    lasting.stdout.resume();
    const killed = [killAfter(15, 'submit', directory, '1000'), killAfter(30, 'submit', directory, '1000')];
    const [status] = await once(lasting, 'close');
    expect(status).toBe(0);
    for (const lines of await Promise.all(killed)) expect(lines.length).toBeGreaterThanOrEqual(15);

    expect(readdirSync(join(directory, 'snapshots', HOST)).length).toBeGreaterThan(1);
    const { revision: last = -1 } = (await log.head(streamOf(HOST))) ?? {};
    const kept = new CommandHandler(log, { snapshots });
    const folded = new CommandHandler(log);
    for (const revision of [last, Math.floor(last / 2), 7])
      expect(await kept.stateAt(HOST, { revision })).toEqual(await folded.stateAt(HOST, { revision }));
    const walk = verify(log);
    let step = await walk.next();
    while (step.done !== true) step = await walk.next();
    expect(step.value.problems).toEqual([]);
    await log.close();
  });
});

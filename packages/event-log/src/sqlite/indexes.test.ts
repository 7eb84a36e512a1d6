/** Indexes that no longer say what their table says: a command is not carried out twice, and a stream not forked. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commit, fact, verified } from '../contract/support.ts';
import type { Commit, EventLog, RecordedFact } from '../port.ts';
import { openSqliteLog } from '../sqlite.ts';
import { structureProblems } from './indexes.ts';

const COMMITS = 400;
const BITS = process.env.APLEDGER_LONG === '1' ? 128 : 8;
const repack = (recorded: RecordedFact): Uint8Array => fact(Number(recorded.data.adapter)).packed;

let directory = '';
let file = '';
let sound: Buffer;
const commits: Commit[] = [];
const said: string[] = [];
const open = (readOnly = false): Promise<EventLog> =>
  openSqliteLog({ directory, readOnly, synchronous: 'NORMAL', report: (line) => said.push(line) });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'apledger-indexes-'));
  file = join(directory, 'log.sqlite');
  const log = await open();
  for (let n = 0; n < COMMITS; n++) {
    const next = commit(`host-${n % 3}`, 'any', [fact(n)]);
    commits.push(next);
    await log.append(next);
  }
  await log.close();
  sound = readFileSync(file);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Where the index has the command's id, in the file. */
function placesInIndex(commandId: string): number[] {
  const wanted = Buffer.from(commandId.replaceAll('-', ''), 'hex');
  const places: number[] = [];
  for (let at = sound.indexOf(wanted); at >= 0; at = sound.indexOf(wanted, at + 1)) places.push(at);
  // Pages also have remains of what was moved elsewhere.
  return places.filter((at) => rowsAreSound(flipped(at * 8)) && structureProblems(directory).length > 0);
}

function flipped(bit: number): Buffer {
  const bytes = Buffer.from(sound);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return bytes;
}

function write(bytes: Buffer): void {
  for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
  writeFileSync(file, bytes);
}

function rowsAreSound(bytes: Buffer): boolean {
  write(bytes);
  const db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare('SELECT command FROM commits NOT INDEXED ORDER BY position').all();
  db.close();
  const ids = rows.map(({ command }) => Buffer.from(command as Uint8Array).toString('hex'));
  return ids.every((id, n) => id === commits[n]?.commandId.replaceAll('-', ''));
}

describe('a bit that flips in the index of commands', () => {
  test('hides no command: it is found, the index is made again, and that is said', async () => {
    for (const n of [0, 17, 200, COMMITS - 1]) {
      const given = commits[n];
      const [place] = placesInIndex(given?.commandId ?? '');
      if (given === undefined || place === undefined) throw new Error('the index does not have the command');
      for (let step = 0; step < BITS; step++) {
        write(flipped(place * 8 + Math.floor((step * 128) / BITS)));
        expect(structureProblems(directory)).not.toEqual([]);
        said.length = 0;
        const log = await open();
        const found = await log.readCommand(given.stream, given.commandId);
        expect(found.map(({ data }) => data)).toEqual([{ adapter: n }]);
        expect(said).toEqual([expect.stringContaining('index commits_by_command')]);
        expect((await verified(log, { repack })).problems).toEqual([]);
        await log.close();
        expect(structureProblems(directory)).toEqual([]);
      }
    }
  });

  test('is an error where the log may not be written', async () => {
    const given = commits[17];
    const [place] = placesInIndex(given?.commandId ?? '');
    write(flipped((place ?? 0) * 8));
    const log = await open(true);
    await expect(log.readCommand(given?.stream ?? '', given?.commandId ?? '')).rejects.toThrow(
      /commits_by_command/,
    );
    await log.close();
  });
});

describe('an entry that is missing', () => {
  /** Makes an index without one entry, which it does not tell. */
  function lacking(index: string, columns: string, position: number): void {
    write(sound);
    const schema = (sql: string): void => {
      const db = new DatabaseSync(file);
      db.enableDefensive(false);
      db.exec('PRAGMA writable_schema = ON');
      db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(sql, index);
      db.close();
    };
    const sql = `CREATE UNIQUE INDEX ${index} ON commits (${columns})`;
    schema(`${sql} WHERE position <> ${position}`);
    const db = new DatabaseSync(file);
    db.exec(`REINDEX ${index}`);
    db.close();
    schema(sql);
  }

  test.each([
    ['commits_by_command', 'command, stream', 18],
    ['commits_by_command', 'command, stream', COMMITS],
    ['commits_by_revision', 'stream, revision', 18],
    ['commits_by_revision', 'stream, revision', COMMITS],
  ])('in %s (%s, of position %i) is noticed at opening, and made again', async (index, columns, position) => {
    lacking(index, columns, position);
    expect(structureProblems(directory)).not.toEqual([]);
    said.length = 0;
    const log = await open();
    expect(said).toEqual([expect.stringContaining(`index ${index}`)]);
    const given = commits[position - 1] as Commit;
    // A retry is the same command, and nothing is appended.
    expect(await log.append({ ...given, expected: 'any' })).toMatchObject({
      lastPosition: position,
      duplicate: true,
    });
    expect((await verified(log, { repack })).problems).toEqual([]);
    await log.close();
    expect(structureProblems(directory)).toEqual([]);
  });
});

test('a revision that the index has wrong does not fork the stream', async () => {
  write(sound);
  const indexOver = (columns: string): void => {
    const db = new DatabaseSync(file);
    db.enableDefensive(false);
    db.exec('PRAGMA writable_schema = ON');
    const sql = `CREATE UNIQUE INDEX commits_by_revision ON commits (${columns})`;
    db.prepare("UPDATE sqlite_schema SET sql = ? WHERE name = 'commits_by_revision'").run(sql);
    db.close();
  };
  indexOver('stream, (revision + 7)');
  const db = new DatabaseSync(file);
  db.exec('REINDEX commits_by_revision');
  db.close();
  indexOver('stream, revision');
  said.length = 0;
  const log = await open();
  expect(await log.head('host-1')).toMatchObject({ revision: Math.floor((COMMITS - 2) / 3) });
  expect(said).toEqual([expect.stringContaining('index commits_by_revision')]);
  await log.close();
});

test('a file as it was written has no problems', () => {
  write(sound);
  copyFileSync(file, join(directory, 'copy'));
  expect(structureProblems(directory)).toEqual([]);
});

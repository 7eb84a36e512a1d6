/** Tampering with a log in SQLite, and what verify finds of it. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { all, commit, fact, verified } from './contract/support.ts';
import type { Head, RecordedFact } from './port.ts';
import { openSqliteLog } from './sqlite.ts';
import { joinVerification, type RangeReport, type Verification, verifyRange } from './verify.ts';

/** Changes of one bit that are tried in each column. */
const BITS = process.env.APLEDGER_LONG === '1' ? 250 : 8;
const FACTS = 1200; // beyond the first row of `pages`, and some not in it
const repack = (recorded: RecordedFact): Uint8Array => fact(Number(recorded.data.adapter)).packed;

let directory = '';
let db: DatabaseSync;
let noted: readonly Head[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'apledger-verify-'));
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  const appends = Array.from({ length: FACTS }, (_, n) =>
    log.append(commit(`host-${n % 3}`, 'any', [fact(n)])),
  );
  await Promise.all(appends);
  noted = await log.heads();
  await log.close();
  db = new DatabaseSync(join(directory, 'log.sqlite'));
});
afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

/** Verifies the log as the statements leave it, then takes them back. */
async function verifiedAfter(
  ...statements: [sql: string, ...values: (number | string | Uint8Array)[]][]
): Promise<Verification> {
  const tables = ['streams', 'commits', 'pages'];
  for (const table of tables) db.exec(`CREATE TABLE saved_${table} AS SELECT * FROM ${table}`);
  try {
    for (const [sql, ...values] of statements) db.prepare(sql).run(...values);
    const log = await openSqliteLog({ directory, readOnly: true });
    const report = await verified(log, { noted, repack });
    await log.close();
    return report;
  } finally {
    for (const table of tables) {
      db.exec(
        `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM saved_${table}; DROP TABLE saved_${table}`,
      );
    }
  }
}

function bytesOf(column: string, table: string, position: number): Uint8Array {
  const sql = `SELECT CAST(${column} AS BLOB) AS bytes FROM ${table} WHERE position = ?`;
  const bytes = db.prepare(sql).get(position)?.bytes;
  if (!(bytes instanceof Uint8Array)) throw new Error(`no ${column} at ${position}`);
  return bytes;
}

describe('verify', () => {
  test('finds nothing in a log as it was written', async () => {
    const report = await verifiedAfter();
    expect(report).toEqual({ facts: FACTS, streams: 3, heads: noted, problems: [], clockJumps: [] });
  });

  for (const [column, type] of [
    ['body', 'TEXT'],
    ['hashes', 'BLOB'],
    ['packed', 'BLOB'],
    ['command', 'BLOB'],
  ] as const) {
    test(`finds any changed bit of ${column}, at the exact position`, async () => {
      const change = fc.tuple(fc.integer({ min: 1, max: FACTS }), fc.nat(), fc.nat(7));
      await fc.assert(
        fc.asyncProperty(change, async ([position, at, bit]) => {
          const bytes = bytesOf(column, 'commits', position);
          const byte = at % bytes.length;
          bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
          const sql = `UPDATE commits SET ${column} = CAST(? AS ${type}) WHERE position = ?`;
          const { problems } = await verifiedAfter([sql, bytes, position]);
          expect(problems[0]?.position).toBe(position);
        }),
        { numRuns: BITS },
      );
    });
  }

  test('finds any changed bit of a page of packed facts', async () => {
    const page = db.prepare('SELECT min(position) AS position FROM pages').get()?.position;
    const position = Number(page);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(7), async (at, bit) => {
        const bytes = bytesOf('bytes', 'pages', position);
        const byte = at % bytes.length;
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
        const { problems } = await verifiedAfter([
          'UPDATE pages SET bytes = ? WHERE position = ?',
          bytes,
          position,
        ]);
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: BITS },
    );
  });

  test('names the fact whose payload in a page was changed', async () => {
    const frame = bytesOf('packed', 'commits', 700);
    const page = Number(db.prepare('SELECT min(position) AS position FROM pages').get()?.position);
    const bytes = bytesOf('bytes', 'pages', page);
    const at = Buffer.from(bytes).indexOf(frame) + frame.length - 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const { problems } = await verifiedAfter(['UPDATE pages SET bytes = ? WHERE position = ?', bytes, page]);
    expect(problems).toMatchObject([
      { position: 700, stream: 'host-0', problem: expect.stringContaining('packed') },
    ]);
  });

  test.each([
    ['inside a run of frames', 700],
    ['at the end of the log', FACTS],
  ])('finds a frame that no fact has, %s', async (_, position) => {
    const frame = bytesOf('packed', 'commits', position);
    const surplus = Buffer.from(frame);
    surplus.writeDoubleLE(position + 0.5, 12);
    const { problems } = await verifiedAfter([
      'UPDATE commits SET packed = ? WHERE position = ?',
      Buffer.concat([frame, surplus]),
      position,
    ]);
    expect(problems).toMatchObject([
      { position, problem: expect.stringContaining('packed form is missing') },
    ]);
  });

  test('finds a removed commit, and where', async () => {
    const { problems, facts } = await verifiedAfter(['DELETE FROM commits WHERE position = 500']);
    expect(problems[0]).toMatchObject({ position: 500 });
    expect(facts).toBe(FACTS - 1);
  });

  test('finds commits exchanged', async () => {
    const { problems } = await verifiedAfter(
      ['UPDATE commits SET position = 9999 WHERE position = 500'],
      ['UPDATE commits SET position = 500 WHERE position = 503'],
      ['UPDATE commits SET position = 503 WHERE position = 9999'],
    );
    expect(problems[0]).toMatchObject({ position: 500 });
  });

  test('finds a commit inserted in the name of another', async () => {
    const { problems } = await verifiedAfter([
      `INSERT INTO commits SELECT ${FACTS + 1}, stream, ${FACTS / 3}, count, x'00112233445566778899aabbccddeeff',
        hashes, packed, body FROM commits WHERE position = 1`,
    ]);
    expect(problems[0]).toMatchObject({ position: FACTS + 1 });
  });

  test('finds a tail that was cut off and a stream that was removed, by the heads noted earlier', async () => {
    const cut = await verifiedAfter([`DELETE FROM commits WHERE position > ${FACTS - 2}`]);
    expect(cut.problems.map((problem) => problem.stream).sort()).toEqual(['host-1', 'host-2']);
    expect(cut.problems[0]?.problem).toContain('the stream ends at 398');
    const report = await verifiedAfter(
      ["DELETE FROM commits WHERE stream = (SELECT number FROM streams WHERE name = 'host-0')"],
      ["DELETE FROM streams WHERE name = 'host-0'"],
    );
    expect(report.problems.at(-1)).toMatchObject({
      stream: 'host-0',
      problem: expect.stringContaining('gone'),
    });
  });

  test('finds a history that was written anew with good hashes, by the heads noted earlier', async () => {
    const other = mkdtempSync(join(tmpdir(), 'apledger-forged-'));
    const log = await openSqliteLog({ directory: other, synchronous: 'NORMAL' });
    for (let n = 0; n < 400; n++) await log.append(commit('host-0', 'any', [fact(n)]));
    const { problems } = await verified(log, { noted: noted.filter((head) => head.stream === 'host-0') });
    expect(problems).toMatchObject([
      { stream: 'host-0', revision: 399, problem: expect.stringContaining('noted') },
    ]);
    await log.close();
    rmSync(other, { recursive: true });
  });

  test('does without a page of packed facts: it is a cache', async () => {
    expect((await verifiedAfter(['DELETE FROM pages'])).problems).toEqual([]);
  });

  test('a reading stops at what is corrupted, and names it', async () => {
    db.exec(
      'CREATE TABLE saved AS SELECT * FROM commits WHERE position = 500; DELETE FROM commits WHERE position = 500',
    );
    const log = await openSqliteLog({ directory, readOnly: true });
    const corrupted = { code: 'corrupted', position: 500 };
    await expect(all(log.readAll())).rejects.toMatchObject(corrupted);
    await expect(all(log.readStream('host-1'))).rejects.toMatchObject({ code: 'corrupted' });
    await log.close();
    db.exec('INSERT INTO commits SELECT * FROM saved; DROP TABLE saved');
  });
});

describe('what only the order or the text shows', () => {
  test('finds a key that stands twice, which other readers of the body take otherwise', async () => {
    const report = await verifiedAfter([
      `UPDATE commits SET body = replace(body, '"actor":"root"', '"actor":"mallory","actor":"root"') WHERE position = 7`,
    ]);
    expect(report.problems[0]).toMatchObject({
      position: 7,
      problem: expect.stringContaining('a key stands in it twice'),
    });
  });

  test('finds facts of different streams that have changed places, though every chain is whole', async () => {
    await verifiedAfter();
    const first = await openSqliteLog({ directory, readOnly: true });
    const times = (await all(first.readAll())).map(({ recordedAt }) => recordedAt);
    await first.close();
    // Two neighbours of which the later was recorded later, of two streams.
    const at = times.findIndex((time, n) => n > 0 && time > (times[n - 1] ?? '')) + 1;
    expect(at).toBeGreaterThan(1);
    const report = await verifiedAfter(
      ['UPDATE commits SET position = -1 WHERE position = ?', at],
      ['UPDATE commits SET position = ? WHERE position = ?', at, at - 1],
      ['UPDATE commits SET position = ? WHERE position = -1', at - 1],
    );
    expect(report.problems.map(({ problem }) => problem)).toContainEqual(
      expect.stringContaining('it was recorded before a fact of a lower position'),
    );
  });
});

test('ranges find what the whole walk finds, wherever they are cut', async () => {
  const damages: [string, ...(number | string)[]][] = [
    ['UPDATE commits SET hashes = zeroblob(32) WHERE position = 500'],
    ["UPDATE commits SET body = replace(body, 'root', 'toor') WHERE position = 800"],
    ['DELETE FROM commits WHERE position = 1000'],
  ];
  const found: unknown[] = [];
  for (const cuts of [[], [499, 500, 501, 799, 800, 803, 999, 1000, 1001]]) {
    const tables = ['commits'];
    for (const table of tables) db.exec(`CREATE TABLE saved_${table} AS SELECT * FROM ${table}`);
    for (const [sql, ...values] of damages) db.prepare(sql).run(...values);
    const log = await openSqliteLog({ directory, readOnly: true });
    const reports: RangeReport[] = [];
    for (const [n, after] of [0, ...cuts].entries()) {
      const walk = verifyRange(log, { after, upTo: cuts[n] ?? FACTS });
      let step = await walk.next();
      while (!step.done) step = await walk.next();
      reports.push(step.value);
    }
    const { facts, problems } = await joinVerification(log, reports);
    found.push({ facts, positions: [...new Set(problems.map(({ position }) => position))] });
    await log.close();
    for (const table of tables)
      db.exec(
        `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM saved_${table}; DROP TABLE saved_${table}`,
      );
  }
  expect(found[1]).toEqual(found[0]);
});

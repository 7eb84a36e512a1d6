import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { all } from './contract/support.ts';
import { LogError } from './errors.ts';
import { cutPage, type PackedEntry, packedFacts, packFacts, pagesOf } from './packed.ts';

const entries = fc
  .array(
    fc.record({
      stream: fc.nat(0xffff_ffff),
      revision: fc.nat(0xffff_ffff),
      occurredAt: fc.integer({ min: -1e14, max: 1e14 }),
      payload: fc.uint8Array({ maxLength: 40 }),
    }),
  )
  .map((list): PackedEntry[] => list.map((entry, index) => ({ ...entry, position: 2 ** 40 + index })));

function decoded(bytes: Uint8Array): PackedEntry[] {
  const found: PackedEntry[] = [];
  for (const { stream, revision, position, occurredAt, offset, length } of packedFacts({ bytes })) {
    found.push({ stream, revision, position, occurredAt, payload: bytes.slice(offset, offset + length) });
  }
  return found;
}

describe('packed pages', () => {
  test('give back the entries they were made of', () => {
    fc.assert(
      fc.property(entries, (list) => {
        expect(decoded(packFacts(list))).toEqual(list);
      }),
    );
  });

  test('are cut to a run of their facts', () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat(), (list, a, b) => {
        const keep = (fact: { position: number }) =>
          fact.position >= 2 ** 40 + a && fact.position <= 2 ** 40 + b;
        expect(decoded(cutPage(packFacts(list), keep))).toEqual(list.filter(keep));
      }),
    );
  });

  test('with a frame that does not fit are refused, never skipped', () => {
    fc.assert(
      fc.property(entries, fc.integer({ min: 1, max: 27 }), (list, missing) => {
        fc.pre(list.length > 0);
        const bytes = packFacts(list);
        expect(() => decoded(bytes.subarray(0, bytes.length - missing))).toThrow(LogError);
      }),
    );
    const twice = packFacts(
      [1, 1].map((position) => ({
        stream: 0,
        revision: 0,
        position,
        occurredAt: 0,
        payload: new Uint8Array(),
      })),
    );
    expect(() => decoded(twice)).toThrow(/order/);
  });

  test('are bounded in facts and bytes', async () => {
    const entry = { stream: 0, revision: 0, occurredAt: 0 };
    const small = Array.from({ length: 5000 }, (_, n) => ({
      ...entry,
      position: n + 1,
      payload: new Uint8Array(),
    }));
    expect((await all(pagesOf(small, String))).map((page) => page.lastPosition)).toEqual([4096, 5000]);
    const large = small.slice(0, 5).map((one) => ({ ...one, payload: new Uint8Array(3_000_000) }));
    expect((await all(pagesOf(large, String))).map((page) => page.lastPosition)).toEqual([2, 4, 5]);
  });

  test('are joined by SQLite byte by byte: NUL, bad UTF-8 and all', () => {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE blobs (position INTEGER PRIMARY KEY, packed BLOB NOT NULL) STRICT');
    const insert = db.prepare('INSERT INTO blobs (packed) VALUES (?)');
    const join = db.prepare(
      "SELECT CAST(group_concat(packed, '') AS BLOB) AS bytes FROM (SELECT packed FROM blobs ORDER BY position)",
    );
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1 }), { minLength: 1 }), (blobs) => {
        db.exec('DELETE FROM blobs');
        for (const blob of blobs) insert.run(blob);
        expect(join.get()?.bytes).toEqual(Uint8Array.from(blobs.flatMap((blob) => [...blob])));
      }),
    );
    db.close();
  });
});

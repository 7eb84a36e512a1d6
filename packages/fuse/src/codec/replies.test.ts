import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesIn, reply } from '../test-messages.ts';
import { type Entry, Replies } from './replies.ts';

const unique = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const u32 = fc.nat({ max: 0xffff_ffff });
const kind = fc.constantFrom('file', 'directory', 'link');
const TYPE = { file: 8, directory: 4, link: 10 };

describe.each([
  ['little', true],
  ['big', false],
])('replies in %s-endian order', (_, isLittle) => {
  const replies = new Replies(isLittle);

  it('name the request that they answer', () => {
    fc.assert(
      fc.property(unique, fc.integer({ min: 1, max: 511 }), (id, errno) => {
        expect(reply(replies.error(id, errno), isLittle)).toMatchObject({ unique: id, errno });
        expect(reply(replies.ok(id), isLittle)).toMatchObject({ unique: id, errno: 0 });
      }),
    );
  });

  it('describe a node: where the kernel looks for its number, type, mode, size, owner and time', () => {
    const attributes = fc.record({
      ino: fc.maxSafeNat(),
      kind,
      mode: fc.nat({ max: 0o777 }),
      size: fc.constantFrom(0, 4096),
      uid: u32,
      gid: u32,
      time: u32,
    });
    fc.assert(
      fc.property(unique, fc.maxSafeNat(), attributes, (id, node, of) => {
        const entry = reply(replies.entry(id, node, of), isLittle).body;
        expect(entry.byteLength).toBe(128);
        expect(entry.getBigUint64(0, isLittle)).toBe(BigInt(node));
        expect(entry.getBigUint64(16, isLittle)).toBe(0n); // how long its name is good for
        const alone = reply(replies.attributes(id, of), isLittle).body;
        expect(alone.byteLength).toBe(104);
        for (const [body, at] of [
          [entry, 40],
          [alone, 16],
        ] as const) {
          const u32At = (field: number) => body.getUint32(at + field, isLittle);
          expect(body.getBigUint64(at, isLittle)).toBe(BigInt(of.ino));
          expect(body.getBigUint64(at + 8, isLittle)).toBe(BigInt(of.size));
          expect(body.getBigUint64(at + 32, isLittle)).toBe(BigInt(of.time));
          expect([u32At(60), u32At(64), u32At(68), u32At(72)]).toEqual([
            TYPE[of.kind] * 0o10000 + of.mode,
            1,
            of.uid,
            of.gid,
          ]);
        }
      }),
    );
  });

  it('open without the page cache', () => {
    const { body } = reply(replies.open(2n, 77), isLittle);
    expect(body.byteLength).toBe(16);
    expect(body.getBigUint64(0, isLittle)).toBe(77n);
    expect(body.getUint32(8, isLittle) & 1).toBe(1);
  });

  it('agree on protocol 7.31, whole writes, and truncation as part of open', () => {
    const { body } = reply(replies.init(2n, 131072), isLittle);
    const u32At = (field: number) => body.getUint32(field, isLittle);
    expect(body.byteLength).toBe(64);
    expect([u32At(0), u32At(4), u32At(8), u32At(20)]).toEqual([7, 31, 131072, 32768]);
    expect(u32At(12) & (1 << 3)).not.toBe(0);
  });

  it('say how much was written', () => {
    expect(reply(replies.written(2n, 4096), isLittle).body.getUint32(0, isLittle)).toBe(4096);
  });

  it('list as many entries as fit, whole and in order', () => {
    const entry = fc.record({
      ino: fc.maxSafeNat(),
      next: fc.maxSafeNat(),
      kind: fc.option(kind, { nil: undefined }),
      name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.integer({ min: 0, max: 1000 }), (entries, size) => {
        const { body } = reply(replies.entries(2n, entries, size), isLittle);
        expect(body.byteLength).toBeLessThanOrEqual(size);
        const listed = entriesIn(body, isLittle);
        expect(listed).toEqual(entries.slice(0, listed.length).map(asListed));
        const next = entries[listed.length];
        const needed = next && 24 + Math.ceil(Buffer.byteLength(next.name) / 8) * 8;
        expect(needed ?? size).toBeGreaterThanOrEqual(needed === undefined ? size : size - body.byteLength);
      }),
    );
  });

  const asListed = ({ ino, next, kind: is, name }: Entry) => ({
    ino: BigInt(ino),
    next: BigInt(next),
    type: is === undefined ? 0 : TYPE[is],
    name,
  });
});

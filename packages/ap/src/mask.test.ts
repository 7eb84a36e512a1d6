import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  and,
  andNot,
  count,
  EMPTY_MASK,
  equals,
  FULL_MASK,
  forEachId,
  formatMask,
  has,
  idsOf,
  intersects,
  isEmpty,
  MASK_BITS,
  maskFromWords,
  maskOf,
  maskOfRange,
  or,
  parseAbsoluteMask,
  withBit,
  withoutBit,
} from './index.ts';

const anyId = fc.nat(MASK_BITS - 1);
/** The model: a set of ids. Few, many and neighbouring ids all occur. */
const anySet = fc
  .oneof(fc.uniqueArray(anyId, { maxLength: 6 }), fc.uniqueArray(anyId, { maxLength: MASK_BITS }))
  .map((ids) => new Set(ids));
const ascending = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);

describe('a mask is a set of ids 0 to 255', () => {
  it('lists the ids that it was made of, ascending', () => {
    fc.assert(
      fc.property(anySet, (ids) => {
        const visited: number[] = [];
        forEachId(maskOf(ids), (id) => visited.push(id));
        expect(visited).toEqual(ascending(ids));
        expect(idsOf(maskOf(ids))).toEqual(ascending(ids));
      }),
    );
  });

  it('counts, holds and is empty like the set', () => {
    fc.assert(
      fc.property(anySet, anyId, (ids, id) => {
        const mask = maskOf(ids);
        expect(count(mask)).toBe(ids.size);
        expect(isEmpty(mask)).toBe(ids.size === 0);
        expect(has(mask, id)).toBe(ids.has(id));
      }),
    );
  });

  it('gains and loses one id, and leaves the mask before as it was', () => {
    fc.assert(
      fc.property(anySet, anyId, (ids, id) => {
        const mask = maskOf(ids);
        expect(idsOf(withBit(mask, id))).toEqual(ascending(new Set(ids).add(id)));
        expect(idsOf(withoutBit(mask, id))).toEqual(ascending(ids).filter((other) => other !== id));
        expect(idsOf(mask)).toEqual(ascending(ids));
      }),
    );
  });

  it('has the union, intersection and difference of the sets', () => {
    fc.assert(
      fc.property(anySet, anySet, (a, b) => {
        const [left, right] = [maskOf(a), maskOf(b)];
        expect(idsOf(and(left, right))).toEqual(ascending(a.intersection(b)));
        expect(idsOf(or(left, right))).toEqual(ascending(a.union(b)));
        expect(idsOf(andNot(left, right))).toEqual(ascending(a.difference(b)));
        expect(intersects(left, right)).toBe(!a.isDisjointFrom(b));
        expect(equals(left, right)).toBe(a.symmetricDifference(b).size === 0);
        expect(idsOf(left)).toEqual(ascending(a));
      }),
    );
  });

  it('equals a mask made apart from it, whether of ids, of words or of both operands', () => {
    fc.assert(
      fc.property(anySet, (ids) => {
        const mask = maskOf(ids);
        expect(equals(mask, maskOf([...ids].reverse()))).toBe(true);
        expect(
          equals(mask, maskFromWords([7, ...Array.from({ length: 8 }, (_, i) => mask[i] ?? 0)], 1)),
        ).toBe(true);
        expect(equals(or(mask, mask), and(mask, mask))).toBe(true);
      }),
    );
  });

  it('makes a range of both its ends and what lies between', () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const ids = Array.from({ length: last - first + 1 }, (_, i) => first + i);
        expect(idsOf(maskOfRange(first, last))).toEqual(ids);
      }),
    );
  });

  it('prints as 0x and 64 lower-case digits that parse to the same mask', () => {
    fc.assert(
      fc.property(anySet, (ids) => {
        const mask = maskOf(ids);
        const text = formatMask(mask);
        expect(text).toMatch(/^0x[0-9a-f]{64}$/);
        expect(idsOf(parseAbsoluteMask(text) ?? EMPTY_MASK)).toEqual(ascending(ids));
      }),
    );
  });

  it('has the most significant digit for ids 0 to 3', () => {
    expect(formatMask(maskOf([0]))).toBe(`0x8${'0'.repeat(63)}`);
    expect(formatMask(maskOf([3]))).toBe(`0x1${'0'.repeat(63)}`);
    expect(formatMask(maskOf([4]))).toBe(`0x08${'0'.repeat(62)}`);
    expect(formatMask(maskOf([255]))).toBe(`0x${'0'.repeat(63)}1`);
  });

  it('is all zero when empty and all ones when full', () => {
    expect(formatMask(EMPTY_MASK)).toBe(`0x${'0'.repeat(64)}`);
    expect(formatMask(FULL_MASK)).toBe(`0x${'f'.repeat(64)}`);
    expect(count(FULL_MASK)).toBe(256);
    expect(isEmpty(FULL_MASK)).toBe(false);
  });

  it('takes no id outside 0 to 255', () => {
    for (const id of [-1, 256, 1.5, Number.NaN]) {
      expect(() => maskOf([id])).toThrow(RangeError);
      expect(() => withBit(EMPTY_MASK, id)).toThrow(RangeError);
      expect(() => withoutBit(FULL_MASK, id)).toThrow(RangeError);
    }
    expect(has(FULL_MASK, 256)).toBe(false);
    expect(has(FULL_MASK, -1)).toBe(false);
  });
});

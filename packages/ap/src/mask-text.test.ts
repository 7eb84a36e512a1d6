/** What apmask and aqmask take for a mask: driver-rules 3.1, sentence by sentence. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  EMPTY_MASK,
  FULL_MASK,
  formatMask,
  idsOf,
  maskFromHex,
  maskOf,
  type NumberOverflow,
  parseAbsoluteMask,
  parseBusMask,
} from './index.ts';

const BEFORE = maskOf([1, 100]);

/** The ids after the write; undefined = EINVAL. */
function written(text: string, overflow: NumberOverflow = 'saturate', before = BEFORE): number[] | undefined {
  const mask = parseBusMask(text, before, overflow);
  return mask === undefined ? undefined : idsOf(mask);
}

describe('an absolute mask', () => {
  test.each([
    ['the document`s example, devices 1 and 7', `0x41${'0'.repeat(62)}`, [1, 7]],
    ['without 0x', `41${'0'.repeat(62)}`, [1, 7]],
    ['a lone leading x', 'x41', [1, 7]],
    ['short: the missing digits are 0', '0x41', [1, 7]],
    ['upper-case digits', '0xC', [0, 1]],
    ['a single 0', '0', []],
    ['a final newline', '0x8\n', [0]],
    ['64 digits and a newline', `0x${'0'.repeat(63)}1\n`, [255]],
    ['`echo > apmask`: no digit at all', '\n', []],
    ['0x alone', '0x', []],
    ['x alone', 'x', []],
    ['what follows a NUL byte is not looked at', '0x8\0,garbage', [0]],
    ['a NUL byte first: no digit at all', '\0+5', []],
    ['numbers are no ids: 10 is bit 3', '10', [3]],
  ])('%s', (_, text, ids) => {
    expect(written(text)).toEqual(ids);
  });

  test.each([
    ['65 digits', `0x${'0'.repeat(65)}`],
    ['65 digits and a newline', `0x${'0'.repeat(65)}\n`],
    ['upper-case 0X', '0X8'],
    ['0x twice', '0x0x8'],
    ['xx', 'xx8'],
    ['a leading blank', ' 0x8'],
    ['a trailing blank', '0x8 '],
    ['two newlines', '0x8\n\n'],
    ['newlines alone', '\n\n'],
    ['a comma', '0x8,'],
    ['ids without signs', '1,2'],
    ['a sign later on', '0x8+1'],
    ['a digit that is not hexadecimal', '0xg'],
    ['a letter', 'mask'],
  ])('is EINVAL with %s', (_, text) => {
    expect(written(text)).toBeUndefined();
  });

  it('replaces the whole mask, whatever it was', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(255)), fc.uniqueArray(fc.nat(255)), (before, after) => {
        const mask = parseBusMask(formatMask(maskOf(after)), maskOf(before), 'wrap');
        expect(idsOf(mask ?? FULL_MASK)).toEqual(after.sort((a, b) => a - b));
      }),
    );
  });
});

describe('a relative mask', () => {
  test.each([
    ['adds', '+5', [1, 5, 100]],
    ['takes away', '-1', [100]],
    ['does both', '+5,-1', [5, 100]],
    ['+1-5 is the range 1 to 5, not +1 and -5', '+1-5', [1, 2, 3, 4, 5, 100]],
    ['+1+2 needs no comma', '+1+2', [1, 2, 100]],
    ['a range of one', '+7-7', [1, 7, 100]],
    ['a range taken away', '-0-0x63', [100]],
    ['a range, then a term without comma', '+1-3-2', [1, 3, 100]],
    ['commas by the handful, and one at the end', '+2,,,+3,', [1, 2, 3, 100]],
    ['newlines between terms and at the end', '+2\n\n,+3\n\n', [1, 2, 3, 100]],
    ['hexadecimal', '+0x10', [1, 16, 100]],
    ['octal: 010 is 8', '+010', [1, 8, 100]],
    ['the last term wins', '+0-255,-128', Array.from({ length: 256 }, (_, i) => i).filter((i) => i !== 128)],
    ['nothing to change', '+1,-2', [1, 100]],
    ['the highest id', '+255', [1, 100, 255]],
    ['what follows a NUL byte is not looked at', '+2\0junk', [1, 2, 100]],
  ])('%s', (_, text, ids) => {
    expect(written(text)).toEqual(ids);
  });

  test.each([
    ['a blank before the comma', '+1 ,+2'],
    ['a term without sign', '+1,2'],
    ['a comma first', ',+1'],
    ['a sign alone', '+'],
    ['a minus alone', '-'],
    ['two signs', '+-1'],
    ['two pluses', '++1'],
    ['a range without end', '+1-'],
    ['a range backwards', '+5-1'],
    ['an end below its start, as in +5,-1 without comma', '+5-1'],
    ['an id of 256', '+256'],
    ['a range up to 256', '+1-256'],
    ['08, which is 0 followed by 8', '+08'],
    ['0x without digit', '+0x'],
    ['a letter', '+a'],
    ['a blank after the sign', '+ 1'],
    ['a mask', '+1,0x8'],
    ['a bad term after good ones', '+3,+4,+300'],
  ])('is EINVAL with %s', (_, text) => {
    expect(written(text)).toBeUndefined();
  });

  it('saturates at 2^64 in 7.3, which is EINVAL', () => {
    expect(written('+18446744073709551617', 'saturate')).toBeUndefined();
    expect(written('+0-18446744073709551616', 'saturate')).toBeUndefined();
  });

  it('wraps modulo 2^32 in kernels before 2024; what was negative there, and wrote anywhere, is refused here', () => {
    expect(written('+4294967301', 'int', EMPTY_MASK)).toEqual([5]);
    expect(written('+18446744073709551617-0x100000003', 'int', EMPTY_MASK)).toEqual([1, 2, 3]);
    expect(written('+4294967295', 'int', EMPTY_MASK)).toBeUndefined();
    expect(written('+4294967301', 'wrap', EMPTY_MASK)).toBeUndefined();
  });

  it('wraps modulo 2^64 in older kernels: 2^64 + 1 is 1, 2^64 + 256 too high', () => {
    expect(written('+18446744073709551617', 'wrap', EMPTY_MASK)).toEqual([1]);
    expect(written('+0x10000000000000002', 'wrap', EMPTY_MASK)).toEqual([2]);
    expect(written('+0-18446744073709551618', 'wrap', EMPTY_MASK)).toEqual([0, 1, 2]);
    expect(written('+18446744073709551872', 'wrap', EMPTY_MASK)).toBeUndefined();
  });

  it('applies its terms from left to right, like steps on a set', () => {
    const term = fc.record({ sign: fc.constantFrom('+', '-'), a: fc.nat(255), b: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(255)),
        fc.array(term, { minLength: 1, maxLength: 6 }),
        (before, terms) => {
          const model = new Set(before);
          const texts = terms.map(({ sign, a, b }) => {
            const [first, last] = [Math.min(a, b), Math.max(a, b)];
            for (let id = first; id <= last; id++) sign === '+' ? model.add(id) : model.delete(id);
            return `${sign}${first}-0x${last.toString(16)}`;
          });
          expect(written(texts.join(','), 'saturate', maskOf(before))).toEqual(
            [...model].sort((x, y) => x - y),
          );
        },
      ),
    );
  });
});

describe('any text at all', () => {
  it('gives a mask or EINVAL, and never changes the mask that it started from', () => {
    const alphabet = fc.constantFrom(...'+-,\n0x1f9 \0aX');
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        const before = maskOf([1, 100]);
        const after = parseBusMask(text, before, 'wrap');
        expect(idsOf(before)).toEqual([1, 100]);
        if (after !== undefined) expect(formatMask(after)).toHaveLength(66);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a mask in a fact', () => {
  it('is exactly 0x and 64 lower-case digits', () => {
    expect(idsOf(maskFromHex(`0x${'0'.repeat(63)}1`))).toEqual([255]);
    for (const text of ['', '0x', `0x${'0'.repeat(63)}`, `0x${'F'.repeat(64)}`, `0x${'0'.repeat(64)}\n`])
      expect(() => maskFromHex(text)).toThrow(RangeError);
  });

  it('is the mask that the file shows', () => {
    expect(parseAbsoluteMask(`${formatMask(FULL_MASK)}\n`)).toEqual(maskFromHex(formatMask(FULL_MASK)));
  });
});

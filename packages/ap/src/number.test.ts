/** Numbers written to assign_adapter and its like: driver-rules 1. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseKernelNumber } from './index.ts';
import { scanKernelNumber } from './number.ts';

describe('a number written to an attribute', () => {
  test.each([
    ['decimal', '71', 71],
    ['hexadecimal', '0x47', 71],
    ['hexadecimal with X and upper-case digits', '0XaB', 171],
    ['octal: 010 is 8', '010', 8],
    ['zero', '0', 0],
    ['zeros are octal zero', '000', 0],
    ['one leading plus', '+5', 5],
    ['a plus before hexadecimal', '+0x5', 5],
    ['one final newline', '5\n', 5],
    ['what follows a NUL byte is not looked at', '5\0junk', 5],
  ])('%s', (_, text, value) => {
    expect(parseKernelNumber(text)).toBe(value);
  });

  test.each([
    ['nothing', ''],
    ['a newline', '\n'],
    ['a blank', ' '],
    ['a leading blank', ' 5'],
    ['a trailing blank', '5 '],
    ['-1', '-1'],
    ['-0', '-0'],
    ['08', '08'],
    ['two numbers', '5,6'],
    ['two newlines', '5\n\n'],
    ['0x without digit', '0x'],
    ['two pluses', '++5'],
    ['a plus alone', '+'],
    ['a word', 'five'],
    ['hexadecimal without 0x', 'ff'],
    ['a NUL byte first', '\x005'],
    ['a carriage return', '5\r\n'],
  ])('is EINVAL: %s', (_, text) => {
    expect(parseKernelNumber(text)).toBe('EINVAL');
  });

  test.each([
    ['2^64', '18446744073709551616'],
    ['2^64 in hexadecimal', '0x10000000000000000'],
    ['2^64 in octal', '02000000000000000000000'],
    ['2^64 with a plus and a newline', '+18446744073709551616\n'],
    ['2^64 even when garbage follows', '18446744073709551616 apples'],
    ['a thousand nines', '9'.repeat(1000)],
  ])('is ERANGE: %s', (_, text) => {
    expect(parseKernelNumber(text)).toBe('ERANGE');
  });

  it('is a number up to 2^64 - 1, and EINVAL when garbage follows that', () => {
    expect(parseKernelNumber('18446744073709551615')).toBeTypeOf('number');
    expect(parseKernelNumber('18446744073709551615x')).toBe('EINVAL');
  });

  it('reads what was printed in any of the three bases', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        for (const text of [String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`])
          expect(parseKernelNumber(`+${text}\n`)).toBe(value);
      }),
    );
  });
});

describe('a number inside a longer text', () => {
  it('ends where its digits end', () => {
    expect(scanKernelNumber('+12,3', 1, 'saturate')).toEqual({ value: 12, end: 3 });
    expect(scanKernelNumber('0x1g', 0, 'saturate')).toEqual({ value: 1, end: 3 });
    expect(scanKernelNumber('0xg', 0, 'saturate')).toEqual({ value: 0, end: 1 });
    expect(scanKernelNumber('08', 0, 'saturate')).toEqual({ value: 0, end: 1 });
  });

  it('is none without a digit, and takes no sign', () => {
    expect(scanKernelNumber('', 0, 'wrap')).toBeUndefined();
    expect(scanKernelNumber('+1', 0, 'wrap')).toBeUndefined();
    expect(scanKernelNumber('x1', 0, 'wrap')).toBeUndefined();
  });
});

/** Matrices and the texts of matrix, guest_matrix, control_domains and ap_config: driver-rules 5.1 and 5.5. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  apqn,
  apqnsOf,
  type ControlledMatrix,
  commonMatrix,
  count,
  EMPTY_MASK,
  EMPTY_MATRIX,
  equalMatrices,
  formatApConfigFile,
  formatApqn,
  formatControlDomainsFile,
  formatMatrixFile,
  idsOf,
  type Matrix,
  maskOf,
  matricesOverlap,
  matrixHas,
  parseApConfig,
} from './index.ts';

const matrix = (adapters: number[], domains: number[], controlDomains: number[] = []): ControlledMatrix => ({
  adapters: maskOf(adapters),
  domains: maskOf(domains),
  controlDomains: maskOf(controlDomains),
});
const anyIds = fc.uniqueArray(fc.oneof(fc.nat(8), fc.nat(255)), { maxLength: 6 });
const anyMatrix = fc.tuple(anyIds, anyIds, anyIds).map((ids) => matrix(...ids));
const names = (of: Matrix): string[] => apqnsOf(of).map(formatApqn);

describe('a matrix', () => {
  it('is the Cartesian product of its adapters and domains, adapters first', () => {
    expect(names(matrix([6, 5], [0x47, 4]))).toEqual(['05.0004', '05.0047', '06.0004', '06.0047']);
  });

  it('holds exactly its APQNs', () => {
    fc.assert(
      fc.property(anyMatrix, fc.nat(8), fc.nat(8), (of, apid, apqi) => {
        expect(matrixHas(of, apid, apqi)).toBe(apqnsOf(of).includes(apqn(apid, apqi)));
        expect(apqnsOf(of)).toHaveLength(count(of.adapters) * count(of.domains));
      }),
    );
  });

  it('overlaps another one exactly when an APQN lies in both', () => {
    fc.assert(
      fc.property(anyMatrix, anyMatrix, (a, b) => {
        const inBoth = names(a).filter((name) => names(b).includes(name));
        expect(matricesOverlap(a, b)).toBe(inBoth.length > 0);
        expect(names(commonMatrix(a, b))).toEqual(inBoth);
      }),
    );
  });

  it('equals another one only when the control domains are the same, too', () => {
    expect(equalMatrices(matrix([1], [2], [3]), matrix([1], [2], [3]))).toBe(true);
    expect(equalMatrices(matrix([1], [2], [3]), matrix([1], [2], []))).toBe(false);
    expect(equalMatrices(matrix([1], [2]), matrix([1], []))).toBe(false);
    expect(equalMatrices(matrix([1], [2]), matrix([], [2]))).toBe(false);
  });
});

describe('the matrix and guest_matrix files', () => {
  test.each([
    ['a line for each APQN', matrix([5, 0xa], [4, 0xab]), '05.0004\n05.00ab\n0a.0004\n0a.00ab\n'],
    ['only adapters', matrix([5, 0xff], []), '05.\nff.\n'],
    ['only domains', matrix([], [4, 0x47]), '.0004\n.0047\n'],
    ['nothing: an empty file', EMPTY_MATRIX, ''],
    ['control domains are not shown', matrix([], [], [4]), ''],
  ])('%s', (_, of, text) => {
    expect(formatMatrixFile(of)).toBe(text);
  });
});

describe('the control_domains file', () => {
  it('has four hexadecimal digits a line', () => {
    expect(formatControlDomainsFile(maskOf([0xab, 4]))).toBe('0004\n00ab\n');
    expect(formatControlDomainsFile(EMPTY_MASK)).toBe('');
  });
});

describe('the ap_config file', () => {
  it('shows three masks in 201 bytes', () => {
    const text = formatApConfigFile(matrix([0], [255], [4]));
    expect(text).toBe(`0x8${'0'.repeat(63)},0x${'0'.repeat(63)}1,0x08${'0'.repeat(62)}\n`);
    expect(text).toHaveLength(201);
  });

  it('takes back what it shows', () => {
    fc.assert(
      fc.property(anyMatrix, (of) => {
        expect(parseApConfig(formatApConfigFile(of))).toEqual(of);
      }),
    );
  });
});

describe('a write to ap_config', () => {
  /** Adapters, domains and control domains; undefined = EINVAL. */
  const written = (text: string): number[][] | undefined => {
    const of = parseApConfig(text);
    return of && [idsOf(of.adapters), idsOf(of.domains), idsOf(of.controlDomains)];
  };

  test.each([
    ['three masks', '0x8,0x4,0x2\n', [[0], [1], [2]]],
    ['without 0x', '8,4,2', [[0], [1], [2]]],
    ['newlines instead of commas', '0x8\n0x4\n0x2\n', [[0], [1], [2]]],
    ['empty fields are empty masks', '0x8,,', [[0], [], []]],
    ['two commas clear everything', ',,', [[], [], []]],
    ['two newlines clear everything', '\n\n', [[], [], []]],
    ['each separator is one: the mask after three is not reached', ',,,0x8', [[], [], []]],
    ['what follows the third field is ignored', '0x8,0x4,0x2,rubbish', [[0], [1], [2]]],
    ['what follows a NUL byte is not looked at', '0x8,0x4,0x2\0zz', [[0], [1], [2]]],
    ['0x and x are empty masks', '0x,x,0x', [[], [], []]],
  ])('%s', (_, text, ids) => {
    expect(written(text)).toEqual(ids);
  });

  test.each([
    ['two fields', '0x8,0x4'],
    ['one field', '0x8'],
    ['an empty line', '\n'],
    ['nothing', ''],
    ['a relative field', '0x8,+1,0x2'],
    ['a blank', '0x8, 0x4,0x2'],
    ['a bad third field', '0x8,0x4,zz'],
    ['65 digits', `0x${'0'.repeat(65)},,`],
    ['0X', '0X8,,'],
    ['a NUL byte before the second comma', '0x8,\0,'],
  ])('is EINVAL: %s', (_, text) => {
    expect(written(text)).toBeUndefined();
  });

  it('is read up to its 201st byte', () => {
    const full = `0x${'0'.repeat(64)},0x${'0'.repeat(64)},0x${'0'.repeat(63)}`;
    expect(full).toHaveLength(199);
    expect(written(`${full}1`)).toEqual([[], [], [255]]);
    expect(written(`${full}1\nrubbish`)).toEqual([[], [], [255]]);
    // The 201st byte counts, the 202nd does not.
    expect(written(`${full}1z`)).toBeUndefined();
    expect(written(`${'0'.repeat(64)},${'0'.repeat(64)},${' '.repeat(71)}`)).toBeUndefined();
    expect(written(`,${'\n'.repeat(200)}zz`)).toEqual([[], [], []]);
  });

  it('loses a separator that comes after 201 bytes', () => {
    expect(written(`${'0'.repeat(64)},${'0'.repeat(64)},`)).toEqual([[], [], []]);
    expect(written(`,${'x'.repeat(200)},`)).toBeUndefined();
  });
});

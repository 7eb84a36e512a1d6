import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  apidOf,
  apqiOf,
  apqn,
  formatApid,
  formatApqi,
  formatApqn,
  formatCard,
  parseApqn,
  parseCard,
  readApqn,
} from './index.ts';

describe('an APQN as people write it', () => {
  it.each(['05.0047', '5.47', '05.47', '5.0047', '0x05.0x47', '05,47', '0x5,0047'])('%s is read', (text) => {
    expect(readApqn(text)).toBe(apqn(5, 0x47));
  });
  it.each(['', '5', '5.', '.47', '105.47', '5.147', '5.01047', '5-47', ' 5.47', '5.47\n', '5.4.7'])(
    '%j is not',
    (text) => {
      expect(readApqn(text)).toBeUndefined();
    },
  );
});

describe('an APQN', () => {
  it('is written 05.0047: two digits of adapter, four of domain, lower case', () => {
    expect(formatApqn(apqn(5, 0x47))).toBe('05.0047');
    expect(formatApqn(apqn(0xab, 0xff))).toBe('ab.00ff');
    expect(formatApid(0xa)).toBe('0a');
    expect(formatApqi(0xa)).toBe('000a');
  });

  it('comes back from its name', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (apid, apqi) => {
        const queue = apqn(apid, apqi);
        expect([apidOf(queue), apqiOf(queue)]).toEqual([apid, apqi]);
        expect(parseApqn(formatApqn(queue))).toBe(queue);
      }),
    );
  });

  test.each([
    '',
    '5.47',
    '05.47',
    '05.0147',
    '05.0047 ',
    '05.0047\n',
    ' 05.0047',
    '0A.0047',
    '05,0047',
    'card05',
  ])('is not named by %j', (text) => {
    expect(parseApqn(text)).toBeUndefined();
  });
});

describe('a card', () => {
  it('is named card05', () => {
    expect(formatCard(0xa)).toBe('card0a');
    expect(parseCard('card0a')).toBe(10);
  });

  test.each(['', 'card5', 'card0A', 'card005', 'card05\n', '05'])('is not named by %j', (text) => {
    expect(parseCard(text)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatClock, formatDay, formatDuration, formatMoment, NOW, parseMoment } from './moment.ts';

describe('a moment', () => {
  it.each(['37', '0', '2026-11-17T09:14:00Z', '2026-11-17T10:14:00+01:00'])(
    '%s is what was written',
    (text) => {
      expect(formatMoment(parseMoment(text))).toBe(text);
    },
  );

  it.each([undefined, '', 'now', ' Now '])('%j means now', (text) => {
    expect(parseMoment(text)).toEqual(NOW);
  });

  // The service reads these, or says why it cannot.
  it.each(['2026-11-17T09:14:00', 'yesterday', '-3', '1e9', '2026-13-45T99:00:00Z'])(
    '%j is never taken for now',
    (text) => {
      expect(parseMoment(text)).toEqual({ kind: 'time', time: text });
    },
  );

  it('has its plus sign again where an address lost it', () => {
    expect(parseMoment('2026-11-25T09:14:00 01:00')).toEqual({
      kind: 'time',
      time: '2026-11-25T09:14:00+01:00',
    });
    expect(parseMoment('2026-11-25 09:14')).toEqual({ kind: 'time', time: '2026-11-25 09:14' });
  });

  it('is read in UTC, wherever the reader is', () => {
    const time = Date.parse('2026-11-17T23:59:59.250Z');
    expect(`${formatDay(time)} ${formatClock(time)}`).toBe('Tue 17 Nov 2026 23:59:59.250');
  });

  it.each([
    [340, '340 ms'],
    [1000, '1 s'],
    [61_000, '1 min 1 s'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 d 1 h'],
  ])('%d ms are %s', (duration, words) => {
    expect(formatDuration(duration)).toBe(words);
  });

  it('has words for any duration', () => {
    fc.assert(fc.property(fc.nat(), (duration) => formatDuration(duration).length > 0));
  });
});

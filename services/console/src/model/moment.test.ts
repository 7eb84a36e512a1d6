import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  formatClock,
  formatDay,
  formatDuration,
  formatMoment,
  formatTime,
  formatTyped,
  inShownZone,
  isAbsolute,
  NOW,
  parseMoment,
  shownZone,
} from './moment.ts';

afterEach(() => {
  shownZone.value = 'UTC';
});

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

  it('is shown in another zone when the reader wants that, summer time and all', () => {
    shownZone.value = 'Europe/Zurich';
    expect(formatTime(Date.parse('2026-11-17T23:30:00Z'))).toBe('Wed 18 Nov 2026 00:30:00 +01:00');
    expect(formatTime(Date.parse('2026-07-17T23:30:00Z'))).toBe('Sat 18 Jul 2026 01:30:00 +02:00');
    expect(formatTyped(Date.parse('2026-07-17T23:30:00Z'))).toBe('2026-07-18 01:30:00');
    shownZone.value = 'Europe/London';
    expect(formatTime(Date.parse('2026-01-01T00:00:00Z'))).toBe('Thu 01 Jan 2026 00:00:00 +00:00');
    shownZone.value = 'UTC';
    expect(formatTime(Date.parse('2026-07-17T23:30:00Z'))).toBe('Fri 17 Jul 2026 23:30:00 UTC');
  });

  it.each([
    ['2026-11-17 09:14', '2026-11-17 09:14 Europe/Zurich'],
    ['09:14', '09:14 Europe/Zurich'],
    ['yesterday', 'yesterday Europe/Zurich'],
    ['2026-11-17T09:14:00Z', '2026-11-17T09:14:00Z'],
    ['2026-11-17 09:14 +02:00', '2026-11-17 09:14 +02:00'],
    ['-2h', '-2h'],
    ['41207', '41207'],
    ['now', 'now'],
  ])('%s is read in the zone that is shown: %s', (typed, asked) => {
    expect(inShownZone(typed)).toBe(typed);
    shownZone.value = 'Europe/Zurich';
    expect(inShownZone(typed)).toBe(asked);
  });

  it('is absolute when it means the same tomorrow', () => {
    const texts = ['37', '2026-11-17T09:14:00Z', '2026-11-17T09:14:00+01:00', 'yesterday', '09:14', '-2h'];
    expect(texts.filter(isAbsolute)).toEqual(texts.slice(0, 3));
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

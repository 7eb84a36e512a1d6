import { describe, expect, it } from 'vitest';
import { zoneNamed } from './zone.ts';

describe('the zone that TZ names', () => {
  it.each([
    ['', 'UTC'],
    ['UTC', 'UTC'],
    ['GMT', 'UTC'],
    ['Europe/Zurich', 'Europe/Zurich'],
    [':Europe/Zurich', 'Europe/Zurich'],
    ['EST5EDT', 'America/New_York'],
    ['/usr/share/zoneinfo/Europe/Zurich', 'Europe/Zurich'],
    ['UTC0', 'UTC'],
    ['UTC+3', '-03:00'],
    ['JST-9', '+09:00'],
    ['EST5', '-05:00'],
    ['IST-5:30', '+05:30'],
    ['<+0545>-5:45', '+05:45'],
    ['<+03>-3', '+03:00'],
  ])('TZ=%s is %s', (tz, zone) => {
    expect(zoneNamed(tz, 'America/Lima')).toBe(zone);
  });

  it.each([
    'CET-1CEST',
    'CET-1CEST,M3.5.0,M10.5.0/3',
    'Nowhere',
    '+03:00',
    'XXX-25',
    'LMT-1:02:03',
    '/no/such',
  ])('TZ=%s is not guessed', (tz) => {
    const zone = zoneNamed(tz, 'UTC');
    expect(zone).toEqual({ unknown: expect.stringContaining(`TZ=${tz} is no zone that is known here.`) });
    expect(zone).toEqual({ unknown: expect.stringContaining('Set TZ to a name like Europe/Paris') });
  });

  it('is the zone of the machine without TZ, when that is known', () => {
    expect(zoneNamed(undefined, 'America/Lima')).toBe('America/Lima');
    for (const own of [undefined, 'Etc/Unknown'])
      expect(zoneNamed(undefined, own)).toEqual({ unknown: expect.stringContaining('Set TZ') });
  });
});

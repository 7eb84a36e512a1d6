import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { momentText, NotAMoment, parseMoment } from './index.ts';
import type { Here } from './parse.ts';

/** A Thursday, 10:30 in Zurich. */
const NOW = new Date('2026-11-26T09:30:00.000Z');
const zurich = { now: NOW, zone: 'Europe/Zurich' };
const timeOf = (text: string, here: Here = zurich): string => parseMoment(text, here).time;

describe('a moment', () => {
  it('needs the zone here only where it names none and the clock matters', () => {
    const here = { now: NOW, zone: { unknown: 'TZ is odd.' } };
    expect(timeOf('-2h', here)).toBe('2026-11-26T07:30:00.000Z');
    expect(timeOf('now', here)).toBe('2026-11-26T09:30:00.000Z');
    expect(timeOf('@1795679880', here)).toBe('2026-11-26T07:58:00.000Z');
    expect(timeOf('today 09:14 Asia/Tokyo', here)).toBe('2026-11-26T00:14:00.000Z');
    for (const text of ['-1d', 'yesterday', '09:14', '2026-11-17'])
      expect(() => timeOf(text, here)).toThrow(new NotAMoment(`${text}: names no zone. TZ is odd.`));
  });

  it.each([
    ['now', '2026-11-26T09:30:00.000Z'],
    ['today', '2026-11-25T23:00:00.000Z'],
    ['yesterday', '2026-11-24T23:00:00.000Z'],
    ['yesterday 09:14', '2026-11-25T08:14:00.000Z'],
    ['today 09:14:02.5', '2026-11-26T08:14:02.500Z'],
    ['09:14', '2026-11-26T08:14:00.000Z'],
    ['9:14', '2026-11-26T08:14:00.000Z'],
    ['09:14 UTC', '2026-11-26T09:14:00.000Z'],
    ['2026-11-17', '2026-11-16T23:00:00.000Z'],
    ['2026-11-17 09:14', '2026-11-17T08:14:00.000Z'],
    ['2026-11-17T09:14', '2026-11-17T08:14:00.000Z'],
    ['  2026-11-17   09:14:00,25 ', '2026-11-17T08:14:00.250Z'],
    ['2026-11-17T09:14:00.123456789Z', '2026-11-17T09:14:00.123Z'],
    ['2026-11-17T09:14Z', '2026-11-17T09:14:00.000Z'],
    ['2026-11-17t09:14:00z', '2026-11-17T09:14:00.000Z'],
    ['2026-11-17Z', '2026-11-17T00:00:00.000Z'],
    ['2026-11-17T09:14:00+05:30', '2026-11-17T03:44:00.000Z'],
    ['2026-11-17 09:14 -0800', '2026-11-17T17:14:00.000Z'],
    ['2026-11-17 09:14 +01', '2026-11-17T08:14:00.000Z'],
    ['2026-11-17 09:14 Asia/Tokyo', '2026-11-17T00:14:00.000Z'],
    ['2026-11-17 asia/tokyo', '2026-11-16T15:00:00.000Z'],
    ['2026-11-17T09:14:00+09:00[Asia/Tokyo]', '2026-11-17T00:14:00.000Z'],
    ['2026-07-01 09:14 CET', '2026-07-01T08:14:00.000Z'],
    ['2026-07-01 09:14 CEST', '2026-07-01T07:14:00.000Z'],
    ['20261126T075800Z', '2026-11-26T07:58:00.000Z'],
    ['20261126T0758', '2026-11-26T06:58:00.000Z'],
    ['20261126', '2026-11-25T23:00:00.000Z'],
    ['2 hours ago', '2026-11-26T07:30:00.000Z'],
    ['an hour ago', '2026-11-26T08:30:00.000Z'],
    ['90 min ago', '2026-11-26T08:00:00.000Z'],
    ['-2h', '2026-11-26T07:30:00.000Z'],
    ['-1h30m', '2026-11-26T08:00:00.000Z'],
    ['-1d', '2026-11-25T09:30:00.000Z'],
    ['1 week ago', '2026-11-19T09:30:00.000Z'],
    ['@1795679880', '2026-11-26T07:58:00.000Z'],
    ['@1795679880.25', '2026-11-26T07:58:00.250Z'],
    ['@0', '1970-01-01T00:00:00.000Z'],
    ['Tue 09:14', '2026-11-24T08:14:00.000Z'],
    ['tuesday', '2026-11-23T23:00:00.000Z'],
    ['Thu 09:14', '2026-11-26T08:14:00.000Z'],
    ['Thu 11:14', '2026-11-19T10:14:00.000Z'],
    ['last Thu 09:14', '2026-11-19T08:14:00.000Z'],
    ['Fri 09:14 America/New_York', '2026-11-20T14:14:00.000Z'],
    ['Tue, 17 Nov 2026 09:14:00 +0100', '2026-11-17T08:14:00.000Z'],
    ['Thu Nov 26 08:58:00 CET 2026', '2026-11-26T07:58:00.000Z'],
    ['26 November 2026', '2026-11-25T23:00:00.000Z'],
  ])('%s is %s', (text, time) => {
    expect(timeOf(text)).toBe(time);
  });

  it.each([
    ['2026-02-30', /there is no such day/],
    ['2026-02-30T00:00:00Z', /there is no such day/],
    ['2026-11-31', /there is no such day/],
    ['2026-13-01', /there is no such day/],
    ['2025-02-29 10:00', /there is no such day/],
    ['2026-11-17 24:00', /there is no such time of day/],
    ['2026-11-17 09:60', /there is no such time of day/],
    ['2026-11-17 23:59:60', /there is no such time of day/],
    ['25:00', /there is no such time of day/],
    ['Mon, 17 Nov 2026 09:14:00 +0100', /2026-11-17 is a Tuesday/],
    ['2026-11-17 09:14 Europe/Nowhere', /Europe\/Nowhere is no zone/],
    ['2026-11-17 09:14 IST', /IST is no zone/],
    ['2026-11-17 09:14 +25:00', /no zone is \+25:00 from UTC/],
    ['2026-11-17 09:14 +01:60', /no zone is/],
    ['month', /not a time/],
    ['Tue 09:14 last', /last is no zone/],
    ['@1795679880000', /After @ come seconds: @1795679880\?/],
    ['2 months ago', /seconds, minutes, hours, days or weeks/],
    ['-2x', /seconds, minutes, hours, days or weeks/],
    ['-1h2h', /seconds, minutes, hours, days or weeks/],
    ['-999999999w', /before all times/],
    ['', /not a time\. Write it like 2026-11-17 09:14, 09:14, yesterday 09:14/],
    ['37', /not a time/],
    ['-5', /not a time/],
    ['tomorrow', /not a time/],
    ['11/17/2026', /not a time/],
    ['2026-11-17 09', /not a time/],
    ['x'.repeat(5000), /too long for a time/],
  ])('%s is refused', (text, why) => {
    expect(() => timeOf(text)).toThrow(NotAMoment);
    expect(() => timeOf(text)).toThrow(why);
  });
});

describe('a change of the clock', () => {
  const berlin = { now: NOW, zone: 'Europe/Berlin' };

  it('a time that exists twice is refused with both spellings, and both are read', () => {
    expect(() => timeOf('2026-10-25 02:30', berlin)).toThrow(
      '2026-10-25 02:30: this time exists twice in Europe/Berlin. Write 2026-10-25 02:30:00 +02:00 or 2026-10-25 02:30:00 +01:00.',
    );
    expect(timeOf('2026-10-25 02:30:00 +02:00', berlin)).toBe('2026-10-25T00:30:00.000Z');
    expect(timeOf('2026-10-25 02:30:00 +01:00', berlin)).toBe('2026-10-25T01:30:00.000Z');
    expect(timeOf('2026-10-25 02:30 +02:00 Europe/Berlin', berlin)).toBe('2026-10-25T00:30:00.000Z');
    expect(timeOf('2026-10-25T02:30+01:00[Europe/Berlin]', berlin)).toBe('2026-10-25T01:30:00.000Z');
  });

  it('a time that never was is refused with the two that are meant', () => {
    expect(() => timeOf('2026-03-29 02:30', berlin)).toThrow(
      '2026-03-29 02:30: this time does not exist in Europe/Berlin. Write 2026-03-29 01:30:00 +01:00 or 2026-03-29 03:30:00 +02:00.',
    );
    expect(() => timeOf('2026-03-29 02:30 +01:00 Europe/Berlin', berlin)).toThrow(
      /\+01:00 is not the time in/,
    );
  });

  it('a day that is not 24 hours long is not subtracted by guessing', () => {
    const sunday = { now: new Date('2026-10-25T12:00:00Z'), zone: 'Europe/Berlin' };
    expect(() => timeOf('-1d', sunday)).toThrow(
      '-1d: a day in between has not 24 hours in Europe/Berlin. Write 2026-10-24 13:00:00 +02:00 or 2026-10-24 14:00:00 +02:00.',
    );
    expect(timeOf('-24h', sunday)).toBe('2026-10-24T12:00:00.000Z');
    expect(timeOf('yesterday 13:00', sunday)).toBe('2026-10-24T11:00:00.000Z');
    expect(timeOf('Sun 02:30 UTC', sunday)).toBe('2026-10-25T02:30:00.000Z');
    expect(() => timeOf('02:30', sunday)).toThrow(/exists twice/);
  });

  it('a day begins when its clock does, also where midnight is skipped', () => {
    expect(timeOf('2018-11-04 America/Sao_Paulo')).toBe('2018-11-04T03:00:00.000Z');
    expect(() => timeOf('2018-11-04 00:30 America/Sao_Paulo')).toThrow(/does not exist/);
  });
});

describe('a moment in words', () => {
  const zones = [
    'UTC',
    '+05:30',
    '-08:00',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
  ];
  it.each([
    ['2026-11-17T08:14:00.000Z', 'UTC', '2026-11-17 08:14:00 UTC'],
    ['2026-11-17T08:14:00.250Z', 'Europe/Zurich', '2026-11-17 09:14:00.250 +01:00 Europe/Zurich'],
    ['2026-11-17T08:14:00.000Z', '+01:00', '2026-11-17 09:14:00 +01:00'],
  ])('%s in %s is %s', (time, zone, text) => {
    expect(momentText({ time, zone })).toBe(text);
  });

  it('is read as the same moment, wherever it is read', () => {
    const times = fc.date({ min: new Date('1990-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(times, fc.constantFrom(...zones), fc.constantFrom(...zones), (date, zone, elsewhere) => {
        const shown = { time: date.toISOString(), zone };
        expect(parseMoment(momentText(shown), { now: NOW, zone: elsewhere })).toEqual(shown);
      }),
    );
  });

  it('reads any text as one moment or refuses it, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom(...zones), (text, zone) => {
        try {
          expect(parseMoment(text, { now: NOW, zone }).time).toMatch(/^\d{4}-.*Z$/);
        } catch (error) {
          expect(error).toBeInstanceOf(NotAMoment);
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { instantOf, uuidBytes, uuidOf } from './as-text.ts';

test('a UUID is the same after it was bytes', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.nat(40), (uuid, at) => {
      const bytes = Buffer.concat([Buffer.alloc(at, 0xff), uuidBytes(uuid), Buffer.alloc(3)]);
      expect(uuidOf(bytes, at)).toBe(uuid);
    }),
  );
});

test.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])('%s', (uuid) => {
  expect(uuidOf(uuidBytes(uuid))).toBe(uuid);
});

const DAY_MS = 86_400_000;

test('an instant is what Date makes of it, whatever came before', () => {
  // Two of a day, and then one of any other: also of years before 0 and after 9999, which are written longer, and before 1970.
  const day = fc.integer({ min: -100_000_000, max: 99_999_999 });
  const time = fc.integer({ min: 0, max: DAY_MS - 1 });
  fc.assert(
    fc.property(fc.array(fc.tuple(day, time, time)), (instants) => {
      for (const [date, first, second] of instants)
        for (const at of [date * DAY_MS + first, date * DAY_MS + second, date * DAY_MS + second / 7])
          expect(instantOf(at)).toBe(new Date(at).toISOString());
    }),
  );
});

test.each([0, -1, DAY_MS - 1, DAY_MS, 1_735_689_599_999, 1_735_689_600_000])('%d milliseconds', (at) => {
  expect([instantOf(at), instantOf(at)]).toEqual([new Date(at).toISOString(), new Date(at).toISOString()]);
});

test('no time is no instant', () => {
  expect(() => instantOf(Number.NaN)).toThrow(RangeError);
});

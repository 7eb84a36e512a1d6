import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letteringOf, letterOf, MARK_COLOURS, Marks, signOf } from './marks.ts';

const mdev = fc.integer({ min: 0, max: 40 }).map(String);
const hosts = fc.array(fc.uniqueArray(mdev, { maxLength: 30 }), { maxLength: 20 });

describe('marks', () => {
  it('are different for all mdevs that are there at once, and begin with A', () => {
    fc.assert(
      fc.property(hosts, (history) => {
        const marks = new Marks();
        for (const mdevs of history) {
          const slots = marks.of(mdevs);
          expect(new Set(slots).size).toBe(mdevs.length);
        }
      }),
    );
    expect(new Marks().of(['x', 'y', 'z']).map(letterOf)).toEqual(['A', 'B', 'C']);
  });

  it('stay with those that stay', () => {
    fc.assert(
      fc.property(hosts, (history) => {
        const marks = new Marks();
        let before = new Map<string, number | undefined>();
        for (const mdevs of history) {
          const slots = marks.of(mdevs);
          const now = new Map(mdevs.map((each, i) => [each, slots[i]]));
          for (const [each, slot] of now) if (before.has(each)) expect(slot).toBe(before.get(each));
          before = now;
        }
      }),
    );
  });

  it('come back with an mdev that time is wound back to', () => {
    const marks = new Marks();
    const then = marks.of(['a', 'b', 'c']);
    marks.of(['c']);
    expect(marks.of(['a', 'b', 'c'])).toEqual(then);
  });

  it('go on after Z, and never are the host’s H', () => {
    expect([0, 6, 7, 24, 25, 26, 49, 50].map(letterOf)).toEqual(['A', 'G', 'I', 'Z', 'AA', 'AB', 'AZ', 'BA']);
    const letters = Array.from({ length: 2000 }, (_, slot) => letterOf(slot));
    expect(new Set(letters).size).toBe(2000);
    expect(letters).not.toContain('H');
  });

  it('have letters wherever these can be read: above each other in cells that are high', () => {
    expect(letteringOf(1, { width: 10, height: 26 })).toMatchObject({ isStacked: false });
    expect(letteringOf(2, { width: 10, height: 26 })).toMatchObject({ isStacked: true });
    expect(letteringOf(2, { width: 40, height: 26 })).toEqual({ size: 13, isStacked: false });
    expect(letteringOf(2, { width: 10, height: 12 })).toBeUndefined();
    expect(letteringOf(1, { width: 5, height: 26 })).toBeUndefined();
  });

  it('are told apart without letters by colour and sign, 64 of them', () => {
    const looks = Array.from({ length: 64 }, (_, slot) => `${slot % MARK_COLOURS} ${signOf(slot)}`);
    expect(new Set(looks).size).toBe(64);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterOf, Marks } from './marks.ts';

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
});

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { shownZone } from './moment.ts';
import { labelsOfPositions, labelsOfTimes } from './ticks.ts';

afterEach(() => {
  shownZone.value = 'UTC';
});

const at = (text: string): number => Date.parse(text);
const words = (from: string, to: string, width: number): string[] =>
  labelsOfTimes({ from: at(from), to: at(to) }, { width, rim: 7 }).map((label) => label.words);

describe('labels of an axis', () => {
  it('by the clock are all as exact as the finest of them, and the first says its day', () => {
    expect(words('2026-11-26T22:57:20.285Z', '2026-11-26T22:57:22.763Z', 600)).toEqual([
      '26 Nov 22:57:20.5',
      '22:57:21.0',
      '22:57:21.5',
      '22:57:22.0',
      '22:57:22.5',
    ]);
    expect(words('2026-11-24T08:00:00Z', '2026-11-25T23:49:43Z', 420)).toEqual([
      '24 Nov 12:00',
      '25 Nov',
      '12:00',
    ]);
    expect(words('2026-11-01T08:00:00Z', '2028-11-25T23:49:43Z', 420)).toContain('2027');
  });

  it('never run into each other, and never leave the axis', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 4e10 }),
        fc.integer({ min: 0, max: 1600 }),
        fc.constantFrom(labelsOfTimes, labelsOfPositions),
        (from, length, width, labels) => {
          let end = -7;
          for (const label of labels({ from, to: from + length }, { width, rim: 7 })) {
            const middle = (width * (label.at - from)) / length;
            const half = label.words.length * 3.2;
            expect(middle - half).toBeGreaterThanOrEqual(end);
            end = middle + half;
          }
          expect(end).toBeLessThanOrEqual(width + 7);
        },
      ),
    );
  });

  it('are none where there is no axis', () => {
    expect(labelsOfTimes({ from: 0, to: 0 }, { width: 400, rim: 7 })).toEqual([]);
  });
});

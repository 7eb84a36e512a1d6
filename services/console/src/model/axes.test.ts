import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axesOf, type Cell, cellSize, maxZoom, moved, WHOLE } from './axes.ts';

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 40 });
const axes = fc.record({ adapters: ids, domains: ids }).map((view) => axesOf({ ...view, mdevs: [] }));
const keys = fc.constantFrom(
  'ArrowUp',
  'ArrowDown',
  'ArrowLeft',
  'ArrowRight',
  'Home',
  'End',
  'PageUp',
  'PageDown',
);

describe('the axes', () => {
  it('have what exists and what is assigned, ascending', () => {
    const mdev = { adapters: [9, 5], domains: [0x47] };
    const { apids, apqis } = axesOf({ adapters: [6, 5], domains: [4], mdevs: [mdev] as never });
    expect(apids).toEqual([5, 6, 9]);
    expect(apqis).toEqual([4, 0x47]);
  });
});

describe('the cursor', () => {
  it('never leaves the matrix, whatever keys are pressed', () => {
    fc.assert(
      fc.property(
        axes,
        fc.array(fc.tuple(keys, fc.boolean())),
        fc.integer({ min: 1, max: 20 }),
        (of, presses, page) => {
          let at: Cell = { apid: of.apids[0] ?? 0, apqi: of.apqis[0] ?? 0 };
          for (const [key, ctrlKey] of presses) {
            at = moved(at, { key, ctrlKey }, of, page) ?? at;
            expect(of.apids).toContain(at.apid);
            expect(of.apqis).toContain(at.apqi);
          }
        },
      ),
    );
  });

  it('goes where the key says', () => {
    const from = { apid: 100, apqi: 100 };
    const to = (key: string, ctrlKey = false) => {
      const place = moved(from, { key, ctrlKey }, WHOLE, 10);
      return place && [place.apid, place.apqi];
    };
    expect(to('ArrowUp')).toEqual([99, 100]);
    expect(to('ArrowRight')).toEqual([100, 101]);
    expect(to('Home')).toEqual([100, 0]);
    expect(to('End', true)).toEqual([255, 255]);
    expect(to('PageDown')).toEqual([110, 100]);
    expect(to('Tab')).toBeUndefined();
  });
});

describe('the size of a cell', () => {
  const room = fc.record({
    width: fc.integer({ min: 300, max: 3000 }),
    height: fc.integer({ min: 200, max: 2000 }),
  });

  it('lets the matrix fit, unless it would be too small to be seen', () => {
    fc.assert(
      fc.property(room, axes, (window, of) => {
        const { width, height } = cellSize(window, of, 1);
        expect(Math.min(width, height)).toBeGreaterThan(0.5);
        if (width > 1.5) expect(width * of.apqis.length).toBeLessThanOrEqual(window.width + 1e-6);
        if (height > 1.5) expect(height * of.apids.length).toBeLessThanOrEqual(window.height + 1e-6);
      }),
    );
  });

  it('is a whole number of device pixels', () => {
    fc.assert(
      fc.property(room, axes, fc.constantFrom(1, 1.25, 2, 3), (window, of, ratio) => {
        const { width, height } = cellSize(window, of, 1, ratio);
        for (const size of [width, height]) expect(size * ratio).toBeCloseTo(Math.round(size * ratio), 6);
      }),
    );
  });

  it('can be zoomed until every letter can be read', () => {
    const window = { width: 900, height: 560 };
    const { width, height } = cellSize(window, WHOLE, maxZoom(window, WHOLE));
    expect(Math.min(width, height)).toBeGreaterThan(40);
  });
});

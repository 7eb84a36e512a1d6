import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin, maxZoom, wholeSpan, ZOOM_STEP, zoomedSpan } from './time-axis.ts';

const stamp = fc.record({
  position: fc.integer({ min: 1, max: 1_000_000 }),
  revision: fc.nat(),
  occurredAt: fc.integer({ min: 0, max: 4e12 }),
});
const kind = fc.constantFrom('time' as const, 'facts' as const);

describe('the axis of the time bar', () => {
  it('shows at every zoom the place that it is about, and nothing beyond its ends', () => {
    fc.assert(
      fc.property(kind, stamp, stamp, fc.float({ min: 0, max: 1, noNaN: true }), (of, a, b, share) => {
        const whole = wholeSpan(of, a, b);
        const place = Math.round(whole.from + share * (whole.to - whole.from));
        for (let zoom = 1; zoom <= maxZoom(of, whole); zoom *= ZOOM_STEP) {
          const shown = zoomedSpan(whole, zoom, place);
          expect(isWithin(shown, place)).toBe(true);
          expect(isWithin(whole, shown.from) && isWithin(whole, shown.to)).toBe(true);
          expect(shown.to - shown.from).toBeLessThanOrEqual((whole.to - whole.from) / zoom + 2);
        }
      }),
    );
  });

  it('can be zoomed until a second fills it', () => {
    const day = { from: 0, to: 86_400_000 };
    const { from, to } = zoomedSpan(day, maxZoom('time', day), 33_242_500);
    expect(to - from).toBeLessThan(ZOOM_STEP * 1000 + 2);
  });
});

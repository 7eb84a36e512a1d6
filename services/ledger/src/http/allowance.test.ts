/** Streams that take nothing cannot hold more than all may hold. */
import { describe, expect, it } from 'vitest';
import { Allowance, type Holder } from './allowance.ts';

const holder = (fullSince: number | undefined): Holder & { isCutOff: boolean } => ({
  fullSince,
  isCutOff: false,
  cutOff() {
    this.isCutOff = true;
  },
});

describe('what streams hold together', () => {
  it('is bounded: those that wait longest are cut off, never the one that is written to', () => {
    const allowance = new Allowance(100);
    const [old, older, quick] = [holder(2), holder(1), holder(undefined)];
    allowance.hold(old, 40);
    allowance.hold(older, 40);
    allowance.hold(quick, 20);
    expect([old.isCutOff, older.isCutOff]).toEqual([false, false]);
    allowance.hold(quick, 10);
    expect([old.isCutOff, older.isCutOff, quick.isCutOff]).toEqual([false, true, false]);
    expect(allowance.heldBytes).toBe(70);
    allowance.hold(old, 1000);
    expect(old.isCutOff).toBe(false);
    allowance.release(old);
    allowance.release(quick);
    expect(allowance.heldBytes).toBe(0);
  });

  it('lets few read the log at the same time, and the others in their order', async () => {
    const allowance = new Allowance();
    let now = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        allowance.reading(async () => {
          now += 1;
          most = Math.max(most, now);
          await new Promise((resolve) => setImmediate(resolve));
          order.push(n);
          now -= 1;
        }),
      ),
    );
    expect(most).toBe(8);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

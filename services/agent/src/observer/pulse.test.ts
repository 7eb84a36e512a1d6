import { describe, expect, it } from 'vitest';
import { Pulse } from './pulse.ts';

const MINUTE = 60_000;

describe('the pulse of the observer', () => {
  let now = 0;
  const begun = (): Pulse => {
    const pulse = new Pulse(() => now);
    pulse.beat();
    return pulse;
  };

  it('is there before there is anything to look for', () => {
    const pulse = new Pulse(() => now);
    now += 60 * MINUTE;
    expect(pulse.isAlive).toBe(true);
  });

  it('goes on while the kernel lets a read wait for minutes, and not for ever', async () => {
    const pulse = begun();
    const { promise, resolve } = Promise.withResolvers<string>();
    const reading = pulse.during(promise);
    now += 9 * MINUTE;
    expect(pulse.isAlive).toBe(true);
    now += 2 * MINUTE;
    expect(pulse.isAlive).toBe(false);
    resolve('read');
    expect(await reading).toBe('read');
    expect(pulse.isAlive).toBe(true);
  });

  it('ends when nothing is read for more than a minute', async () => {
    const pulse = begun();
    await expect(pulse.during(Promise.reject(new Error('the reader has ended')))).rejects.toThrow();
    now += MINUTE;
    expect(pulse.isAlive).toBe(true);
    now += 1;
    expect(pulse.isAlive).toBe(false);
  });
});

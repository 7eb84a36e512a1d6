import { describe, expect, it, test } from 'vitest';
import { next, type QueueEvent, queueMachine, queueTable } from './index.ts';
import { allWalks, initialState, lifecycle, visited } from './test-support.ts';

const types = ['DETECT', 'BIND_ZCRYPT', 'BIND_VFIO_AP', 'UNBIND', 'REMOVE'] as const;
const events: readonly QueueEvent[] = types.map((type) => ({ type }));

describe('a queue', () => {
  it('is undetected until a scan finds it, and has no driver then', () => {
    expect(queueTable.initial).toBe('undetected');
    expect(next(queueTable, 'undetected', { type: 'DETECT' })).toBe('unbound');
  });

  it('is not detected twice', () => {
    for (const known of ['unbound', 'zcrypt', 'vfio_ap'] as const) {
      expect(next(queueTable, known, { type: 'DETECT' }), known).toBeUndefined();
    }
  });

  it('that has a driver must lose it before another driver gets it', () => {
    for (const bound of ['zcrypt', 'vfio_ap'] as const) {
      expect(next(queueTable, bound, { type: 'BIND_ZCRYPT' }), bound).toBeUndefined();
      expect(next(queueTable, bound, { type: 'BIND_VFIO_AP' }), bound).toBeUndefined();
      expect(next(queueTable, bound, { type: 'UNBIND' }), bound).toBe('unbound');
    }
  });

  it('that has a driver is unbound before the host loses it', () => {
    expect(next(queueTable, 'vfio_ap', { type: 'REMOVE' })).toBeUndefined();
    expect(next(queueTable, 'zcrypt', { type: 'REMOVE' })).toBeUndefined();
    expect(next(queueTable, 'unbound', { type: 'REMOVE' })).toBe('gone');
  });

  it('that is gone may come back, without a driver', () => {
    expect(next(queueTable, 'gone', { type: 'DETECT' })).toBe('unbound');
    expect(next(queueTable, 'gone', { type: 'BIND_VFIO_AP' })).toBeUndefined();
  });
});

describe('every path of a queue', () => {
  const walks = allWalks(queueMachine, events);

  it('together they come through every state', () => {
    expect(visited(queueMachine, walks)).toEqual(
      ['gone', 'unbound', 'undetected', 'vfio_ap', 'zcrypt'].sort(),
    );
  });

  it('never goes from one driver straight to the other, nor from a driver out of the host', () => {
    const drivers = ['zcrypt', 'vfio_ap'];
    for (const { steps } of walks) {
      const states = [initialState(queueMachine), ...steps.map(({ state }): string => state)];
      states.forEach((state, at) => {
        const following = states[at + 1];
        if (drivers.includes(state) && following !== undefined) expect(following).toBe('unbound');
      });
    }
  });

  it('is never undetected again', () => {
    for (const { steps } of walks) {
      expect(steps.map(({ state }): string => state)).not.toContain('undetected');
    }
  });

  it('without a scan nothing is reachable', () => {
    const others = events.filter(({ type }) => type !== 'DETECT');
    expect(visited(queueMachine, allWalks(queueMachine, others))).toEqual(['undetected']);
  });

  it('that is never offered to vfio_ap never gets there', () => {
    const others = events.filter(({ type }) => type !== 'BIND_VFIO_AP');
    expect(visited(queueMachine, allWalks(queueMachine, others))).toEqual(
      ['gone', 'unbound', 'undetected', 'zcrypt'].sort(),
    );
  });
});

const rules = lifecycle(`
  undetected  DETECT        unbound
  unbound     BIND_ZCRYPT   zcrypt
  unbound     BIND_VFIO_AP  vfio_ap
  unbound     REMOVE        gone
  zcrypt      UNBIND        unbound
  vfio_ap     UNBIND        unbound
  gone        DETECT        unbound
`);

describe('a queue does this and nothing else', () => {
  test.each(queueTable.states)('%s', (state) => {
    for (const event of events) {
      expect(next(queueTable, state, event), event.type).toBe(rules.get(`${state} ${event.type}`));
    }
  });
});

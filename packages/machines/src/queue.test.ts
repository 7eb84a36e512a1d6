import { describe, expect, it, test } from 'vitest';
import { next, type QueueEvent, queueMachine, queueTable, refusalOf } from './index.ts';
import { allWalks, initialState, lifecycle, visited } from './test-support.ts';

const events: readonly QueueEvent[] = [
  { type: 'DETECT' },
  { type: 'BIND_ZCRYPT', isEntitled: true },
  { type: 'BIND_VFIO_AP', isEntitled: true },
  { type: 'UNBIND_ZCRYPT' },
  { type: 'UNBIND_VFIO_AP' },
  { type: 'OVERRIDE', areMasksFull: true },
  { type: 'REMOVE' },
];
const bindings = ['BIND_ZCRYPT', 'BIND_VFIO_AP'] as const;

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

  it('goes only to a driver that may have it', () => {
    for (const type of bindings) {
      expect(next(queueTable, 'unbound', { type, isEntitled: false }), type).toBeUndefined();
      expect(refusalOf(queueTable, 'unbound', type)).toBe('notEntitled');
    }
  });

  it('that has a driver must lose it before another driver gets it', () => {
    for (const bound of ['zcrypt', 'vfio_ap'] as const) {
      for (const type of bindings) {
        expect(next(queueTable, bound, { type, isEntitled: true }), bound).toBeUndefined();
        expect(refusalOf(queueTable, bound, type)).toBe('alreadyBound');
      }
    }
  });

  it('is let go of only by the driver that has it', () => {
    expect(next(queueTable, 'zcrypt', { type: 'UNBIND_VFIO_AP' })).toBeUndefined();
    expect(refusalOf(queueTable, 'zcrypt', 'UNBIND_VFIO_AP')).toBe('otherDriver');
    expect(next(queueTable, 'vfio_ap', { type: 'UNBIND_ZCRYPT' })).toBeUndefined();
    expect(refusalOf(queueTable, 'vfio_ap', 'UNBIND_ZCRYPT')).toBe('otherDriver');
    for (const type of ['UNBIND_ZCRYPT', 'UNBIND_VFIO_AP'] as const)
      expect(refusalOf(queueTable, 'unbound', type)).toBe('notBound');
  });

  it('takes a driver_override only while the masks are all ones', () => {
    for (const state of ['unbound', 'zcrypt', 'vfio_ap'] as const) {
      expect(next(queueTable, state, { type: 'OVERRIDE', areMasksFull: false }), state).toBeUndefined();
      expect(refusalOf(queueTable, state, 'OVERRIDE')).toBe('masksInUse');
    }
  });

  it('that has a driver is unbound before the host loses it', () => {
    expect(next(queueTable, 'vfio_ap', { type: 'REMOVE' })).toBeUndefined();
    expect(next(queueTable, 'zcrypt', { type: 'REMOVE' })).toBeUndefined();
    expect(next(queueTable, 'unbound', { type: 'REMOVE' })).toBe('undetected');
  });
});

describe('every path of a queue', () => {
  const walks = allWalks(queueMachine, events);

  it('together they come through every state', () => {
    expect(visited(queueMachine, walks)).toEqual(['unbound', 'undetected', 'vfio_ap', 'zcrypt'].sort());
  });

  it('never goes from one driver straight to the other, nor from a driver out of the host', () => {
    const drivers = ['zcrypt', 'vfio_ap'];
    for (const { steps } of walks) {
      const states = [initialState(queueMachine), ...steps.map(({ state }): string => state)];
      states.forEach((state, at) => {
        const following = states[at + 1];
        if (drivers.includes(state) && following !== undefined)
          expect(['unbound', state]).toContain(following);
      });
    }
  });

  it('without a scan nothing is reachable', () => {
    const others = events.filter(({ type }) => type !== 'DETECT');
    expect(visited(queueMachine, allWalks(queueMachine, others))).toEqual(['undetected']);
  });

  it('that is never offered to vfio_ap never gets there', () => {
    const others = events.filter(({ type }) => type !== 'BIND_VFIO_AP');
    expect(visited(queueMachine, allWalks(queueMachine, others))).toEqual(
      ['unbound', 'undetected', 'zcrypt'].sort(),
    );
  });
});

const rules = lifecycle(`
  undetected  DETECT          unbound
  unbound     BIND_ZCRYPT     zcrypt
  unbound     BIND_VFIO_AP    vfio_ap
  unbound     OVERRIDE        unbound
  unbound     REMOVE          undetected
  zcrypt      UNBIND_ZCRYPT   unbound
  zcrypt      OVERRIDE        zcrypt
  vfio_ap     UNBIND_VFIO_AP  unbound
  vfio_ap     OVERRIDE        vfio_ap
`);

describe('a queue does this and nothing else', () => {
  test.each(queueTable.states)('%s', (state) => {
    for (const event of events) {
      expect(next(queueTable, state, event), event.type).toBe(rules.get(`${state} ${event.type}`));
    }
  });
});

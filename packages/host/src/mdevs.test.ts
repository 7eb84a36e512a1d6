/** Many mdevs: found by their UUIDs, in the order of their creation, after any removals. */
import { maskOf } from '@apledger/ap';
import type { Fact } from '@apledger/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolve, HostState, ImpossibleFact } from './index.ts';
import { registration } from './testing/index.ts';

const registered = (): HostState => {
  const state = new HostState();
  const [fact] = fc.sample(registration, { numRuns: 1, seed: 1 });
  if (fact !== undefined) evolve(state, fact);
  return state;
};

/** UUIDs of which many share words, so that chains of the index are long. */
const uuidOf = (n: number): string => {
  const digits = (n >>> 4).toString(16).padStart(8, '0');
  return `${digits}-0000-4000-8000-0000${(n % 16).toString(16).padStart(8, '0')}`;
};
const created = (n: number): Fact => ({ type: 'MdevCreated', data: { mdev: uuidOf(n) } });
const removed = (n: number): Fact => ({ type: 'MdevRemoved', data: { mdev: uuidOf(n) } });
const guestOf = (n: number): string => `guest${n}`;
const started = (n: number): Fact => ({
  type: 'GuestStarted',
  data: { mdev: uuidOf(n), guest: guestOf(n), attached: false, effective: null },
});

describe('the mdevs of a host', () => {
  it('are those of a list from which some are taken, with their guests, also after tries', () => {
    const step = fc.record({ n: fc.nat({ max: 40 }), isTry: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
        const state = registered();
        let model: number[] = [];
        for (const { n, isTry } of steps) {
          const has = model.includes(n);
          if (isTry) state.begin();
          for (const fact of has ? [removed(n)] : [created(n), started(n)]) evolve(state, fact);
          expect(state.mdevs.has(uuidOf(n))).toBe(!has);
          if (isTry) state.rollback();
          else model = has ? model.filter((each) => each !== n) : [...model, n];
          expect([...state.mdevs.keys()]).toEqual(model.map(uuidOf));
          expect([...state.mdevs.values()].map(({ guest }) => guest)).toEqual(model.map(guestOf));
          for (let each = 0; each <= 40; each++)
            expect(state.mdevs.get(uuidOf(each))?.guest).toBe(
              model.includes(each) ? guestOf(each) : undefined,
            );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('can be 3,000, and each is found when every third has gone', () => {
    const state = registered();
    const count = 3000;
    for (let n = 0; n < count; n++) evolve(state, created(n));
    for (let n = 0; n < count; n += 3) evolve(state, removed(n));
    for (let n = 0; n < count; n++) expect(state.mdevs.has(uuidOf(n))).toBe(n % 3 !== 0);
    expect(state.mdevs.size).toBe(2000);
    const again = HostState.ofBytes(state.toBytes());
    for (let n = 0; n < count; n++) expect(again?.mdevs.has(uuidOf(n))).toBe(n % 3 !== 0);
  });

  it('are created once, and not removed before', () => {
    const state = registered();
    expect(() => evolve(state.fork(), removed(1))).toThrow(ImpossibleFact);
    evolve(state, created(1));
    expect(() => evolve(state.fork(), created(1))).toThrow(ImpossibleFact);
  });

  it('all hear of a reset that names queues of several of them, in one word of domains and in others', () => {
    const state = registered();
    const [domains, queues] = [
      [4, 5, 0x47],
      ['05.0004', '05.0005', '05.0047'],
    ];
    const card = {
      adapter: 5,
      type: 14,
      mode: 'C',
      functions: 0,
      configured: true,
      checkStopped: false,
    } as const;
    const facts: readonly Fact[] = [
      { type: 'CardDetected', data: card },
      { type: 'QueueDetected', data: { queues, configured: true, checkStopped: false } },
      { type: 'QueueBound', data: { driver: 'vfio_ap', queues } },
      ...[...domains, 9].flatMap((domain, n): Fact[] => [
        created(n),
        { type: 'AdapterAssigned', data: { mdev: uuidOf(n), adapters: [5] } },
        { type: 'DomainAssigned', data: { mdev: uuidOf(n), domains: [domain] } },
      ]),
      { type: 'QueueReset', data: { by: 'vfio_ap', queues, responseCode: 7 } },
    ];
    for (const fact of facts) evolve(state, fact);
    const plugs = [...state.mdevs.values()].map(({ plug }) => plug.get(5));
    expect(plugs).toEqual(['resetFailed', 'resetFailed', 'resetFailed', 'waitingForQueues']);
  });

  it('keep what was seen of them when the host goes on', () => {
    const state = registered();
    evolve(state, created(1));
    const seen = state.mdevs.get(uuidOf(1));
    evolve(state, { type: 'AdapterAssigned', data: { mdev: uuidOf(1), adapters: [5] } });
    expect(seen?.assigned.adapters).toEqual(maskOf([]));
    expect(state.mdevs.get(uuidOf(1))?.plug.get(5)).toBeDefined();
  });
});

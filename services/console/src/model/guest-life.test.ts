import { adapterPlugTable, flatDefinition, guestMachine, guestTable } from '@apledger/machines';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutOf, smooth } from './chart-layout.ts';
import { adaptersByState, LIFE_FACTS, lifeAfter } from './guest-life.ts';

describe('the life of a guest', () => {
  it.each([
    [[], 'defined'],
    [['MdevCreated'], 'defined'],
    [['MdevCreated', 'GuestStarted'], 'running'],
    [['MdevCreated', 'GuestStarted', 'GuestStopped'], 'stopped'],
    [['MdevCreated', 'GuestStarted', 'MigrationRefused'], 'running'],
    [['MdevCreated', 'GuestStarted', 'MigrationRequested', 'MigrationCompleted', 'GuestStopped'], 'stopped'],
    [['MdevCreated', 'GuestStarted', 'MdevRemovalBlocked'], 'removing'],
    [['MdevCreated', 'GuestStarted', 'MdevRemovalBlocked', 'GuestStopped', 'MdevRemoved'], 'removed'],
    [['MdevCreated', 'GuestStarted', 'GuestStopped', 'MdevRemoved', 'MdevCreated'], 'defined'],
  ])('%j ends %s', (facts, state) => {
    expect(lifeAfter(facts).state).toBe(state);
  });

  it('tells by which arrow the state was reached', () => {
    expect(lifeAfter(['MdevCreated', 'GuestStarted']).last).toEqual({
      from: 'defined',
      event: 'START',
      to: 'running',
    });
  });

  it('is told by its last facts, without those before', () => {
    expect(lifeAfter(['GuestStopped', 'GuestStarted'])).toMatchObject({
      state: 'running',
      last: { from: 'stopped' },
    });
    expect(lifeAfter(['GuestStarted'])).toEqual({ state: 'running', last: undefined });
    expect(lifeAfter(['MigrationRefused', 'MigrationRefused'], true).state).toBe('running');
  });

  it('is always a state of the machine, whatever the log says', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom<string>(...LIFE_FACTS, 'constructor')), (facts) => {
        expect(guestTable.states).toContain(lifeAfter(facts).state);
      }),
    );
  });
});

describe('the adapters of an mdev', () => {
  const none = { waitingForQueues: [], plugged: [], resetting: [], unplugged: [], resetFailed: [] };

  it('are listed by state, in full and as a box has room for', () => {
    const plug = { ...none, plugged: [4, 5, 10], resetFailed: [0, 1, 2, 255] };
    expect([...adaptersByState({ plug })]).toEqual([
      ['plugged', { full: '04 05 0a', short: '04 05 0a' }],
      ['resetFailed', { full: '00 01 02 ff', short: '00 01 +2' }],
    ]);
  });

  it('are in states of their machine', () => {
    expect(['unassigned', ...Object.keys(none)]).toEqual(adapterPlugTable.states);
  });
});

describe('the chart of a machine', () => {
  const definition = flatDefinition(guestMachine);

  it.each(['LR', 'TB'] as const)(
    '%s: has every state and every arrow, and no two states lie over each other',
    (direction) => {
      const { states, arrows, width, height } = layoutOf(definition, direction);
      expect(states.map(({ state }) => state).sort()).toEqual([...definition.states].sort());
      const drawn = arrows.flatMap(({ from, to, events }) => events.map((event) => `${from} ${event} ${to}`));
      for (const { from, event, to } of definition.transitions)
        expect(drawn).toContain(`${from} ${event} ${to}`);
      for (const a of states) {
        expect(a.x - a.width / 2).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width / 2).toBeLessThanOrEqual(width);
        expect(a.y + a.height / 2).toBeLessThanOrEqual(height);
        for (const b of states) {
          const apart =
            Math.abs(a.x - b.x) >= (a.width + b.width) / 2 ||
            Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
          expect(a === b || apart).toBe(true);
        }
      }
    },
  );

  it('draws arrows from where they begin to where they end', () => {
    expect(
      smooth([
        { x: 0, y: 0 },
        { x: 10, y: 0 },
        { x: 10, y: 10 },
      ]),
    ).toBe('M0.0,0.0Q10.0,0.0 10.0,5.0L10.0,10.0');
  });
});

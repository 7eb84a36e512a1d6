import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, createActor, type EventFromLogic } from 'xstate';
import {
  type AdapterPlugEvent,
  adapterPlugMachine,
  adapterPlugTable,
  type ChangeEvent,
  changeMachine,
  changeTable,
  type GuestEvent,
  guestMachine,
  guestTable,
  next,
  type QueueEvent,
  queueMachine,
  queueTable,
  REFUSED,
  stepOf,
  type TransitionTable,
} from './index.ts';
import type { StateOf } from './table.ts';
import { allWalks, visited, xstateNext } from './test-support.ts';

/** How long a random history may be: long enough to come through every state of the largest machine several times. */
const longestHistory = 60;

const plugged = fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: -1, max: 256 }));
const guestEvents: fc.Arbitrary<GuestEvent> = fc.oneof(
  fc.constantFrom<GuestEvent>(
    { type: 'START', isAdmitted: true },
    { type: 'START', isAdmitted: false },
    { type: 'MIGRATED' },
    { type: 'STOP' },
    { type: 'RESET' },
  ),
  fc.record({ type: fc.constant('REMOVE' as const), isWaiting: fc.boolean(), isAttached: fc.boolean() }),
  plugged.map((pluggedAdapters): GuestEvent => ({ type: 'MIGRATE', pluggedAdapters })),
);
const adapterPlugEvents: fc.Arbitrary<AdapterPlugEvent> = fc.oneof(
  fc
    .constantFrom('ASSIGN', 'UNPLUG', 'RESET_DONE', 'RESET_FAILED', 'UNASSIGN')
    .map((type): AdapterPlugEvent => ({ type })),
  fc.record({
    type: fc.constant('REFILTER' as const),
    isInHost: fc.boolean(),
    areQueuesBound: fc.boolean(),
    areQueuesPassable: fc.boolean(),
  }),
);
const queueEvents: fc.Arbitrary<QueueEvent> = fc.oneof(
  fc
    .constantFrom('DETECT', 'UNBIND_ZCRYPT', 'UNBIND_VFIO_AP', 'REMOVE')
    .map((type): QueueEvent => ({ type })),
  fc.record({ type: fc.constantFrom('BIND_ZCRYPT', 'BIND_VFIO_AP'), isEntitled: fc.boolean() }),
  fc.record({ type: fc.constant('OVERRIDE' as const), areMasksFull: fc.boolean() }),
);

const changeEvents: fc.Arbitrary<ChangeEvent> = fc.oneof(
  {
    weight: 15,
    arbitrary: fc
      .constantFrom(
        ...(['APPROVE', 'REFUSE', 'WITHDRAW', 'CARRY_OUT', 'STOP', 'STEP_START', 'HOLD', 'CONFIRM'] as const),
        ...([
          'AWAIT_CONFIRMATION',
          'FINISH',
          'EXPIRE',
          'GO_BACK',
          'PLAN_BACK',
          'LEAVE',
          'WENT_BACK',
        ] as const),
      )
      .map((type): ChangeEvent => ({ type })),
  },
  fc.record({ type: fc.constant('START' as const), needsApproval: fc.boolean() }),
  fc.record({ type: fc.constant('STEP_DONE' as const), isLast: fc.boolean() }),
  fc.record({
    type: fc.constantFrom('RETRY', 'CONTINUE'),
    isOnWayBack: fc.boolean(),
    isAllDone: fc.boolean(),
  }),
);

agree('guest', guestMachine, guestTable, guestEvents);
agree('adapter plug', adapterPlugMachine, adapterPlugTable, adapterPlugEvents);
agree('queue', queueMachine, queueTable, queueEvents);
agree('change', changeMachine, changeTable, changeEvents);

function agree<Machine extends AnyStateMachine>(
  name: string,
  machine: Machine,
  table: TransitionTable<StateOf<Machine>, EventFromLogic<Machine>>,
  anyEvent: fc.Arbitrary<EventFromLogic<Machine>>,
): void {
  describe(`the ${name} table and its machine agree`, () => {
    const events = fc.sample(anyEvent, { numRuns: 300, seed: 2019 });

    it('the sample has every event of the machine', () => {
      expect([...new Set(events.map(({ type }) => type))].sort()).toEqual([...machine.events].sort());
    });

    it('every state is reachable', () => {
      const distinct = [...new Map(events.map((event) => [JSON.stringify(event), event])).values()];
      expect(visited(machine, allWalks(machine, distinct))).toEqual([...table.states].sort());
    });

    it('on every state and every event, also where it is refused', () => {
      let refused = 0;
      for (const state of table.states) {
        for (const event of events) {
          const expected = xstateNext(machine, state, event);
          expect(next(table, state, event), `${state} ${JSON.stringify(event)}`).toBe(expected);
          if (expected === undefined) refused += 1;
        }
      }
      expect(refused).toBeGreaterThan(0);
    });

    it('on every step that is compiled', () => {
      const codeOf = (state: string | undefined) =>
        state === undefined ? REFUSED : (table.states as readonly string[]).indexOf(state);
      for (const event of events) {
        const { after } = stepOf(table, event);
        for (const [code, state] of table.states.entries())
          expect(after[code], `${state} ${JSON.stringify(event)}`).toBe(
            codeOf(xstateNext(machine, state, event)),
          );
      }
    });

    it('on any history, where a refused event leaves the state as it was', () => {
      fc.assert(
        fc.property(fc.array(anyEvent, { maxLength: longestHistory }), (history) => {
          const actor = createActor<AnyStateMachine>(machine).start();
          let state = table.initial;
          for (const event of history) {
            actor.send(event);
            state = next(table, state, event) ?? state;
            expect(actor.getSnapshot().value).toBe(state);
          }
          actor.stop();
        }),
        { numRuns: 100 },
      );
    });
  });
}

import { describe, expect, it, test } from 'vitest';
import { type AnyStateMachine, and, createMachine, not, setup } from 'xstate';
import { drawStatechart } from './draw.ts';
import { guestMachine, guestTable, next } from './index.ts';
import { compileTable } from './table.ts';

describe('a compiled table', () => {
  it('calls the guard that the machine was given last', () => {
    const lenient = compileTable(guestMachine.provide({ guards: { noAdapterPlugged: () => true } }));
    const migrate = { type: 'MIGRATE', pluggedAdapters: 3 } as const;
    expect(next(lenient, 'running', migrate)).toBe('migrating');
    expect(next(guestTable, 'running', migrate)).toBeUndefined();
  });

  it('takes the first branch whose guard agrees, and the unguarded one when none does', () => {
    const machine = setup({
      types: {} as { events: { type: 'COUNT'; value: number } },
      guards: {
        isBig: ({ event }) => event.value > 100,
        isPositive: ({ event }) => event.value > 0,
      },
    }).createMachine({
      initial: 'waiting',
      states: {
        waiting: {
          on: {
            COUNT: [
              { target: 'big', guard: 'isBig' },
              { target: 'some', guard: 'isPositive' },
              { target: 'none' },
            ],
          },
        },
        big: {},
        some: {},
        none: {},
      },
    });
    const table = compileTable(machine);
    const after = (value: number) => next(table, 'waiting', { type: 'COUNT', value });
    expect([after(101), after(7), after(0)]).toEqual(['big', 'some', 'none']);
    expect(next(table, 'big', { type: 'COUNT', value: 1 })).toBeUndefined();
  });

  it('refuses an event that only an object prototype knows', () => {
    for (const type of ['constructor', 'toString', '__proto__']) {
      const foreign: { type: string } = { type };
      expect(next(guestTable, 'running', foreign as { type: 'STOP' }), type).toBeUndefined();
    }
  });
});

/** Two states are enough to hold any feature. */
function withFeature(feature: object): AnyStateMachine {
  return createMachine({
    id: 'odd',
    initial: 'here',
    states: { here: { ...feature }, there: {} },
  });
}

const unsupported: readonly [string, RegExp, AnyStateMachine][] = [
  ['nested states', /odd\.here.*type 'compound'/, withFeature({ initial: 'deep', states: { deep: {} } })],
  ['parallel states', /type 'parallel'/, createMachine({ type: 'parallel', states: { a: {}, b: {} } })],
  ['a machine without states', /type 'atomic'/, createMachine({})],
  ['final states', /type 'final'/, withFeature({ type: 'final' })],
  ['history states', /type 'history'/, withFeature({ type: 'history' })],
  ['delayed transitions', /delayed/, withFeature({ after: { 1000: 'there' } })],
  ['invoked actors', /invoked/, withFeature({ invoke: { src: 'someone' } })],
  ['eventless transitions', /eventless/, withFeature({ always: 'there' })],
  [
    'initial actions',
    /initial transition/,
    createMachine({ initial: { target: 'here', actions: 'act' }, states: { here: {} } }),
  ],
  ['entry actions', /entry or exit/, withFeature({ entry: 'act' })],
  ['exit actions', /entry or exit/, withFeature({ exit: 'act' })],
  ['transition actions', /actions on 'GO'/, withFeature({ on: { GO: { target: 'there', actions: 'act' } } })],
  ['transitions without a target', /'GO' without/, withFeature({ on: { GO: {} } })],
  ['several targets', /'GO' without/, withFeature({ on: { GO: { target: ['there', 'here'] } } })],
  ["xstate's own events", /descriptor 'xstate\./, withFeature({ on: { 'xstate.stop': 'there' } })],
  [
    'entry actions of the root',
    /entry or exit/,
    createMachine({ entry: 'act', initial: 'here', states: { here: {} } }),
  ],
  ['transitions to the root', /other than a sibling/, withFeature({ on: { GO: '#odd' } })],
  ['wildcard events', /descriptor '\*'/, withFeature({ on: { '*': 'there' } })],
  ['partial wildcard events', /descriptor 'a\.\*'/, withFeature({ on: { 'a.*': 'there' } })],
  [
    'guards without a name',
    /guard without/,
    withFeature({ on: { GO: { target: 'there', guard: () => true } } }),
  ],
  [
    'guards with parameters',
    /guard without/,
    withFeature({ on: { GO: { target: 'there', guard: { type: 'isAbove', params: { limit: 1 } } } } }),
  ],
  ['context', /context/, createMachine({ context: { count: 0 }, initial: 'here', states: { here: {} } })],
  [
    'transitions of the root',
    /transitions of the root/,
    createMachine({ initial: 'here', states: { here: {} }, on: { GO: '.here' } }),
  ],
];

describe('a machine that is not flat is refused', () => {
  test.each(unsupported)('%s', (_feature, message, machine) => {
    expect(() => compileTable(machine)).toThrow(message);
    expect(() => drawStatechart(machine)).toThrow(message);
  });

  it('but the same machine without a feature is accepted', () => {
    const table = compileTable(withFeature({ on: { GO: 'there' } }));
    expect(table.states).toEqual(['here', 'there']);
  });
});

describe('a guard that the table could not call is refused', () => {
  const guarded = withFeature({ on: { GO: { target: 'there', guard: 'isOpen' } } });

  it('when nobody has implemented it', () => {
    expect(() => compileTable(guarded)).toThrow(/guard 'isOpen'/);
  });

  it('when it is put together from others, which only xstate can evaluate', () => {
    const isShut = () => false;
    for (const isOpen of [not(isShut), and([isShut])]) {
      expect(() => compileTable(guarded.provide({ guards: { isOpen } }))).toThrow(/guard 'isOpen'/);
    }
  });
});

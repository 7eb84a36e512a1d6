import { describe, expect, it, test } from 'vitest';
import { noAdapterPlugged } from './guest.ts';
import {
  type GuestEvent,
  type GuestState,
  guestMachine,
  guestTable,
  hasTag,
  next,
  refusalOf,
} from './index.ts';
import { allWalks, lifecycle, visited } from './test-support.ts';

const start: GuestEvent = { type: 'START', isAdmitted: true };
const stop: GuestEvent = { type: 'STOP' };
const migrate = (pluggedAdapters: number): GuestEvent => ({ type: 'MIGRATE', pluggedAdapters });
const migrated: GuestEvent = { type: 'MIGRATED' };
const remove = (isWaiting: boolean, isAttached: boolean): GuestEvent => ({
  type: 'REMOVE',
  isWaiting,
  isAttached,
});

/** By the words that the lifecycle below has for them: with conditions that let them through. */
const byWord: ReadonlyMap<string, GuestEvent> = new Map<string, GuestEvent>([
  ['START', start],
  ['STOP', stop],
  ['RESET', { type: 'RESET' }],
  ['MIGRATE', migrate(0)],
  ['MIGRATED', migrated],
  ['REMOVE_WAITING', remove(true, true)],
  ['REMOVE_UNATTACHED', remove(false, false)],
]);
const events: readonly GuestEvent[] = [
  ...byWord.values(),
  { type: 'START', isAdmitted: false },
  migrate(1),
  remove(false, true),
];
const OPEN: readonly GuestState[] = ['running', 'removing', 'migrating', 'migrated'];

/** Where a history ends, or undefined when one of its events is refused. */
function endOf(...history: readonly GuestEvent[]): GuestState | undefined {
  let state: GuestState | undefined = guestTable.initial;
  for (const event of history) state = state === undefined ? undefined : next(guestTable, state, event);
  return state;
}

describe('a guest', () => {
  it('is defined before anybody opens its mdev', () => {
    expect(guestTable.initial).toBe('defined');
  });

  it('runs once it has started, and can be stopped and started again', () => {
    expect(endOf(start)).toBe('running');
    expect(endOf(start, stop)).toBe('stopped');
    expect(endOf(start, stop, start)).toBe('running');
  });

  it('that the driver does not admit stays where it was', () => {
    for (const state of ['defined', 'stopped'] as const) {
      expect(next(guestTable, state, { type: 'START', isAdmitted: false }), state).toBeUndefined();
      expect(refusalOf(guestTable, state, 'START')).toBe('notAdmitted');
    }
  });

  it('is open exactly where its state says so', () => {
    expect(guestTable.states.filter((state) => hasTag(guestTable, state, 'open'))).toEqual(OPEN);
  });

  it('that is open cannot be opened a second time', () => {
    for (const open of OPEN) expect(next(guestTable, open, start), open).toBeUndefined();
    expect(refusalOf(guestTable, 'running', 'START')).toBe('alreadyOpen');
    expect(refusalOf(guestTable, 'removing', 'START')).toBe('beingRemoved');
  });

  it('that is closed can neither stop nor reset nor migrate', () => {
    for (const [state, reason] of [
      ['defined', 'neverOpened'],
      ['stopped', 'closed'],
    ] as const)
      for (const type of ['STOP', 'RESET', 'MIGRATE'] as const) {
        expect(next(guestTable, state, type === 'MIGRATE' ? migrate(0) : { type }), state).toBeUndefined();
        expect(refusalOf(guestTable, state, type)).toBe(reason);
      }
  });

  it('that runs with an adapter plugged may not migrate, and runs on', () => {
    expect(endOf(start, migrate(1))).toBeUndefined();
    expect(endOf(start, migrate(256))).toBeUndefined();
    expect(refusalOf(guestTable, 'running', 'MIGRATE')).toBe('adaptersPlugged');
  });

  it('may not migrate when the number of plugged adapters makes no sense', () => {
    expect(endOf(start, migrate(Number.NaN))).toBeUndefined();
    expect(endOf(start, migrate(-1))).toBeUndefined();
  });

  it('holds the mdev until it has closed it, also when it has migrated', () => {
    expect(endOf(start, migrate(0))).toBe('migrating');
    expect(endOf(start, migrate(0), migrated)).toBe('migrated');
    expect(endOf(start, migrate(0), migrated, stop)).toBe('stopped');
    expect(endOf(start, migrate(0), migrated, stop, stop)).toBeUndefined();
  });

  it('that is open makes a removal wait, or forbids it, or is not heeded where it has nothing', () => {
    expect(endOf(start, remove(true, true))).toBe('removing');
    expect(endOf(start, remove(false, true))).toBeUndefined();
    expect(refusalOf(guestTable, 'running', 'REMOVE')).toBe('inUse');
    expect(endOf(start, remove(false, false))).toBe('removed');
  });

  it('ends with the mdev', () => {
    expect(endOf(remove(true, false))).toBe('removed');
    expect(endOf(start, remove(true, true), stop, remove(false, false))).toBe('removed');
    for (const event of events) expect(next(guestTable, 'removed', event), event.type).toBeUndefined();
  });
});

describe('the migration guard', () => {
  it('speaks about MIGRATE only', () => {
    expect(noAdapterPlugged(migrate(0))).toBe(true);
    expect(noAdapterPlugged(stop)).toBe(false);
  });
});

describe('every path of a guest', () => {
  const walks = allWalks(guestMachine, events);

  it('together they come through every state', () => {
    expect(visited(guestMachine, walks)).toEqual([...guestTable.states].sort());
  });

  it('without a start the mdev can only be removed', () => {
    const others = events.filter(({ type }) => type !== 'START');
    expect(visited(guestMachine, allWalks(guestMachine, others))).toEqual(['defined', 'removed']);
  });

  it('with adapters always plugged migration is unreachable, everything else is not', () => {
    const plugged = events.filter((event) => event.type !== 'MIGRATE' || event.pluggedAdapters > 0);
    expect(visited(guestMachine, allWalks(guestMachine, plugged))).toEqual(
      ['defined', 'removed', 'removing', 'running', 'stopped'].sort(),
    );
  });

  it('opens the mdev only when it is closed, and closes it only when it is open', () => {
    for (const { steps } of walks) {
      let isOpen = false;
      for (const { event, state } of steps) {
        if (event.type === 'START') {
          expect(isOpen).toBe(false);
          isOpen = true;
        } else if (event.type === 'STOP' || state === 'removed') isOpen = false;
        expect(hasTag(guestTable, state, 'open'), state).toBe(isOpen);
      }
    }
  });
});

const rules = lifecycle(`
  defined    START              running
  defined    REMOVE_WAITING     removed
  defined    REMOVE_UNATTACHED  removed
  running    STOP               stopped
  running    RESET              running
  running    MIGRATE            migrating
  running    REMOVE_WAITING     removing
  running    REMOVE_UNATTACHED  removed
  removing   STOP               stopped
  removing   RESET              removing
  removing   MIGRATE            migrating
  migrating  MIGRATED           migrated
  migrated   STOP               stopped
  stopped    START              running
  stopped    REMOVE_WAITING     removed
  stopped    REMOVE_UNATTACHED  removed
`);

describe('a guest does this and nothing else', () => {
  test.each(guestTable.states)('%s', (state) => {
    for (const [word, event] of byWord) {
      expect(next(guestTable, state, event), word).toBe(rules.get(`${state} ${word}`));
    }
  });

  it('the rules name no unknown state', () => {
    expect([...rules.values()].filter((name) => !guestTable.states.some((state) => state === name))).toEqual(
      [],
    );
  });
});

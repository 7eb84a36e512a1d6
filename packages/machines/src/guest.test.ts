import { describe, expect, it, test } from 'vitest';
import {
  type GuestEvent,
  type GuestState,
  guestMachine,
  guestTable,
  next,
  noAdapterPlugged,
} from './index.ts';
import { allWalks, lifecycle, visited } from './test-support.ts';

const events: readonly GuestEvent[] = [
  { type: 'START' },
  { type: 'STARTED' },
  { type: 'START_FAILED' },
  { type: 'MIGRATE', pluggedAdapters: 0 },
  { type: 'MIGRATE', pluggedAdapters: 1 },
  { type: 'MIGRATED' },
  { type: 'MIGRATION_FAILED' },
  { type: 'STOP' },
  { type: 'STOPPED' },
];

/** Where a history ends, or undefined when one of its events is refused. */
function endOf(...history: readonly GuestEvent[]): GuestState | undefined {
  let state: GuestState | undefined = guestTable.initial;
  for (const event of history) state = state === undefined ? undefined : next(guestTable, state, event);
  return state;
}

const start: GuestEvent = { type: 'START' };
const started: GuestEvent = { type: 'STARTED' };
const stop: GuestEvent = { type: 'STOP' };
const stopped: GuestEvent = { type: 'STOPPED' };
const migrate = (pluggedAdapters: number): GuestEvent => ({ type: 'MIGRATE', pluggedAdapters });

describe('a guest', () => {
  it('is defined before anybody opens its mdev', () => {
    expect(guestTable.initial).toBe('defined');
  });

  it('runs once it has started, and can be stopped and started again', () => {
    expect(endOf(start, started)).toBe('running');
    expect(endOf(start, started, stop, stopped)).toBe('stopped');
    expect(endOf(start, started, stop, stopped, start, started)).toBe('running');
  });

  it('that fails to start is stopped, and may be tried again', () => {
    expect(endOf(start, { type: 'START_FAILED' })).toBe('stopped');
    expect(endOf(start, { type: 'START_FAILED' }, start)).toBe('starting');
  });

  it('that is open cannot be opened a second time', () => {
    for (const open of ['starting', 'running', 'migrating', 'stopping'] as const) {
      expect(next(guestTable, open, start), open).toBeUndefined();
    }
  });

  it('that runs with an adapter plugged may not migrate', () => {
    expect(endOf(start, started, migrate(1))).toBeUndefined();
    expect(endOf(start, started, migrate(256))).toBeUndefined();
  });

  it('that runs without a plugged adapter may migrate', () => {
    expect(endOf(start, started, migrate(0))).toBe('migrating');
  });

  it('may not migrate when the number of plugged adapters makes no sense', () => {
    expect(endOf(start, started, migrate(Number.NaN))).toBeUndefined();
    expect(endOf(start, started, migrate(-1))).toBeUndefined();
  });

  it('that does not run may not migrate, with or without adapters', () => {
    for (const state of guestTable.states.filter((name) => name !== 'running')) {
      expect(next(guestTable, state, migrate(0)), state).toBeUndefined();
    }
  });

  it('has left this host once it has migrated, and runs on when migration fails', () => {
    expect(endOf(start, started, migrate(0), { type: 'MIGRATED' })).toBe('stopped');
    expect(endOf(start, started, migrate(0), { type: 'MIGRATION_FAILED' })).toBe('running');
  });

  it('cannot be stopped while it starts or migrates', () => {
    expect(endOf(start, stop)).toBeUndefined();
    expect(endOf(start, started, migrate(0), stop)).toBeUndefined();
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
    expect(visited(guestMachine, walks)).toEqual(
      ['defined', 'migrating', 'running', 'starting', 'stopped', 'stopping'].sort(),
    );
  });

  it('without a start nothing is reachable', () => {
    const others = events.filter(({ type }) => type !== 'START');
    expect(visited(guestMachine, allWalks(guestMachine, others))).toEqual(['defined']);
  });

  it('with adapters always plugged migration is unreachable, everything else is not', () => {
    const plugged = events.filter((event) => event.type !== 'MIGRATE' || event.pluggedAdapters > 0);
    expect(visited(guestMachine, allWalks(guestMachine, plugged))).toEqual(
      ['defined', 'running', 'starting', 'stopped', 'stopping'].sort(),
    );
  });

  it('opens the mdev only when it is closed, and closes it only when it is open', () => {
    for (const { steps } of walks) {
      let isOpen = false;
      for (const { event, state } of steps) {
        if (event.type === 'START') {
          expect(isOpen).toBe(false);
          isOpen = true;
        } else if (['START_FAILED', 'STOPPED', 'MIGRATED'].includes(event.type)) {
          expect(isOpen).toBe(true);
          isOpen = false;
        }
        expect(['starting', 'running', 'migrating', 'stopping'].includes(state), state).toBe(isOpen);
        if (event.type === 'MIGRATE') expect(event.pluggedAdapters).toBe(0);
      }
    }
  });
});

const rules = lifecycle(`
  defined    START             starting
  starting   STARTED           running
  starting   START_FAILED      stopped
  running    MIGRATE           migrating
  running    STOP              stopping
  migrating  MIGRATED          stopped
  migrating  MIGRATION_FAILED  running
  stopping   STOPPED           stopped
  stopped    START             starting
`);

describe('a guest does this and nothing else', () => {
  const unguarded = events.filter((event) => event.type !== 'MIGRATE' || event.pluggedAdapters === 0);
  test.each(guestTable.states)('%s', (state) => {
    for (const event of unguarded) {
      expect(next(guestTable, state, event), event.type).toBe(rules.get(`${state} ${event.type}`));
    }
  });

  it('the rules name no unknown state', () => {
    expect([...rules.values()].filter((name) => !guestTable.states.some((state) => state === name))).toEqual(
      [],
    );
  });
});

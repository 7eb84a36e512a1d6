import { describe, expect, it, test } from 'vitest';
import {
  type AdapterPlugEvent,
  type AdapterPlugState,
  adapterPlugMachine,
  adapterPlugTable,
  next,
} from './index.ts';
import { allWalks, lifecycle, visited } from './test-support.ts';

const types = ['ASSIGN', 'PLUG', 'UNPLUG', 'RESET_DONE', 'RESET_FAILED', 'UNASSIGN'] as const;
const events: readonly AdapterPlugEvent[] = types.map((type) => ({ type }));

/** Where a history ends, or undefined when one of its events is refused. */
function endOf(history: string): AdapterPlugState | undefined {
  let state: AdapterPlugState | undefined = adapterPlugTable.initial;
  for (const word of history.split(' ')) {
    const event = events.find(({ type }) => type === word);
    if (event === undefined) throw new Error(`no such event: ${word}`);
    state = state === undefined ? undefined : next(adapterPlugTable, state, event);
  }
  return state;
}

describe('histories that the driver produces', () => {
  test.each([
    ['an assigned adapter is not in the guest matrix yet', 'ASSIGN', 'waitingForQueues'],
    ['it is plugged at once when its queues are bound', 'ASSIGN PLUG', 'plugged'],
    ['unbinding a queue takes it out and resets it', 'ASSIGN PLUG UNPLUG RESET_DONE', 'unplugged'],
    ['binding the queue again brings it back', 'ASSIGN PLUG UNPLUG RESET_DONE PLUG', 'plugged'],
    ['until the reset is done it is resetting', 'ASSIGN PLUG UNPLUG', 'resetting'],
    ['an adapter that the host lost comes back without any reset', 'ASSIGN PLUG UNPLUG PLUG', 'plugged'],
    ['an adapter that the host lost can be unassigned', 'ASSIGN PLUG UNPLUG UNASSIGN', 'unassigned'],
    ['a failed reset keeps it out', 'ASSIGN PLUG UNPLUG RESET_FAILED', 'resetFailed'],
    ['a good reset makes it pluggable', 'ASSIGN PLUG UNPLUG RESET_FAILED RESET_DONE PLUG', 'plugged'],
    ['a queue bound anew counts as reset', 'ASSIGN PLUG UNPLUG RESET_FAILED PLUG', 'plugged'],
    ['unassigning resets after the matrix has changed', 'ASSIGN PLUG UNASSIGN RESET_DONE', 'unassigned'],
    [
      'ap_config may take it out and put it in again',
      'ASSIGN PLUG UNASSIGN RESET_FAILED ASSIGN PLUG',
      'plugged',
    ],
    ['2019-v2 unassigns without a reset', 'ASSIGN PLUG UNASSIGN ASSIGN', 'waitingForQueues'],
    ['7.3 keeps it plugged when the guest closes', 'ASSIGN PLUG RESET_DONE', 'plugged'],
    ['2019-v2 takes it out at close', 'ASSIGN PLUG UNPLUG RESET_DONE UNASSIGN', 'unassigned'],
    ['closing resets what never was plugged', 'ASSIGN RESET_DONE PLUG', 'plugged'],
    ['one that waits with an unclean queue is kept out', 'ASSIGN RESET_FAILED', 'resetFailed'],
    ['after a failed reset the next refilter throws it out', 'ASSIGN PLUG RESET_FAILED UNPLUG', 'resetting'],
    ['several resets in a row change nothing more', 'ASSIGN PLUG UNPLUG RESET_DONE RESET_DONE', 'unplugged'],
    ['the outcome of the last reset counts', 'ASSIGN PLUG UNPLUG RESET_DONE RESET_FAILED', 'resetFailed'],
  ])('%s', (_sentence, history, end) => {
    expect(endOf(history)).toBe(end);
  });
});

describe('histories that no driver produces', () => {
  test.each([
    ['an unassigned adapter is plugged', 'PLUG'],
    ['an adapter is plugged after it was unassigned', 'ASSIGN PLUG UNASSIGN PLUG'],
    ['a plugged adapter is plugged again', 'ASSIGN PLUG PLUG'],
    ['an adapter that waits is unplugged', 'ASSIGN UNPLUG'],
    ['an unplugged adapter is unplugged again', 'ASSIGN PLUG UNPLUG UNPLUG'],
    ['an unassigned adapter is unplugged', 'ASSIGN PLUG UNASSIGN UNPLUG'],
    ['an assigned adapter is assigned', 'ASSIGN ASSIGN'],
    ['a plugged adapter is assigned', 'ASSIGN PLUG ASSIGN'],
    ['an unassigned adapter is unassigned', 'UNASSIGN'],
  ])('%s', (_sentence, history) => {
    const untilThen = history.split(' ').slice(0, -1).join(' ');
    if (untilThen !== '') expect(endOf(untilThen)).toBeDefined();
    expect(endOf(history)).toBeUndefined();
  });
});

describe('whatever state an adapter is in', () => {
  test.each(adapterPlugTable.states)(
    '%s: a reset does not move it into or out of the guest matrix',
    (state) => {
      for (const type of ['RESET_DONE', 'RESET_FAILED'] as const) {
        const after = next(adapterPlugTable, state, { type });
        expect(after === 'plugged', type).toBe(state === 'plugged');
        expect(after === 'unassigned', type).toBe(state === 'unassigned');
      }
    },
  );

  test.each(adapterPlugTable.states)('%s: it can be plugged from there, or was', (state) => {
    const assigned = next(adapterPlugTable, state, { type: 'ASSIGN' }) ?? state;
    expect(next(adapterPlugTable, assigned, { type: 'PLUG' }) ?? assigned).toBe('plugged');
  });
});

describe('every path of an adapter', () => {
  const walks = allWalks(adapterPlugMachine, events);

  it('together they come through every state', () => {
    expect(visited(adapterPlugMachine, walks)).toEqual(
      ['plugged', 'resetFailed', 'resetting', 'unassigned', 'unplugged', 'waitingForQueues'].sort(),
    );
  });

  it('without an assignment nothing is reachable', () => {
    const others = events.filter(({ type }) => type !== 'ASSIGN');
    expect(visited(adapterPlugMachine, allWalks(adapterPlugMachine, others))).toEqual(['unassigned']);
  });

  it('that was never plugged is not unplugged either', () => {
    const others = events.filter(({ type }) => type !== 'PLUG' && type !== 'RESET_FAILED');
    expect(visited(adapterPlugMachine, allWalks(adapterPlugMachine, others))).toEqual(
      ['unassigned', 'waitingForQueues'].sort(),
    );
  });

  it('says unassigned and plugged exactly when the matrix and the guest matrix do', () => {
    for (const { steps } of walks) {
      let inMatrix = false;
      let inGuestMatrix = false;
      for (const { event, state } of steps) {
        if (event.type === 'ASSIGN') inMatrix = true;
        if (event.type === 'UNASSIGN') inMatrix = false;
        if (event.type === 'PLUG') inGuestMatrix = true;
        if (event.type === 'UNPLUG' || event.type === 'UNASSIGN') inGuestMatrix = false;
        expect(state !== 'unassigned', state).toBe(inMatrix);
        expect(state === 'plugged', state).toBe(inGuestMatrix);
      }
    }
  });
});

const rules = lifecycle(`
  unassigned        ASSIGN        waitingForQueues
  unassigned        RESET_DONE    unassigned
  unassigned        RESET_FAILED  unassigned
  waitingForQueues  PLUG          plugged
  waitingForQueues  RESET_DONE    waitingForQueues
  waitingForQueues  RESET_FAILED  resetFailed
  waitingForQueues  UNASSIGN      unassigned
  plugged           UNPLUG        resetting
  plugged           RESET_DONE    plugged
  plugged           RESET_FAILED  plugged
  plugged           UNASSIGN      unassigned
  resetting         PLUG          plugged
  resetting         RESET_DONE    unplugged
  resetting         RESET_FAILED  resetFailed
  resetting         UNASSIGN      unassigned
  unplugged         PLUG          plugged
  unplugged         RESET_DONE    unplugged
  unplugged         RESET_FAILED  resetFailed
  unplugged         UNASSIGN      unassigned
  resetFailed       PLUG          plugged
  resetFailed       RESET_DONE    unplugged
  resetFailed       RESET_FAILED  resetFailed
  resetFailed       UNASSIGN      unassigned
`);

describe('an adapter does this and nothing else', () => {
  test.each(adapterPlugTable.states)('%s', (state) => {
    for (const event of events) {
      expect(next(adapterPlugTable, state, event), event.type).toBe(rules.get(`${state} ${event.type}`));
    }
  });
});

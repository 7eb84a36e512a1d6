import { describe, expect, it, test } from 'vitest';
import {
  type AdapterPlugEvent,
  type AdapterPlugState,
  adapterPlugMachine,
  adapterPlugTable,
  isUsable,
  next,
} from './index.ts';
import { allWalks, lifecycle, visited } from './test-support.ts';

const usable = { isInHost: true, areQueuesBound: true, areQueuesPassable: true };
const refilter = (change: Partial<typeof usable> = {}): AdapterPlugEvent => ({
  type: 'REFILTER',
  ...usable,
  ...change,
});
const simple = ['ASSIGN', 'UNPLUG', 'RESET_DONE', 'RESET_FAILED', 'UNASSIGN'] as const;
/** In histories PLUG is a refilter of an adapter that is usable, THROW_OUT one of an adapter that is not. */
const byWord: ReadonlyMap<string, AdapterPlugEvent> = new Map<string, AdapterPlugEvent>([
  ...simple.map((type): [string, AdapterPlugEvent] => [type, { type }]),
  ['PLUG', refilter()],
  ['THROW_OUT', refilter({ areQueuesBound: false })],
]);
const events = [...byWord.values()];

/** Where a history ends, or undefined when one of its events is refused. */
function endOf(history: string): AdapterPlugState | undefined {
  let state: AdapterPlugState | undefined = adapterPlugTable.initial;
  for (const word of history.split(' ')) {
    const event = byWord.get(word);
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
    ['ap_config may take it out and put it in again', 'ASSIGN PLUG UNASSIGN ASSIGN PLUG', 'plugged'],
    ['2019-v2 unassigns without a reset', 'ASSIGN PLUG UNASSIGN ASSIGN', 'waitingForQueues'],
    ['2019-v2 takes it out at close', 'ASSIGN PLUG UNPLUG RESET_DONE UNASSIGN', 'unassigned'],
    ['one that waits with an unclean queue is kept out', 'ASSIGN RESET_FAILED', 'resetFailed'],
    ['a refilter throws out what is not usable any more', 'ASSIGN PLUG THROW_OUT', 'resetting'],
    [
      'a queue bound again brings back what was thrown out',
      'ASSIGN PLUG THROW_OUT RESET_DONE PLUG',
      'plugged',
    ],
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
    ['an adapter that is not usable is plugged', 'ASSIGN THROW_OUT'],
    ['a reset of an unassigned adapter means something', 'RESET_DONE'],
    ['a reset of a plugged adapter means something', 'ASSIGN PLUG RESET_FAILED'],
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
        const after = next(adapterPlugTable, state, { type }) ?? state;
        expect(after === 'plugged', type).toBe(state === 'plugged');
        expect(after === 'unassigned', type).toBe(state === 'unassigned');
      }
    },
  );

  test.each(adapterPlugTable.states)('%s: it can be plugged from there, or was', (state) => {
    const assigned = next(adapterPlugTable, state, { type: 'ASSIGN' }) ?? state;
    expect(next(adapterPlugTable, assigned, refilter()) ?? assigned).toBe('plugged');
  });

  test.each(adapterPlugTable.states)('%s: every condition of a refilter counts', (state) => {
    for (const condition of ['isInHost', 'areQueuesBound', 'areQueuesPassable'] as const) {
      const after = next(adapterPlugTable, state, refilter({ [condition]: false })) ?? state;
      expect(after, condition).not.toBe('plugged');
    }
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
    const others = events.filter(({ type }) => type !== 'REFILTER' && type !== 'RESET_FAILED');
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
        if (event.type === 'REFILTER') inGuestMatrix = isUsable(event);
        if (event.type === 'UNPLUG' || event.type === 'UNASSIGN') inGuestMatrix = false;
        expect(state !== 'unassigned', state).toBe(inMatrix);
        expect(state === 'plugged', state).toBe(inGuestMatrix);
      }
    }
  });
});

const rules = lifecycle(`
  unassigned        ASSIGN        waitingForQueues
  waitingForQueues  PLUG          plugged
  waitingForQueues  RESET_FAILED  resetFailed
  waitingForQueues  UNASSIGN      unassigned
  plugged           THROW_OUT     resetting
  plugged           UNPLUG        resetting
  plugged           UNASSIGN      unassigned
  resetting         PLUG          plugged
  resetting         RESET_DONE    unplugged
  resetting         RESET_FAILED  resetFailed
  resetting         UNASSIGN      unassigned
  unplugged         PLUG          plugged
  unplugged         RESET_FAILED  resetFailed
  unplugged         UNASSIGN      unassigned
  resetFailed       PLUG          plugged
  resetFailed       RESET_DONE    unplugged
  resetFailed       UNASSIGN      unassigned
`);

describe('an adapter does this and nothing else', () => {
  test.each(adapterPlugTable.states)('%s', (state) => {
    for (const [word, event] of byWord) {
      expect(next(adapterPlugTable, state, event), word).toBe(rules.get(`${state} ${word}`));
    }
  });
});

import { describe, expect, it } from 'vitest';
import { type ChangeEvent, changeMachine, changeTable, hasTag, next } from './index.ts';
import { allWalks, lifecycle, visited } from './test-support.ts';

const resumption = (
  type: 'RETRY' | 'CONTINUE',
  { isOnWayBack = false, isAllDone = false } = {},
): ChangeEvent => ({ type, isOnWayBack, isAllDone });

/** By the words that the lifecycle below has for them. */
const byWord: ReadonlyMap<string, ChangeEvent> = new Map<string, ChangeEvent>([
  ...(
    [
      'APPROVE',
      'REFUSE',
      'WITHDRAW',
      'CARRY_OUT',
      'STOP',
      'STEP_START',
      'HOLD',
      'AWAIT_CONFIRMATION',
      'CONFIRM',
      'FINISH',
      'EXPIRE',
      'GO_BACK',
      'PLAN_BACK',
      'LEAVE',
      'WENT_BACK',
    ] as const
  ).map((type): [string, ChangeEvent] => [type, { type }]),
  ['START', { type: 'START', needsApproval: true }],
  ['START_ALONE', { type: 'START', needsApproval: false }],
  ['STEP_DONE', { type: 'STEP_DONE', isLast: false }],
  ['LAST_STEP_DONE', { type: 'STEP_DONE', isLast: true }],
  ['RETRY', resumption('RETRY')],
  ['RETRY_BACK', resumption('RETRY', { isOnWayBack: true })],
  ['RETRY_END', resumption('RETRY', { isAllDone: true })],
  ['CONTINUE', resumption('CONTINUE')],
  ['CONTINUE_BACK', resumption('CONTINUE', { isOnWayBack: true })],
  ['CONTINUE_END', resumption('CONTINUE', { isAllDone: true })],
]);

const expected = lifecycle(`
  proposed APPROVE approved
  proposed START_ALONE running
  proposed REFUSE abandoned
  proposed WITHDRAW abandoned
  proposed EXPIRE abandoned
  approved START running
  approved START_ALONE running
  approved CARRY_OUT done
  approved STOP abandoned
  running STEP_START running
  running STEP_DONE running
  running LAST_STEP_DONE verifying
  running HOLD held
  running GO_BACK goingBack
  verifying AWAIT_CONFIRMATION verifying
  verifying CONFIRM done
  verifying FINISH done
  verifying HOLD held
  verifying EXPIRE goingBack
  verifying GO_BACK goingBack
  held RETRY running
  held RETRY_BACK goingBack
  held RETRY_END verifying
  held CONTINUE running
  held CONTINUE_BACK goingBack
  held CONTINUE_END verifying
  held GO_BACK goingBack
  held LEAVE abandoned
  goingBack PLAN_BACK goingBack
  goingBack STEP_START goingBack
  goingBack STEP_DONE goingBack
  goingBack LAST_STEP_DONE goingBack
  goingBack HOLD held
  goingBack WENT_BACK back
`);

describe('a change', () => {
  it('takes exactly the events of its lifecycle', () => {
    for (const state of changeTable.states)
      for (const [word, event] of byWord)
        expect(next(changeTable, state, event), `${state} ${word}`).toBe(expected.get(`${state} ${word}`));
  });

  it('comes to every state', () => {
    expect(visited(changeMachine, allWalks(changeMachine, [...byWord.values()]))).toEqual(
      [...changeTable.states].sort(),
    );
  });

  it('is over where nothing follows, and nowhere else', () => {
    for (const state of changeTable.states) {
      const follows = [...byWord.values()].some((event) => next(changeTable, state, event) !== undefined);
      expect(hasTag(changeTable, state, 'over'), state).toBe(!follows);
    }
  });

  it('never goes on by itself when it is held', () => {
    const byPeople = new Set(['RETRY', 'CONTINUE', 'GO_BACK', 'LEAVE']);
    for (const event of byWord.values())
      if (next(changeTable, 'held', event) !== undefined) expect(byPeople).toContain(event.type);
  });
});

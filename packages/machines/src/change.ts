/**
 * The life of one change of a host: somebody proposes it, somebody else may have to agree, its steps are carried out one by one, and what
 * came of them is held against the plan.
 *
 * Its events are the facts of the stream `change-<id>`. In `held` nothing happens before somebody says how it goes on; the tag `moving`
 * marks the states in which the next thing is done by itself, the tag `over` those in which nothing follows any more.
 */
import { setup } from 'xstate';

export type ChangeEvent =
  | { type: 'APPROVE' }
  | { type: 'REFUSE' }
  | { type: 'WITHDRAW' }
  /** `needsApproval`: the rules of the host ask for a second person. */
  | { type: 'START'; needsApproval: boolean }
  /** A change of plain commands, which has no steps: done in one go, or not. */
  | { type: 'CARRY_OUT' }
  | { type: 'STOP' }
  | { type: 'STEP_START' }
  /** `isLast`: no step of the plan is left. */
  | { type: 'STEP_DONE'; isLast: boolean }
  /** A step was refused or is not confirmed, or the host is not as planned. */
  | { type: 'HOLD' }
  | { type: 'AWAIT_CONFIRMATION' }
  | { type: 'CONFIRM' }
  | { type: 'FINISH' }
  /** What somebody had time for was not done. */
  | { type: 'EXPIRE' }
  /** The same step again. `isOnWayBack`: it was held on the way back; `isAllDone`: no step was left. */
  | { type: 'RETRY'; isOnWayBack: boolean; isAllDone: boolean }
  /** What is left, from the host as it is. */
  | { type: 'CONTINUE'; isOnWayBack: boolean; isAllDone: boolean }
  | { type: 'GO_BACK' }
  /** The way back is planned. */
  | { type: 'PLAN_BACK' }
  | { type: 'LEAVE' }
  | { type: 'WENT_BACK' };

/** The lifecycle of a change. */
export const changeMachine = setup({
  types: {} as { events: ChangeEvent; tags: 'moving' | 'over' },
  guards: {
    needsNobody: ({ event }) => event.type === 'START' && !event.needsApproval,
    isLast: ({ event }) => event.type === 'STEP_DONE' && event.isLast,
    isOnWayBack: ({ event }) => (event.type === 'RETRY' || event.type === 'CONTINUE') && event.isOnWayBack,
    isAllDone: ({ event }) => (event.type === 'RETRY' || event.type === 'CONTINUE') && event.isAllDone,
  },
}).createMachine({
  id: 'change',
  initial: 'proposed',
  states: {
    proposed: {
      on: {
        APPROVE: 'approved',
        START: { target: 'running', guard: 'needsNobody' },
        REFUSE: 'abandoned',
        WITHDRAW: 'abandoned',
        EXPIRE: 'abandoned',
      },
    },
    approved: {
      on: { START: 'running', CARRY_OUT: 'done', STOP: 'abandoned' },
      tags: 'moving',
    },
    running: {
      on: {
        STEP_START: 'running',
        STEP_DONE: [{ target: 'verifying', guard: 'isLast' }, { target: 'running' }],
        HOLD: 'held',
        GO_BACK: 'goingBack',
      },
      tags: 'moving',
    },
    /** All steps are done. Where a confirmation is wanted, this lasts until it comes or its time is over. */
    verifying: {
      on: {
        AWAIT_CONFIRMATION: 'verifying',
        CONFIRM: 'done',
        FINISH: 'done',
        HOLD: 'held',
        EXPIRE: 'goingBack',
        GO_BACK: 'goingBack',
      },
      tags: 'moving',
    },
    held: {
      on: {
        RETRY: [
          { target: 'goingBack', guard: 'isOnWayBack' },
          { target: 'verifying', guard: 'isAllDone' },
          { target: 'running' },
        ],
        CONTINUE: [
          { target: 'goingBack', guard: 'isOnWayBack' },
          { target: 'verifying', guard: 'isAllDone' },
          { target: 'running' },
        ],
        GO_BACK: 'goingBack',
        LEAVE: 'abandoned',
      },
    },
    goingBack: {
      on: {
        PLAN_BACK: 'goingBack',
        STEP_START: 'goingBack',
        STEP_DONE: 'goingBack',
        HOLD: 'held',
        WENT_BACK: 'back',
      },
      tags: 'moving',
    },
    done: { tags: 'over' },
    back: { tags: 'over' },
    /** Nobody wants it any more: refused, withdrawn, too late, stopped, or left as it was. */
    abandoned: { tags: 'over' },
  },
});

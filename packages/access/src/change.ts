/** A stream `change-<id>` folded: what was proposed, by whom, how far it is, and what became of it. The machine `change` says what may follow. */
import type { LedgerFact, LedgerFactData, Subject } from '@apledger/events';
import { type ChangeEvent, type ChangeState, changeTable, hasTag, next } from '@apledger/machines';
import { type ChangeRun, foldRun, runOf } from './change-run.ts';
import type { RecordedAccess } from './state.ts';

interface Approval {
  readonly by: Subject;
  readonly at: string;
  readonly work: string;
  readonly effect: string;
}

/** The machine's state in the words of the API, and for an abandoned change, why. */
type ChangeStatus =
  | 'proposed'
  | 'approved'
  | 'running'
  | 'verifying'
  | 'held'
  | 'going-back'
  | 'carried-out'
  | 'back'
  | 'refused'
  | 'withdrawn'
  | 'stopped'
  | 'expired'
  | 'left';

export interface Change {
  readonly proposal: LedgerFactData<'ChangeProposed'>;
  /** Undefined for a proposal that was written to the log itself. */
  readonly proposedBy: Subject | undefined;
  readonly proposedAt: string;
  readonly state: ChangeState;
  readonly status: ChangeStatus;
  readonly approvals: readonly Approval[];
  /** What was said when it was refused, withdrawn, stopped or left. */
  readonly reason?: string;
  /** Who ended it, and when. */
  readonly endedBy?: Subject | undefined;
  readonly endedAt?: string;
  readonly commands?: readonly string[];
  /** Of a planned change: its plan, and how far it is. */
  readonly run?: ChangeRun;
}

/** The change after one more fact of its stream; undefined before it was proposed. A fact that the machine does not allow changes nothing. */
export function foldChange(change: Change | undefined, recorded: RecordedAccess): Change | undefined {
  const { fact, by, occurredAt } = recorded;
  if (fact.type === 'ChangeProposed')
    return {
      proposal: fact.data,
      proposedBy: by,
      proposedAt: occurredAt,
      state: changeTable.initial,
      status: 'proposed',
      approvals: [],
    };
  if (change === undefined) return undefined;
  if (fact.type === 'ChangePlanned') return { ...change, run: runOf(fact.data) };
  // Who approved has to be known.
  if (fact.type === 'ChangeApproved' && by === undefined) return change;
  const state = stateAfter(change, fact);
  if (state === undefined) return change;
  const run = change.run && foldRun(change.run, change.state, fact, occurredAt);
  return {
    ...change,
    ...ended(state, recorded),
    ...approved(change, recorded),
    ...(run !== undefined && { run }),
    state,
    status: statusOf(state, fact),
  };
}

/** Whether the machine allows that the fact follows. */
export const allowsFact = (change: Change, fact: LedgerFact): boolean =>
  stateAfter(change, fact) !== undefined;

const stateAfter = ({ state, run }: Change, fact: LedgerFact): ChangeState | undefined => {
  const event = eventOf(fact, run);
  return event && next(changeTable, state, event);
};

/** What a fact is to the machine; undefined for one that it does not know. */
function eventOf(fact: LedgerFact, run: ChangeRun | undefined): ChangeEvent | undefined {
  switch (fact.type) {
    case 'ChangeStarted':
      return { type: 'START', needsApproval: false };
    case 'StepDone':
      return { type: 'STEP_DONE', isLast: run !== undefined && fact.data.step >= run.plan.steps.length };
    case 'DeadlinePassed':
      return { type: fact.data.deadline === 'wait' ? 'HOLD' : 'EXPIRE' };
    case 'ChangeResumed':
      return resumption(fact.data, run);
    default: {
      const type = EVENTS[fact.type as keyof typeof EVENTS];
      return type && { type };
    }
  }
}

const EVENTS = {
  ChangeApproved: 'APPROVE',
  ChangeRefused: 'REFUSE',
  ChangeWithdrawn: 'WITHDRAW',
  ChangeCarriedOut: 'CARRY_OUT',
  ChangeStopped: 'STOP',
  StepStarted: 'STEP_START',
  StepRefused: 'HOLD',
  StepUnconfirmed: 'HOLD',
  ChangeHeld: 'HOLD',
  ConfirmationAwaited: 'AWAIT_CONFIRMATION',
  ChangeConfirmed: 'CONFIRM',
  ChangeDone: 'FINISH',
  ChangeGoesBack: 'PLAN_BACK',
  ChangeWentBack: 'WENT_BACK',
} as const satisfies Partial<Record<LedgerFact['type'], ChangeEvent['type']>>;

function resumption({ how, plan }: LedgerFactData<'ChangeResumed'>, run: ChangeRun | undefined): ChangeEvent {
  if (how === 'back') return { type: 'GO_BACK' };
  if (how === 'leave') return { type: 'LEAVE' };
  const isOnWayBack = run?.way === 'back';
  if (how === 'continue') return { type: 'CONTINUE', isOnWayBack, isAllDone: plan?.steps.length === 0 };
  return { type: 'RETRY', isOnWayBack, isAllDone: run !== undefined && run.done >= run.plan.steps.length };
}

function ended(state: ChangeState, { fact, by, occurredAt }: RecordedAccess): Partial<Change> {
  if (!hasTag(changeTable, state, 'over')) return {};
  const reason = 'reason' in fact.data && typeof fact.data.reason === 'string' ? fact.data.reason : undefined;
  return {
    endedBy: by,
    endedAt: occurredAt,
    ...(reason !== undefined && { reason }),
    ...(fact.type === 'ChangeCarriedOut' && { commands: fact.data.commands }),
  };
}

function approved({ approvals }: Change, { fact, by, occurredAt }: RecordedAccess): Partial<Change> {
  if (fact.type !== 'ChangeApproved' || by === undefined) return {};
  const { work, effect } = fact.data;
  return { approvals: [...approvals, { by, at: occurredAt, work, effect }] };
}

const STATUSES = {
  proposed: 'proposed',
  approved: 'approved',
  running: 'running',
  verifying: 'verifying',
  held: 'held',
  goingBack: 'going-back',
  done: 'carried-out',
  back: 'back',
} as const satisfies Partial<Record<ChangeState, ChangeStatus>>;

function statusOf(state: ChangeState, { type }: LedgerFact): ChangeStatus {
  if (state !== 'abandoned') return STATUSES[state];
  const ends: Partial<Record<LedgerFact['type'], ChangeStatus>> = {
    ChangeRefused: 'refused',
    ChangeWithdrawn: 'withdrawn',
    DeadlinePassed: 'expired',
    ChangeResumed: 'left',
  };
  return ends[type] ?? 'stopped';
}

/** Whether somebody still has to judge it. */
export const isOpenChange = ({ status, proposal }: Change, at: string): boolean =>
  status === 'proposed' && (proposal.until === null || at < proposal.until);

/** Whether nothing follows any more. */
export const isOverChange = ({ state }: Change): boolean => hasTag(changeTable, state, 'over');

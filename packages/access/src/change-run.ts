/** How far a planned change is: the plan whose steps are carried out now, and what came of each. */
import type { Errno, HoldCause, LedgerFact, LedgerFactData, PlanDocument } from '@apledger/events';
import type { ChangeState } from '@apledger/machines';

export interface StartedStep {
  /** Counted from 1. */
  readonly step: number;
  /** Id of its command; null for a wait. */
  readonly command: string | null;
  readonly at: string;
  /** A wait is given up then. */
  readonly until: string | null;
}

/** One step that was begun. */
export interface StepRecord extends StartedStep {
  readonly way: 'there' | 'back';
  readonly planHash: string;
  readonly text: string;
  readonly attempt: number;
  readonly outcome: 'started' | 'done' | 'refused' | 'unconfirmed' | 'late';
  readonly endedAt: string | null;
  /** Of the host, when it was done. */
  readonly revision: number | null;
}

/** Why it is held, and since when. */
export interface Held {
  readonly because: HoldCause | 'refused' | 'unconfirmed' | 'late';
  readonly reason: string;
  readonly errno: Errno | null;
  readonly at: string;
  readonly predicted: string | null;
  readonly actual: string | null;
  readonly differences: readonly string[];
}

export interface ChangeRun {
  /** As it was proposed and approved. */
  readonly proposed: PlanDocument;
  readonly confirmWithinMs: number | null;
  /** Whose steps are carried out now: another one after `continue`, and on the way back. */
  readonly plan: PlanDocument;
  readonly way: 'there' | 'back';
  /** The way back is planned. */
  readonly isBackPlanned: boolean;
  /** Steps of the plan that are done. */
  readonly done: number;
  /** How often the next step was begun already. */
  readonly attempts: number;
  /** The step that was begun and is not settled. */
  readonly started: StartedStep | undefined;
  readonly held: Held | undefined;
  readonly confirmUntil: string | undefined;
  /** Every step that was begun, in order. */
  readonly steps: readonly StepRecord[];
  /** Every plan that was begun, in order: what is undone on the way back is in them. */
  readonly plans: readonly PlanDocument[];
}

/** How a change stands that has been planned and not begun. */
export const runOf = ({ plan, confirmWithinMs }: LedgerFactData<'ChangePlanned'>): ChangeRun => ({
  proposed: plan,
  confirmWithinMs,
  plan,
  way: 'there',
  isBackPlanned: false,
  done: 0,
  attempts: 0,
  started: undefined,
  held: undefined,
  confirmUntil: undefined,
  steps: [],
  plans: [plan],
});

/** The run after a fact that the machine allowed in the state. */
export function foldRun(run: ChangeRun, state: ChangeState, fact: LedgerFact, at: string): ChangeRun {
  switch (fact.type) {
    case 'StepStarted':
      return begun(run, fact.data, at);
    case 'StepDone':
      return { ...ended(run, 'done', at, fact.data.revision), done: fact.data.step, attempts: 0 };
    case 'StepRefused':
      return held(ended(run, 'refused', at), at, {
        because: 'refused',
        errno: fact.data.errno,
        reason: `${fact.data.errno}: ${fact.data.explanation}`,
      });
    case 'StepUnconfirmed':
      return held(ended(run, 'unconfirmed', at), at, { because: 'unconfirmed', reason: fact.data.reason });
    case 'ChangeHeld':
      return held({ ...run, started: undefined }, at, fact.data);
    case 'DeadlinePassed':
      return late(run, fact.data, at);
    case 'ChangeResumed':
      return resumed(run, fact.data);
    case 'ConfirmationAwaited':
      return { ...run, confirmUntil: fact.data.until };
    case 'ChangeGoesBack':
      return { ...onWayBack(withPlan(run, fact.data.plan)), isBackPlanned: true, started: undefined };
    default:
      return state === 'held' ? { ...run, held: undefined } : run;
  }
}

function begun(run: ChangeRun, data: LedgerFactData<'StepStarted'>, at: string): ChangeRun {
  const { step, attempt, command, until } = data;
  const started = { step, command, at, until };
  const text = run.plan.steps[step - 1]?.text ?? '';
  const record: StepRecord = {
    ...started,
    way: run.way,
    planHash: run.plan.planHash,
    text,
    attempt,
    outcome: 'started',
    endedAt: null,
    revision: null,
  };
  return { ...run, attempts: attempt, started, steps: [...run.steps, record] };
}

function ended(
  run: ChangeRun,
  outcome: StepRecord['outcome'],
  endedAt: string,
  revision: number | null = null,
): ChangeRun {
  const last = run.steps.at(-1);
  if (last?.outcome !== 'started') return { ...run, started: undefined };
  const record: StepRecord = { ...last, outcome, endedAt, revision };
  return { ...run, started: undefined, steps: [...run.steps.slice(0, -1), record] };
}

const held = (
  run: ChangeRun,
  at: string,
  why: Partial<Held> & Pick<Held, 'because' | 'reason'>,
): ChangeRun => ({
  ...run,
  held: {
    errno: why.errno ?? null,
    predicted: why.predicted ?? null,
    actual: why.actual ?? null,
    differences: why.differences ?? [],
    because: why.because,
    reason: why.reason,
    at,
  },
});

function late(run: ChangeRun, { deadline, until }: LedgerFactData<'DeadlinePassed'>, at: string): ChangeRun {
  if (deadline === 'confirmation') return onWayBack({ ...run, confirmUntil: undefined });
  if (deadline !== 'wait') return run;
  const text = run.started === undefined ? '' : (run.plan.steps[run.started.step - 1]?.text ?? '');
  return held(ended(run, 'late', at), at, {
    because: 'late',
    reason: `${text}: not until ${until}`,
  });
}

function resumed(run: ChangeRun, { how, plan }: LedgerFactData<'ChangeResumed'>): ChangeRun {
  const free = { ...run, held: undefined };
  if (how === 'back') return onWayBack(free);
  if (how === 'continue' && plan !== null)
    return { ...withPlan(free, plan), done: 0, attempts: 0, started: undefined };
  // The way back is planned anew, from the host as it is by then.
  return run.way === 'back' ? { ...free, isBackPlanned: false } : free;
}

const withPlan = (run: ChangeRun, plan: PlanDocument): ChangeRun => ({
  ...run,
  plan,
  plans: [...run.plans, plan],
});

const onWayBack = (run: ChangeRun): ChangeRun => ({
  ...run,
  way: 'back',
  isBackPlanned: false,
  done: 0,
  attempts: 0,
  confirmUntil: undefined,
});

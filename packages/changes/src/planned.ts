/** A plan as it is shown, together with the document that can be kept, proposed and carried out. */
import type { Command, PlanDocument, Procedure, Wait } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { planBack } from './back.ts';
import type { DesiredHost } from './desired.ts';
import { documentOf, type Obstacle, predicted, type Undertaking } from './document.ts';
import { effectOf } from './effect.ts';
import { digestOf } from './matrices.ts';
import { emptyPlan, type Plan, type PlanProblem, planOf } from './plan.ts';
import { stepsOf } from './procedures.ts';

/** A command, or a wait. */
export interface ShownStep {
  /** Counted from 1. */
  readonly step: number;
  readonly text: string;
  readonly command?: Command;
  readonly wait?: Wait;
}

export interface Planned extends Omit<Plan, 'steps' | 'back'> {
  readonly steps: readonly ShownStep[];
  readonly back: readonly ShownStep[];
  /** Null where there are problems. */
  readonly plan: PlanDocument | null;
}

/** Plans the way to the desired state. Nothing is changed. */
export function planFile(state: HostState, desired: DesiredHost): Planned {
  const made = planOf(state, desired);
  const undertakings = made.steps.map(({ text, command }) => ({ text, command }));
  if (made.problems.length > 0) return { ...made, plan: null };
  const document = documentOf(state, undertakings, { purpose: 'desired state', desired: digestOf(desired) });
  if ('plan' in document) return { ...made, plan: document.plan };
  return { ...made, problems: [problemOf(document.obstacle)], plan: null };
}

/** Plans a procedure. Nothing is changed. */
export function planProcedure(state: HostState, procedure: Procedure): Planned {
  const nothing = { ...emptyPlan(state), plan: null };
  const made = stepsOf(state, procedure);
  if ('problem' in made)
    return { ...nothing, problems: [{ step: null, errno: null, problem: made.problem, help: made.help }] };
  const { purpose, steps } = made;
  const shown = steps.map(shownStep);
  const document = documentOf(state, steps, { purpose, desired: null });
  if ('obstacle' in document) return { ...nothing, steps: shown, problems: [problemOf(document.obstacle)] };
  const end = predicted(state, document.plan, steps.length);
  return {
    ...nothing,
    steps: shown,
    ...effectOf(state, end),
    back: backFrom(end, state, document.plan),
    plan: document.plan,
  };
}

const shownStep = ({ text, ...what }: Undertaking, index: number): ShownStep => ({
  step: index + 1,
  text,
  ...('command' in what ? { command: what.command } : { wait: what.wait }),
});

/** As it would be after all of the plan: what others do while it waits is not undone. */
function backFrom(end: HostState, base: HostState, plan: PlanDocument): readonly ShownStep[] {
  const steps = new Set(plan.steps.keys().map((index) => index + 1));
  const back = planBack(end, [{ plan, base, steps }], plan.purpose);
  return 'plan' in back ? back.plan.steps.map(shownStep) : [];
}

const problemOf = ({ step, text, problem, help }: Obstacle): PlanProblem => ({
  step,
  errno: null,
  problem: `${text}: ${problem}`,
  help,
});

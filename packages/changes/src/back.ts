/**
 * The way back: a new plan, from the host as it is to one without what the change has done to it. It is never a list of inverse steps, and
 * nothing but steps that were carried out counts, bit by bit: what others have done meanwhile stays, also on the same mdev.
 */
import type { ChangeRun, StepRecord } from '@apledger/access';
import type { PlanDocument } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { documentOf, type Obstacle } from './document.ts';
import { planTo } from './plan.ts';
import { type Target, type TargetMdev, targetOfState } from './target.ts';
import { type CarriedOut, mdevAgain, type Touched, touchedBy, undone } from './touched.ts';

/** Plans the way back from what was carried out, in order. */
export function planBack(
  state: HostState,
  carriedOut: readonly CarriedOut[],
  purpose: string,
): { readonly plan: PlanDocument } | { readonly obstacle: Obstacle } {
  const { steps, problems } = planTo(state, targetBack(state, touchedBy(carriedOut)));
  const [first] = problems;
  if (first !== undefined)
    return {
      obstacle: { step: first.step ?? 0, text: 'the way back', problem: first.problem, help: first.help },
    };
  const undertakings = steps.map(({ text, command }) => ({ text, command }));
  return documentOf(state, undertakings, { purpose: `back: ${purpose}`.slice(0, 200), desired: null });
}

function targetBack(state: HostState, { apmask, aqmask, mdevs: touched }: Touched): Target {
  const is = targetOfState(state);
  const mdevs = new Map<string, TargetMdev>(is.mdevs);
  for (const [uuid, mdev] of touched) {
    const again = mdevAgain(uuid, is.mdevs.get(uuid), mdev);
    if (again !== undefined) mdevs.set(uuid, again);
  }
  return { apmask: undone(is.apmask, apmask), aqmask: undone(is.aqmask, aqmask), mdevs };
}

/**
 * The steps of each plan of the change that were carried out. One of which nobody knows what became counts: where it was not done there is
 * nothing to undo. `isDone` says of the command of a step that was begun, and never settled, what the host says.
 */
export function carriedOutIn(
  { steps, plans }: ChangeRun,
  isDone: (command: string) => boolean,
): readonly Pick<CarriedOut, 'plan' | 'steps'>[] {
  const isCarriedOut = ({ outcome, command }: StepRecord): boolean =>
    outcome === 'done' ||
    outcome === 'unconfirmed' ||
    (outcome === 'started' && command !== null && isDone(command));
  const records = steps.filter(isCarriedOut);
  return [...new Map(plans.map((plan) => [plan.planHash, plan])).values()].map((plan) => ({
    plan,
    steps: new Set(records.flatMap(({ planHash, step }) => (planHash === plan.planHash ? [step] : []))),
  }));
}

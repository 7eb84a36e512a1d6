/**
 * The way back: a new plan, from the host as it is to what it was before, of what the change has touched and of nothing else. It is never a
 * list of inverse steps: what others have done meanwhile stays.
 */
import { and, andNot, type Mask256, or } from '@apledger/ap';
import type { PlanDocument } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { commandsOf, documentOf, type Obstacle, predicted } from './document.ts';
import { planTo } from './plan.ts';
import { absent, type Target, type TargetMdev, targetOfState } from './target.ts';

/** Plans the way back. `base` is the host that the plan was made for. */
export function planBack(
  state: HostState,
  base: HostState,
  plan: PlanDocument,
): { readonly plan: PlanDocument } | { readonly obstacle: Obstacle } {
  const target = targetBack(state, base, plan);
  const { steps, problems } = planTo(state, target);
  const [first] = problems;
  if (first !== undefined)
    return {
      obstacle: { step: first.step ?? 0, text: 'the way back', problem: first.problem, help: first.help },
    };
  const undertakings = steps.map(({ text, command }) => ({ text, command }));
  return documentOf(state, undertakings, { purpose: `back: ${plan.purpose}`.slice(0, 200), desired: null });
}

function targetBack(state: HostState, base: HostState, plan: PlanDocument): Target {
  const [was, is] = [targetOfState(base), targetOfState(state)];
  const end = predicted(base, plan, plan.steps.length);
  const mdevs = new Map<string, TargetMdev>(is.mdevs);
  for (const uuid of mdevsIn(base, plan)) {
    const before = was.mdevs.get(uuid);
    const now = is.mdevs.get(uuid);
    if (before !== undefined) mdevs.set(uuid, before);
    else if (now !== undefined) mdevs.set(uuid, absent(now));
  }
  return {
    apmask: maskBack(is.apmask, was.apmask, end.apmask),
    aqmask: maskBack(is.aqmask, was.aqmask, end.aqmask),
    mdevs,
  };
}

/** The bits that the plan has changed, as they were. */
function maskBack(is: Mask256, was: Mask256, end: Mask256): Mask256 {
  const changed = or(andNot(was, end), andNot(end, was));
  return or(andNot(is, changed), and(was, changed));
}

/** The mdevs that the commands of the plan name. */
function mdevsIn(base: HostState, { steps }: PlanDocument): ReadonlySet<string> {
  return new Set(
    commandsOf(base, steps).flatMap((command) => {
      if (command.type === 'CreateMdev') return [command.text.trim().toLowerCase()];
      return 'mdev' in command ? [command.mdev] : [];
    }),
  );
}

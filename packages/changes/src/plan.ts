/**
 * A plan: the steps that bring a host to its desired state, what they do to whom, and the way back.
 *
 * A plan is tried by the rules before anybody sees it. It has problems when the rules would refuse a step, when a guest would be without a
 * queue that it keeps and the file does not allow it, or when a queue would come to somebody else without a reset; such a plan is not to
 * be carried out.
 */
import {
  and,
  andNot,
  EMPTY_MASK,
  EMPTY_MATRIX,
  firstNames,
  formatApid,
  formatApqi,
  idsOf,
  isEmpty,
  type Matrix,
  or,
} from '@apledger/ap';
import type { Errno, Generation } from '@apledger/events';
import type { HostState } from '@apledger/host';
import type { DesiredHost } from './desired.ts';
import { type Effect, effectOf } from './effect.ts';
import { type Concessions, runInOrder } from './order.ts';
import { type Handover, type Interruption, type PlanStep, Rehearsal } from './rehearsal.ts';
import { type Target, targetOf, targetOfState } from './target.ts';

/** Why a plan is not to be carried out. */
export interface PlanProblem {
  /** The step where it shows; null when no step would be needed to see it. */
  readonly step: number | null;
  /** What the driver would answer; null when it is no refusal. */
  readonly errno: Errno | null;
  readonly problem: string;
  /** What would help; '' when nothing does. */
  readonly help: string;
}

export interface Plan extends Effect {
  readonly host: string;
  readonly driver: Generation;
  /** Of the host that it was made for. */
  readonly revision: number;
  readonly steps: readonly PlanStep[];
  readonly problems: readonly PlanProblem[];
  readonly warnings: readonly string[];
  /** Allowed by the file. */
  readonly interruptions: readonly Interruption[];
  /** Without a reset, allowed by the file. */
  readonly handovers: readonly Handover[];
  /** The steps that bring the host back. They give back assignments, not what a reset has wiped. */
  readonly back: readonly PlanStep[];
}

const ANYTHING = 'anything';

/** Plans the way to the desired state. Nothing is changed. */
export function planOf(state: HostState, desired: DesiredHost): Plan {
  const resolved = targetOf(desired, state);
  if ('problems' in resolved) {
    const problems = resolved.problems.map((problem) => ({ step: null, errno: null, problem, help: '' }));
    return { ...emptyPlan(state), problems };
  }
  const policy = { mayLose: desired.mayLose ?? {}, handover: desired.handover ?? 'require-reset' };
  const { rehearsal, problems } = rehearse(state, resolved.target, policy);
  const isGood = problems.length === 0;
  const back = isGood ? planTo(rehearsal.state, targetOfState(state)).steps : [];
  return {
    ...emptyPlan(state),
    steps: rehearsal.steps,
    problems,
    warnings: isGood ? warningsOf(rehearsal.state) : [],
    ...effectOf(state, rehearsal.state),
    interruptions: rehearsal.interruptions,
    handovers: rehearsal.handovers,
    back,
  };
}

/** The steps to a target on the way to which guests may be without what they keep; queues are reset in between where that can be. */
export function planTo(state: HostState, target: Target): Pick<Plan, 'steps' | 'problems'> {
  const careful = rehearse(state, target, { mayLose: ANYTHING, handover: 'require-reset' });
  const { rehearsal, problems } =
    careful.problems.length === 0
      ? careful
      : rehearse(state, target, { mayLose: ANYTHING, handover: 'allow' });
  return { steps: rehearsal.steps, problems };
}

/** A plan without a step. */
export const emptyPlan = ({ name, driver, revision }: HostState): Plan => ({
  host: name,
  driver,
  revision,
  steps: [],
  problems: [],
  warnings: [],
  lost: [],
  gained: [],
  hostQueues: { lost: [], gained: [] },
  interruptions: [],
  handovers: [],
  back: [],
});

interface Policy {
  readonly mayLose: Readonly<Record<string, readonly string[]>> | typeof ANYTHING;
  readonly handover: 'require-reset' | 'allow';
}

/** A refused mask write costs one concession for each mask, and none more often than once. */
const MAX_ATTEMPTS = 4;

function rehearse(
  state: HostState,
  target: Target,
  policy: Policy,
): { readonly rehearsal: Rehearsal; readonly problems: readonly PlanProblem[] } {
  let concessions: Concessions = new Map();
  let first: Rehearsal | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const rehearsal = attemptOf(state, target, policy, concessions);
    first ??= rehearsal;
    const more = concessionsFor(rehearsal, target, concessions);
    if (more !== undefined) {
      concessions = more;
      continue;
    }
    const problems = problemsOf(rehearsal, policy);
    // A refusal that a concession would avoid is said as what it is, with what would have to be allowed.
    if (problems.length === 0 || first === rehearsal) return { rehearsal, problems };
    const help = problems.map((each) => each.help).filter(Boolean);
    return {
      rehearsal: first,
      problems: problemsOf(first, policy).map((each) => ({ ...each, help: [each.help, ...help].join(' ') })),
    };
  }
  const rehearsal = attemptOf(state, target, policy, concessions);
  return { rehearsal, problems: problemsOf(rehearsal, policy) };
}

function attemptOf(
  state: HostState,
  target: Target,
  { handover }: Policy,
  concessions: Concessions,
): Rehearsal {
  const keeps = (uuid: string, guest: string): Matrix => {
    const wanted = target.mdevs.get(uuid);
    return wanted?.state === 'running' && wanted.guest === guest ? wanted.matrix : EMPTY_MATRIX;
  };
  const rehearsal = new Rehearsal(state, keeps);
  runInOrder(rehearsal, target, { concessions, resetsHandovers: handover === 'require-reset' });
  rehearsal.finish();
  return rehearsal;
}

/**
 * The driver refuses (EBUSY) that the host gets an adapter or a domain while an mdev has it, also where the mdev's queues would not be
 * touched (driver-rules 3.2). An mdev that lets go of it meanwhile makes room.
 */
function concessionsFor(
  { denied, state }: Rehearsal,
  target: Target,
  before: Concessions,
): Concessions | undefined {
  if (denied?.command.type !== 'WriteMask' || denied.refusal.errno !== 'EBUSY') return undefined;
  const axis = denied.command.mask === 'apmask' ? 'adapters' : 'domains';
  const added = andNot(target[denied.command.mask], state[denied.command.mask]);
  const after = new Map(before);
  for (const { uuid, assigned } of state.mdevs.values()) {
    const inTheWay = and(assigned[axis], added);
    if (isEmpty(inTheWay)) continue;
    const conceded = after.get(uuid) ?? { adapters: EMPTY_MASK, domains: EMPTY_MASK };
    after.set(uuid, { ...conceded, [axis]: or(conceded[axis], inTheWay) });
  }
  return after.size > 0 && !sameConcessions(before, after) ? after : undefined;
}

const sameConcessions = (a: Concessions, b: Concessions): boolean =>
  [...b].every(([uuid, { adapters, domains }]) => {
    const known = a.get(uuid);
    return (
      known !== undefined &&
      isEmpty(andNot(adapters, known.adapters)) &&
      isEmpty(andNot(domains, known.domains))
    );
  });

function problemsOf(rehearsal: Rehearsal, policy: Policy): PlanProblem[] {
  const { denied, blocked, interruptions, handovers } = rehearsal;
  const problems: PlanProblem[] = [];
  if (denied !== undefined) {
    const { step, text, refusal } = denied;
    const problem = `${text} would be refused with ${refusal.errno}: ${refusal.explanation}`;
    problems.push({ step, errno: refusal.errno, problem, help: refusal.remedy });
    return problems;
  }
  if (blocked !== undefined) {
    const problem = `${blocked.text} would wait until a guest closes the mdev.`;
    problems.push({ step: blocked.step, errno: null, problem, help: 'Stop the guest first.' });
  }
  for (const each of interruptions) problems.push(...interruptionProblem(each, policy));
  if (policy.handover === 'require-reset')
    for (const { queue, from, to, step } of handovers)
      problems.push({
        step,
        errno: null,
        problem: `${queue} would come from guest ${from} to ${to === 'host' ? 'the host' : `guest ${to}`} without a reset.`,
        help: 'Reset the queue in between, or allow it: `handover: allow`.',
      });
  return problems;
}

function interruptionProblem(
  { guest, queues, from, until }: Interruption,
  { mayLose }: Policy,
): readonly PlanProblem[] {
  if (mayLose === ANYTHING) return [];
  const patterns = mayLose[guest] ?? [];
  const uncovered = queues.filter((queue) => !patterns.some((pattern) => covers(pattern, queue)));
  if (uncovered.length === 0) return [];
  const when = until === null ? `from step ${from} on` : `from step ${from} to step ${until}`;
  return [
    {
      step: from,
      errno: null,
      problem: `Guest ${guest} keeps ${someOf(uncovered)}, and would be without ${uncovered.length === 1 ? 'it' : 'them'} ${when}.`,
      help: `To allow it, write \`mayLose: { ${guest}: [${patternsFor(uncovered).join(', ')}] }\`.`,
    },
  ];
}

function covers(pattern: string, queue: string): boolean {
  if (pattern === '*') return true;
  const [adapter, domain] = pattern.split('.');
  const [apid, apqi] = queue.split('.');
  return (adapter === '*' || adapter === apid) && (domain === '*' || domain === apqi);
}

/** As few patterns as say it by adapter; single queues when there are few. */
function patternsFor(queues: readonly string[]): readonly string[] {
  const adapters = [...new Set(queues.map((queue) => queue.slice(0, 2)))];
  return queues.length <= 2 ? queues.map((queue) => `"${queue}"`) : adapters.map((adapter) => `${adapter}.*`);
}

const MOST_NAMES = 4;
const someOf = (names: readonly string[]): string => firstNames(names, MOST_NAMES);

/** Guests that do not get all that is assigned to them, and why. */
function warningsOf(state: HostState): string[] {
  const warnings: string[] = [];
  for (const { guest, assigned, effective } of state.mdevs.values()) {
    if (guest === null || effective === null) continue;
    const adapters = isEmpty(assigned.domains) ? [] : idsOf(andNot(assigned.adapters, effective.adapters));
    const domains = isEmpty(assigned.adapters) ? [] : idsOf(andNot(assigned.domains, effective.domains));
    if (adapters.length + domains.length === 0) continue;
    const missing = [
      ...(adapters.length > 0 ? [`adapters ${adapters.map(formatApid).join(', ')}`] : []),
      ...(domains.length > 0 ? [`domains ${domains.map(formatApqi).join(', ')}`] : []),
    ];
    warnings.push(
      `Guest ${guest} would not see ${missing.join(' and ')} of what is assigned to it: not all of their queues are there and bound to vfio_ap.`,
    );
  }
  return warnings;
}

/**
 * A plan as JSON that is kept: bound to one host, its generation and its matrices, each step with a hash of what it is to end at.
 *
 * A plan that was edited by hand does not have its hash any more. One whose hash was made anew is worked through again before it is carried
 * out, and has to end at the same matrices after each step.
 */
import { decide, type Refusal } from '@apledger/driver';
import {
  type Command,
  type Fact,
  MAX_PLAN_BYTES,
  MAX_STEPS,
  PLAN_FORMAT,
  PlanDocument,
  type PlannedStep,
  problemsOf,
  type Wait,
} from '@apledger/events';
import { evolve, type HostState } from '@apledger/host';
import { errorText } from '@apledger/text';
import { digestOf, MatricesDigests } from './matrices.ts';
import { meanwhile } from './waits.ts';

/** A step before it is known where it ends. */
export type Undertaking =
  | { readonly text: string; readonly command: Command }
  | { readonly text: string; readonly wait: Wait; readonly withinMs: number | null };

/** A step that cannot be done as planned. */
export interface Obstacle {
  /** Counted from 1. */
  readonly step: number;
  readonly text: string;
  readonly problem: string;
  readonly help: string;
}

interface Purpose {
  /** In words, for people. */
  readonly purpose: string;
  /** Hash of the desired state; null for a procedure. */
  readonly desired: string | null;
}

/** The plan of these steps from the state on, or why they cannot be done there. The state is left as it is. */
export function documentOf(
  state: HostState,
  undertakings: readonly Undertaking[],
  { purpose, desired }: Purpose,
): { readonly plan: PlanDocument } | { readonly obstacle: Obstacle } {
  if (undertakings.length > MAX_STEPS)
    return tooMuch(undertakings, MAX_STEPS + 1, `${undertakings.length} steps`, MAX_STEPS);
  const scene = state.fork();
  const digests = new MatricesDigests();
  const { name: host, driver, revision } = state;
  const base = { revision, matrices: digests.of(state) };
  const steps: PlannedStep[] = [];
  for (const undertaking of undertakings) {
    const obstacle = perform(scene, undertaking, steps.length + 1);
    if (obstacle !== undefined) return { obstacle };
    steps.push({ ...undertaking, after: digests.of(scene) });
  }
  const content = { format: PLAN_FORMAT, host, driver, purpose, desired, base, steps } as const;
  const plan = { ...content, planHash: digestOf(content) };
  const bytes = Buffer.byteLength(JSON.stringify(plan));
  return bytes > MAX_PLAN_BYTES ? tooMuch(steps, steps.length, `${bytes} bytes`, MAX_PLAN_BYTES) : { plan };
}

const tooMuch = (steps: readonly Undertaking[], step: number, has: string, most: number) => ({
  obstacle: {
    step,
    text: steps[step - 1]?.text ?? '',
    problem: `the plan has ${has}, and ${most} are the most`,
    help: 'Ask for less at a time.',
  },
});

/** Works the steps through on the state, which they change; ends before the first that cannot be done. */
export function workThrough(state: HostState, steps: readonly Undertaking[]): Obstacle | undefined {
  for (const [index, step] of steps.entries()) {
    const obstacle = perform(state, step, index + 1);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

/** The host as the plan says that it is after so many of its steps. `base` is the host that the plan was made for. */
export function predicted(base: HostState, { steps }: PlanDocument, done: number): HostState {
  const state = base.fork();
  workThrough(state, steps.slice(0, done));
  return state;
}

/** Every command of the plan, those in it that others are waited for to give. The state is left as it is. */
export function commandsOf(state: HostState, steps: readonly Undertaking[]): readonly Command[] {
  const scene = state.fork();
  return steps.flatMap((step, index) => {
    const commands = 'command' in step ? [step.command] : meanwhile(scene, step.wait);
    perform(scene, step, index + 1);
    return commands;
  });
}

/** What the rules say will happen by the steps, and the host after them. The state is left as it is. */
export function foreseen(
  state: HostState,
  steps: readonly Undertaking[],
): { readonly facts: readonly Fact[]; readonly end: HostState } {
  const end = state.fork();
  const facts: Fact[] = [];
  for (const [index, step] of steps.entries()) perform(end, step, index + 1, facts);
  return { facts, end };
}

/** `happened` gets what the rules say will happen by the step. */
function perform(
  state: HostState,
  step: Undertaking,
  number: number,
  happened: Fact[] = [],
): Obstacle | undefined {
  const commands = 'command' in step ? [step.command] : meanwhile(state, step.wait);
  for (const command of commands) {
    const { facts, refusal, isBlocked } = decide(state, command);
    if (refusal !== undefined) return obstacleOf(step, number, refusal);
    for (const fact of facts) evolve(state, fact);
    happened.push(...facts);
    if (isBlocked === true)
      return {
        step: number,
        text: step.text,
        problem: 'it would wait until a guest closes the mdev',
        help: 'Stop the guest first.',
      };
  }
  return undefined;
}

const obstacleOf = (
  { text }: Undertaking,
  step: number,
  { errno, explanation, remedy }: Refusal,
): Obstacle => ({
  step,
  text,
  problem: `it would be refused with ${errno}: ${explanation}`,
  help: remedy,
});

/** Reads a plan from JSON. What is not one, or was edited, has a problem, in words. */
export function readPlan(text: string): { readonly plan: PlanDocument } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `it is no JSON: ${errorText(error)}` };
  }
  return checkedPlan(value);
}

/** A plan as it was written by `apledger plan`: its form, and its hash over all the rest; else what is wrong with it, for a person. */
export function checkedPlan(value: unknown): { readonly plan: PlanDocument } | { readonly problem: string } {
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== PLAN_FORMAT)
    return {
      problem: `it is no plan: apledger plan FILE --out PLAN writes one ("format": "${PLAN_FORMAT}")`,
    };
  const problems = problemsOf(PlanDocument, value);
  if (problems.length > 0) return { problem: problems.slice(0, MOST_PROBLEMS).join('; ') };
  const plan = value as PlanDocument;
  const { planHash, ...content } = plan;
  if (digestOf(content) !== planHash)
    return {
      problem: `it was edited: its content does not have the hash ${planHash.slice(0, 12)} any more. Change the desired state, and plan again`,
    };
  return { plan };
}

const MOST_PROBLEMS = 5;

/** Why the plan is not for the host as it is; undefined when it is. That only the revision has moved is no reason. */
export function whyStale(state: HostState, plan: PlanDocument): string | undefined {
  const { host, driver, base, steps } = plan;
  if (state.name !== host) return `it is for host ${host}, not for ${state.name}`;
  if (state.driver !== driver)
    return `it was made for driver ${driver}, and host ${host} has ${state.driver} by now: plan again`;
  const digests = new MatricesDigests();
  if (digests.of(state) !== base.matrices)
    return `it was made for host ${host} at revision ${base.revision}, and the host has other matrices by now (revision ${state.revision}): plan again`;
  const scene = state.fork();
  for (const [index, step] of steps.entries()) {
    const obstacle = perform(scene, step, index + 1);
    if (obstacle !== undefined) return `step ${obstacle.step}, ${obstacle.text}: ${obstacle.problem}`;
    if (digests.of(scene) !== step.after)
      return `step ${index + 1} would not end at what the plan says: plan again`;
  }
  return undefined;
}

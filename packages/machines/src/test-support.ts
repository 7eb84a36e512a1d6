/**
 * What the tests share: xstate's own answer to "what comes next", every path through a machine, and a lifecycle written as text.
 */
import { type AnyMachineSnapshot, type AnyStateMachine, type EventFromLogic, transition } from 'xstate';
import { getShortestPaths, getSimplePaths } from 'xstate/graph';
import type { StateOf } from './table.ts';

/** One way through a machine: the events in order, each with the state that it led to. */
export interface Walk<Machine extends AnyStateMachine> {
  readonly steps: readonly { readonly event: EventFromLogic<Machine>; readonly state: StateOf<Machine> }[];
}

/** All shortest and all simple paths that xstate finds from the initial state with these events. */
export function allWalks<Machine extends AnyStateMachine>(
  machine: Machine,
  events: readonly EventFromLogic<Machine>[],
): Walk<Machine>[] {
  const options = { events };
  return [...getShortestPaths(machine, options), ...getSimplePaths(machine, options)].map((path) => ({
    // The first step is xstate's own init event, which leads into the initial state.
    steps: path.steps.slice(1).map(({ event, state }) => ({ event, state: state.value })),
  }));
}

/** The names of the states that these walks come through, the initial one included. */
export function visited<Machine extends AnyStateMachine>(
  machine: Machine,
  walks: readonly Walk<Machine>[],
): string[] {
  const states = walks.flatMap(({ steps }) => steps.map(({ state }): string => state));
  return [...new Set([initialState(machine), ...states])].sort();
}

/** The state in which the machine starts. */
export function initialState(machine: AnyStateMachine): string {
  return String(machine.config.initial);
}

/** The state after `event` by xstate's pure `transition()`, or undefined when xstate does not take the event. */
export function xstateNext<Machine extends AnyStateMachine>(
  machine: Machine,
  state: StateOf<Machine>,
  event: EventFromLogic<Machine>,
): StateOf<Machine> | undefined {
  const before: AnyMachineSnapshot = machine.resolveState({ value: state, context: {} });
  const [after] = transition<AnyStateMachine>(machine, before, event);
  // A refused event and a transition to itself give the same state: only `can` tells them apart.
  if (!before.can(event)) {
    if (after.value !== state) throw new Error(`xstate moved from ${state} by an event that it cannot take`);
    return undefined;
  }
  return after.value;
}

/**
 * A lifecycle as text: a line is `state EVENT state`, what is not listed is refused. Written by hand from the rules, so that a
 * machine is held against something that is not itself.
 */
export function lifecycle(text: string): ReadonlyMap<string, string> {
  const lines = text.trim().split('\n');
  const entries = lines.map((line): [string, string] => {
    const [from, event, to, ...rest] = line.trim().split(/\s+/);
    if (from === undefined || event === undefined || to === undefined || rest.length > 0) {
      throw new Error(`not a line of a lifecycle: ${line}`);
    }
    return [`${from} ${event}`, to];
  });
  const found = new Map(entries);
  if (found.size !== lines.length) throw new Error('a line of the lifecycle is there twice');
  return found;
}

/**
 * Reads a machine's definition as a plain list of transitions, and refuses what such a list cannot say.
 *
 * The table and the chart both start here, so that what is drawn is what is folded. Nested or parallel states, clocks, actors,
 * actions and context would make the next state depend on more than the present one and the event; they fail when the table is
 * compiled, that is when the module is loaded, not in the middle of a fold.
 */
import type { AnyStateMachine, StateNode, UnknownAction } from 'xstate';

/** One arrow of the chart. Several with the same `from` and `event` are tried in order: the first whose guard agrees is taken. */
export interface FlatTransition {
  readonly from: string;
  readonly event: string;
  /** The name of a guard in the machine's `setup`, or undefined when the transition is always allowed. */
  readonly guard: string | undefined;
  readonly to: string;
}

/** A machine without anything but states, events and named guards. */
export interface FlatDefinition {
  readonly initial: string;
  readonly states: readonly string[];
  /** In the order of the definition. */
  readonly transitions: readonly FlatTransition[];
  /** By state: tags, and the reason for what it refuses by event, from `meta.refuses`. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly refusals: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** Just those parts of xstate's transition that matter here; `target` and `guard` are narrowed below. */
interface RawTransition {
  readonly target: readonly StateNode[] | undefined;
  readonly guard?: unknown;
  readonly actions: readonly UnknownAction[];
}

/**
 * Gives the machine's states and transitions.
 * Throws an `Error` naming the machine, the state and the feature when the machine is not flat.
 */
export function flatDefinition(machine: AnyStateMachine): FlatDefinition {
  const root: StateNode = machine.root;
  if (root.type !== 'compound') refuse(root, `a root of type '${root.type}'`);
  if (machine.config.context !== undefined) refuse(root, 'context');
  refuseEffects(root);
  if (root.transitions.size > 0) refuse(root, 'transitions of the root');
  const nodes: StateNode[] = Object.values(root.states);
  const [start] = root.initial.target;
  if (start === undefined) refuse(root, 'no initial state');
  if (root.initial.actions.length > 0) refuse(root, 'actions on its initial transition');
  return {
    initial: start.key,
    states: nodes.map((node) => node.key),
    transitions: nodes.flatMap((node) => transitionsOf(node)),
    tags: new Map(nodes.map((node) => [node.key, node.tags])),
    refusals: new Map(nodes.map((node) => [node.key, node.meta?.refuses ?? {}])),
  };
}

function transitionsOf(node: StateNode): FlatTransition[] {
  if (node.type !== 'atomic') refuse(node, `a state of type '${node.type}'`);
  refuseEffects(node);
  const found: FlatTransition[] = [];
  for (const [event, branches] of node.transitions) {
    if (event.includes('*') || event.startsWith('xstate.')) refuse(node, `the event descriptor '${event}'`);
    for (const branch of branches) {
      found.push({
        from: node.key,
        event,
        guard: guardName(node, branch),
        to: targetOf(node, branch, event),
      });
    }
  }
  return found;
}

function targetOf(node: StateNode, transition: RawTransition, event: string): string {
  if (transition.actions.length > 0) refuse(node, `actions on '${event}'`);
  const [target, ...others] = transition.target ?? [];
  if (target === undefined || others.length > 0) refuse(node, `'${event}' without exactly one target`);
  if (target.parent !== node.parent) refuse(node, `'${event}' to something other than a sibling`);
  return target.key;
}

function guardName(node: StateNode, { guard }: RawTransition): string | undefined {
  if (guard === undefined || typeof guard === 'string') return guard;
  return refuse(node, 'a guard without a name of its own');
}

/** `after` and `invoke` come first: xstate carries them out through entry and exit actions, which would hide their name. */
function refuseEffects(node: StateNode): void {
  if (node.after.length > 0) refuse(node, 'delayed transitions');
  if (node.invoke.length > 0) refuse(node, 'invoked actors');
  if ((node.always ?? []).length > 0) refuse(node, 'eventless transitions');
  if (node.entry.length > 0 || node.exit.length > 0) refuse(node, 'entry or exit actions');
}

function refuse(node: StateNode, feature: string): never {
  throw new Error(`'${node.id}' has ${feature}: only flat machines can be folded and drawn`);
}

/**
 * A machine compiled to a lookup table: the machine governs, the table folds.
 *
 * xstate's `transition()` builds an actor scope at every call; a fold over millions of facts cannot pay for that. Here the next
 * state is two property lookups; for an event that a fold knows beforehand, with its conditions, it is one byte (`Step`). A guarded event calls the guard that the machine itself would call, taken from its
 * implementations when the table is compiled, so that there is one rule and one place to change it.
 */
import type { AnyStateMachine, EventFromLogic, StateValueFrom } from 'xstate';
import { type FlatDefinition, flatDefinition } from './flat.ts';

/** The names of a flat machine's states. */
export type StateOf<Machine extends AnyStateMachine> = Extract<StateValueFrom<Machine>, string>;

/** One possible outcome of a guarded event; without `guard` it is always taken. */
interface Branch<State, Event> {
  readonly guard: ((event: Event) => boolean) | undefined;
  readonly to: State;
}

/** Most events lead to one state; only guarded ones need a choice. */
type Cell<State, Event> = State | readonly Branch<State, Event>[];

type Row<State, Event extends { type: string }> = {
  readonly [Type in Event['type']]?: Cell<State, Event>;
};

/** An event whose conditions are known beforehand, compiled for all states. */
export interface Step {
  readonly type: string;
  /** By the code of a state, its place in the table's `states`: the code of the next state, or REFUSED. */
  after: { readonly [code: number]: number };
}

/** Not the code of any state: the machine does not allow the event. */
export const REFUSED = 255;

/** What `next` looks things up in. */
export interface TransitionTable<State extends string, Event extends { type: string }> {
  readonly initial: State;
  readonly states: readonly State[];
  readonly rows: { readonly [Name in State]: Row<State, Event> };
  readonly tags: { readonly [Name in State]: readonly string[] };
  /** Why a state refuses an event; by event. */
  readonly refusals: { readonly [Name in State]: Readonly<Record<string, string>> };
  /** What `stepOf` has compiled of it. */
  readonly steps: { readonly step: Step; readonly event: Event }[];
}

/** Called as xstate calls it; the context is that of a machine without context. */
type GuardImplementation = (args: { context: object; event: object }, params: undefined) => boolean;

const noContext: object = Object.freeze({});

/**
 * Compiles a flat machine. Throws an `Error` when the machine uses a feature that a table cannot follow (see `flatDefinition`) or
 * names a guard that is not a plain function of its `setup`.
 */
export function compileTable<Machine extends AnyStateMachine>(
  machine: Machine,
): TransitionTable<StateOf<Machine>, EventFromLogic<Machine>> {
  return compileDefinition(machine, flatDefinition(machine));
}

/** Compiles a definition, perhaps a changed one, with the guards of its machine. */
export function compileDefinition<Machine extends AnyStateMachine>(
  machine: Machine,
  definition: FlatDefinition,
): TransitionTable<StateOf<Machine>, EventFromLogic<Machine>> {
  type State = StateOf<Machine>;
  type Event = EventFromLogic<Machine>;
  const { initial, states } = definition;
  const rows = compileRows<Event>(definition, (name) => guardOf(machine, name));
  const tags = Object.fromEntries(definition.tags);
  const refusals = Object.fromEntries(definition.refusals);
  // xstate knows the names of the states in its types only; this is the one place where text becomes `State`.
  const steps: TransitionTable<State, Event>['steps'] = [];
  return { initial, states, rows, tags, refusals, steps } as TransitionTable<State, Event>;
}

/** Tells whether a state has a tag. */
export const hasTag = <State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  state: NoInfer<State>,
  tag: string,
): boolean => table.tags[state].includes(tag);

/** Why a state refuses an event that `next` does not allow; undefined when the machine gives no reason. */
export const refusalOf = <State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  state: NoInfer<State>,
  type: Event['type'],
): string | undefined => table.refusals[state][type];

/**
 * The state after `event`, or undefined when the machine does not allow the event in `state`.
 * A transition back to the same state is allowed and returns that state.
 */
export function next<State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  state: NoInfer<State>,
  event: NoInfer<Event>,
): State | undefined {
  const type: Event['type'] = event.type;
  const cell: Cell<State, Event> | undefined = table.rows[state][type];
  if (cell === undefined || typeof cell === 'string') return cell;
  return firstAllowed(cell, event);
}

/** Compiles an event: `step.after[code]` is what `next` answers for the state of that code, as a code. */
export function stepOf<State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  event: NoInfer<Event>,
): Step {
  const step = { type: event.type, after: columnOf(table, event) };
  table.steps.push({ step, event });
  return step;
}

/** Compiles the steps of a table anew, whose rows have changed. */
export function recompileSteps<State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
): void {
  for (const { step, event } of table.steps) step.after = columnOf(table, event);
}

function columnOf<State extends string, Event extends { type: string }>(
  table: TransitionTable<State, Event>,
  event: NoInfer<Event>,
): Uint8Array {
  return Uint8Array.from(table.states, (state) => {
    const after = next(table, state, event);
    return after === undefined ? REFUSED : table.states.indexOf(after);
  });
}

function firstAllowed<State, Event>(
  branches: readonly Branch<State, Event>[],
  event: Event,
): State | undefined {
  for (const { guard, to } of branches) if (guard === undefined || guard(event)) return to;
  return undefined;
}

function compileRows<Event extends object>(
  { states, transitions }: FlatDefinition,
  guardNamed: (name: string) => (event: Event) => boolean,
): Record<string, Record<string, Cell<string, Event>>> {
  const rows = withoutPrototype<Record<string, Cell<string, Event>>>();
  for (const state of states) {
    const row = withoutPrototype<Cell<string, Event>>();
    const byEvent = Map.groupBy(
      transitions.filter(({ from }) => from === state),
      ({ event }) => event,
    );
    for (const [event, candidates] of byEvent) {
      const branches = candidates.map(({ guard, to }) => ({
        guard: guard === undefined ? undefined : guardNamed(guard),
        to,
      }));
      const [first] = branches;
      row[event] = first !== undefined && first.guard === undefined ? first.to : branches;
    }
    rows[state] = row;
  }
  return rows;
}

/** So that an event named `constructor` or `toString`, come from outside, is refused like any other unknown one. */
function withoutPrototype<Value>(): Record<string, Value> {
  return Object.create(null);
}

function guardOf(machine: AnyStateMachine, name: string): (event: object) => boolean {
  const found: unknown = machine.implementations.guards[name];
  // `and`, `or`, `not` and `stateIn` are functions with a `check` that only xstate's interpreter can call.
  if (typeof found !== 'function' || 'check' in found) {
    throw new Error(`'${machine.id}' names the guard '${name}', which is not a plain function of its setup`);
  }
  const guard = found as GuardImplementation;
  return (event) => guard({ context: noContext, event }, undefined);
}

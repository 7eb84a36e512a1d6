/**
 * The lifecycle machines, each wrong in one place: a transition removed, a guard or a condition of it removed, a transition added where
 * there is none. A mutant is compiled from the changed definition and put into the table that the driver asks.
 */
import {
  type AdapterPlugEvent,
  adapterPlugMachine,
  adapterPlugTable,
  compileDefinition,
  type FlatDefinition,
  flatDefinition,
  guestMachine,
  guestTable,
  isUsable,
  type PlugConditions,
  queueMachine,
  queueTable,
  recompileSteps,
  type Step,
  type TransitionTable,
} from '@apledger/machines';

type AnyStateMachine = Parameters<typeof flatDefinition>[0];

/** `state EVENT` of one machine. */
export type Pair = `${string} ${string} ${string}`;

export interface Mutant {
  /** As it is written in docs/machines.md. */
  readonly name: string;
  /** What the machine must be asked about for the mutant to matter. */
  readonly pair: Pair;
  readonly kind: 'transition removed' | 'guard removed' | 'condition removed' | 'transition added';
  /** Puts the mutant in the machine's place; call the result to take it out again. */
  inject(): () => void;
}

interface Rows {
  [state: string]: unknown;
}

interface Target {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly rows: Rows;
  readonly states: readonly string[];
  /** What the fold has compiled of the rows. */
  readonly steps: readonly { readonly step: Step }[];
  recompile(): void;
}

function targetOf<State extends string, Event extends { type: string }>(
  name: string,
  machine: AnyStateMachine,
  table: TransitionTable<State, Event>,
): Target {
  const { rows, states, steps } = table;
  return { name, machine, rows: rows as Rows, states, steps, recompile: () => recompileSteps(table) };
}

const TARGETS: readonly Target[] = [
  targetOf('guest', guestMachine, guestTable),
  targetOf('adapter-plug', adapterPlugMachine, adapterPlugTable),
  targetOf('queue', queueMachine, queueTable),
];

/** Puts other rows in place of a table's own; what it gives back restores them. */
function replaceRows({ rows, recompile }: Target, others: Rows): () => void {
  const own = { ...rows };
  Object.assign(rows, others);
  recompile();
  return () => {
    Object.assign(rows, own);
    recompile();
  };
}

/** Every mutant of every machine. */
export const allMutants = (): Mutant[] =>
  TARGETS.flatMap((target) => {
    const definition = flatDefinition(target.machine);
    return [
      ...removedTransitions(target, definition),
      ...removedGuards(target, definition),
      ...(target.machine === adapterPlugMachine ? removedConditions(target) : []),
      ...addedTransitions(target, definition),
    ];
  });

const compiled = (machine: AnyStateMachine, definition: FlatDefinition): Rows =>
  compileDefinition(machine, definition).rows as Rows;

function removedTransitions(target: Target, definition: FlatDefinition): Mutant[] {
  return definition.transitions.map((removed) => {
    const transitions = definition.transitions.filter((each) => each !== removed);
    const guard = removed.guard === undefined ? '' : ` [${removed.guard}]`;
    return {
      name: `${target.name}: ${removed.from} --> ${removed.to}: ${removed.event}${guard}`,
      pair: `${target.name} ${removed.from} ${removed.event}`,
      kind: 'transition removed',
      inject: () => replaceRows(target, compiled(target.machine, { ...definition, transitions })),
    };
  });
}

function removedGuards(target: Target, definition: FlatDefinition): Mutant[] {
  return definition.transitions
    .filter(({ guard }) => guard !== undefined)
    .map((guarded) => {
      const transitions = definition.transitions.map((each) =>
        each === guarded ? { ...each, guard: undefined } : each,
      );
      return {
        name: `${target.name}: ${guarded.from} --> ${guarded.to}: ${guarded.event} without [${guarded.guard}]`,
        pair: `${target.name} ${guarded.from} ${guarded.event}`,
        kind: 'guard removed',
        inject: () => replaceRows(target, compiled(target.machine, { ...definition, transitions })),
      };
    });
}

const CONDITIONS: readonly (keyof PlugConditions)[] = ['isInHost', 'areQueuesBound', 'areQueuesPassable'];

/** The refilter's guard without one of its conditions. */
function removedConditions(target: Target): Mutant[] {
  return CONDITIONS.map((condition) => {
    const isUsableNow = (event: AdapterPlugEvent) =>
      isUsable(event.type === 'REFILTER' ? { ...event, [condition]: true } : event);
    const machine = adapterPlugMachine.provide({
      guards: {
        isUsable: ({ event }) => isUsableNow(event),
        isUnusable: ({ event }) => event.type === 'REFILTER' && !isUsableNow(event),
      },
    });
    return {
      name: `${target.name}: REFILTER without ${condition}`,
      pair: `${target.name} waitingForQueues REFILTER`,
      kind: 'condition removed',
      inject: () => replaceRows(target, compiled(machine, flatDefinition(machine))),
    };
  });
}

function addedTransitions(target: Target, definition: FlatDefinition): Mutant[] {
  const events = [...new Set(definition.transitions.map(({ event }) => event))];
  const isThere = (state: string, name: string) =>
    definition.transitions.some(({ from, event }) => from === state && event === name);
  return definition.states.flatMap((from) =>
    events
      .filter((event) => !isThere(from, event))
      .flatMap((event) =>
        definition.states.map((to): Mutant => {
          const added = { from, event, to, guard: undefined };
          const transitions = [...definition.transitions, added];
          return {
            name: `${target.name}: ${from} --> ${to}: ${event}`,
            pair: `${target.name} ${from} ${event}`,
            kind: 'transition added',
            inject: () => replaceRows(target, compiled(target.machine, { ...definition, transitions })),
          };
        }),
      ),
  );
}

/** What the machines are asked about while `run` runs. */
export async function pairsAskedBy(run: () => Promise<void> | void): Promise<Set<Pair>> {
  const asked = new Set<Pair>();
  const restore = TARGETS.map((target) => {
    const { name, rows, states, steps } = target;
    const watched = Object.entries(rows).map(([state, row]) => [
      state,
      new Proxy(row as object, {
        get(of, event) {
          asked.add(`${name} ${state} ${String(event)}`);
          return Reflect.get(of, event);
        },
      }),
    ]);
    const undo = replaceRows(target, Object.fromEntries(watched));
    for (const { step } of steps)
      step.after = new Proxy(step.after, {
        get(of, code) {
          asked.add(`${name} ${states[Number(code)]} ${step.type}`);
          return Reflect.get(of, code);
        },
      });
    return undo;
  });
  asked.clear(); // to compile the steps asks about everything
  try {
    await run();
  } finally {
    for (const undo of restore) undo();
  }
  return asked;
}

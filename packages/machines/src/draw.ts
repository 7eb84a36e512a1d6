/**
 * Draws a machine from its own definition, as Mermaid text: a chart that is drawn by hand is wrong after the first change.
 */
import type { AnyStateMachine } from 'xstate';
import { type FlatTransition, flatDefinition } from './flat.ts';

/**
 * Gives a Mermaid `stateDiagram-v2`: the initial state, then one arrow per pair of states, labelled with its events and their
 * `[guard]`s. Ends without a newline. Throws an `Error` when the machine is not flat.
 */
export function drawStatechart(machine: AnyStateMachine): string {
  const { initial, transitions } = flatDefinition(machine);
  // Parallel arrows are laid out over each other by Mermaid, so events between the same two states share one.
  const arrows = Map.groupBy(transitions, ({ from, to }) => `${from} --> ${to}`);
  const lines = [...arrows].map(([arrow, shared]) => `${arrow}: ${shared.map(label).join(', ')}`);
  return ['stateDiagram-v2', ...[`[*] --> ${initial}`, ...lines].map((line) => `    ${line}`)].join('\n');
}

function label({ event, guard }: FlatTransition): string {
  return guard === undefined ? event : `${event} [${guard}]`;
}

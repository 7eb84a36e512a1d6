/**
 * Puts the charts of the machines into a Markdown document, between markers, and leaves the words around them alone.
 */
import type { AnyStateMachine } from 'xstate';
import { adapterPlugMachine } from './adapter-plug.ts';
import { changeMachine } from './change.ts';
import { drawStatechart } from './draw.ts';
import { guestMachine } from './guest.ts';
import { queueMachine } from './queue.ts';

/** Where `docs/machines.md` lies, for the script and for the test that watches over it. */
export const documentUrl = new URL('../../../docs/machines.md', import.meta.url);

/** A chart goes between `<!-- chart:NAME -->` and `<!-- end of chart -->`. */
const chartsByName: ReadonlyMap<string, AnyStateMachine> = new Map<string, AnyStateMachine>([
  ['guest', guestMachine],
  ['adapter-plug', adapterPlugMachine],
  ['queue', queueMachine],
  ['change', changeMachine],
]);

/**
 * Gives the document with every chart drawn anew. Throws an `Error` when a machine has not exactly one place in it: a chart that is
 * left out would be stale for ever without anybody being told.
 */
export function withCharts(document: string): string {
  let drawn = document;
  for (const [name, machine] of chartsByName) {
    const [before, rest, ...more] = drawn.split(`<!-- chart:${name} -->\n`);
    const end = rest?.indexOf('<!-- end of chart -->') ?? -1;
    if (rest === undefined || more.length > 0 || end < 0) {
      throw new Error(`the document must have one place for the chart '${name}'`);
    }
    const chart = `\n\`\`\`mermaid\n${drawStatechart(machine)}\n\`\`\`\n\n`;
    drawn = `${before}<!-- chart:${name} -->\n${chart}${rest.slice(end)}`;
  }
  return drawn;
}

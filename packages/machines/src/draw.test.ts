import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { createMachine } from 'xstate';
import { documentUrl, withCharts } from './charts.ts';
import { drawStatechart } from './draw.ts';
import { adapterPlugMachine, guestMachine, queueMachine } from './index.ts';

describe('a drawn statechart', () => {
  it('shows the initial state, the events and the guards', () => {
    const door = createMachine({
      initial: 'shut',
      states: {
        shut: { on: { OPEN: { target: 'open', guard: 'isUnlocked' }, KICK: 'open', KNOCK: 'shut' } },
        open: { on: { SHUT: 'shut' } },
      },
    });
    expect(drawStatechart(door)).toBe(
      [
        'stateDiagram-v2',
        '    [*] --> shut',
        '    shut --> open: OPEN [isUnlocked], KICK',
        '    shut --> shut: KNOCK',
        '    open --> shut: SHUT',
      ].join('\n'),
    );
  });

  it('tells why a guest may not migrate', () => {
    expect(drawStatechart(guestMachine)).toContain('running --> migrating: MIGRATE [noAdapterPlugged]');
  });

  test.each(
    [guestMachine, adapterPlugMachine, queueMachine].map((machine) => [machine.id, machine] as const),
  )('of the %s machine names every state and every event', (_id, machine) => {
    const chart = drawStatechart(machine);
    const words = new Set(chart.match(/\w+/g));
    for (const word of [...Object.keys(machine.states), ...machine.events]) expect(words).toContain(word);
  });
});

describe('docs/machines.md', () => {
  const document = readFileSync(documentUrl, 'utf8');

  it('shows the machines as they are (if not: node packages/machines/src/write-docs.ts)', () => {
    expect(document).toBe(withCharts(document));
  });

  it('gets a chart redrawn that somebody has changed', () => {
    const changed = document.replace('migrated --> stopped: STOP', 'migrated --> running: STOP');
    expect(changed).not.toBe(document);
    expect(withCharts(changed)).toBe(document);
  });

  it('keeps the words around the charts', () => {
    expect(withCharts(`Before.\n${document}After.\n`)).toBe(`Before.\n${document}After.\n`);
  });

  it('must have one place for each chart', () => {
    const place = '<!-- chart:queue -->\n';
    expect(() => withCharts(document.replace(place, ''))).toThrow("one place for the chart 'queue'");
    expect(() => withCharts(`${document}${place}<!-- end of chart -->`)).toThrow(
      "one place for the chart 'queue'",
    );
  });
});

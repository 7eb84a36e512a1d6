/** A machine's states and arrows, drawn from the machine itself, with what is in them now. */

import type { FlatDefinition } from '@apledger/machines';
import { useId, useMemo } from 'preact/hooks';
import { type Arrow, layoutOf, smooth } from '../model/chart-layout.ts';

export interface StatechartProps {
  readonly name: string;
  readonly definition: FlatDefinition;
  /** The states in which something is now, each with the words for what it is; '' where one thing has the whole chart. */
  readonly current: ReadonlyMap<string, StateWords>;
  /** The arrow by which the current state was reached. */
  readonly last?: { readonly from: string; readonly to: string } | undefined;
  readonly direction: 'LR' | 'TB';
}

/** What is in a state: in full for readers of the page, and so short that its box has room for it. */
interface StateWords {
  readonly full: string;
  readonly short: string;
}

export const spaced = (state: string): string =>
  state.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);

export function Statechart({ name, definition, current, last, direction }: StatechartProps) {
  const hasWords = current.values().some(({ short }) => short !== '');
  const { width, height, states, arrows, initial } = useMemo(
    () => layoutOf(definition, direction, hasWords),
    [definition, direction, hasWords],
  );
  const id = useId();
  const isLast = ({ from, to }: Arrow): boolean => last !== undefined && last.from === from && last.to === to;
  const present = [...current].map(([state, { full }]) => `${spaced(state)} ${full}`.trim());
  return (
    <svg
      class="statechart"
      role="img"
      aria-label={[name, ...(present.length === 0 ? [] : [present.join('; ')])].join(': ')}
      viewBox={`-18 0 ${width + 18} ${height}`}
      style={{ maxWidth: `${(width + 18) * 1.15}px` }}
    >
      <defs>
        <marker
          id={`${id}arrow`}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 0 8 4 0 8z" class="arrow-head" />
        </marker>
        <marker
          id={`${id}arrow-last`}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 0 8 4 0 8z" class="arrow-head is-last" />
        </marker>
      </defs>
      {arrows.map((arrow) => (
        <g key={`${arrow.from} ${arrow.to}`} class={isLast(arrow) ? 'arrow is-last' : 'arrow'}>
          <path
            d={smooth(arrow.points)}
            marker-end={`url(#${id}${isLast(arrow) ? 'arrow-last' : 'arrow'})`}
          />
        </g>
      ))}
      {arrows.map((arrow) =>
        arrow.events.map((event, i) => (
          <text
            key={`${arrow.from} ${arrow.to} ${event}`}
            class={isLast(arrow) ? 'event is-last' : 'event'}
            x={arrow.label.x}
            y={arrow.label.y + (i - (arrow.events.length - 1) / 2) * 14 + 4}
          >
            {event}
          </text>
        )),
      )}
      {states.map(({ state, x, y, width: wide, height: high }) => (
        <g key={state} class={`state${current.has(state) ? ' is-current' : ''}`} data-state={state}>
          <rect x={x - wide / 2} y={y - high / 2} width={wide} height={high} rx="8" />
          <text x={x} y={y + (current.get(state)?.short ? -3 : 4.5)}>
            {spaced(state)}
          </text>
          {hasWords && (
            <text class="held" x={x} y={y + 14}>
              {current.get(state)?.short}
            </text>
          )}
          {state === initial && <circle class="start" cx={x - wide / 2 - 12} cy={y} r="5" />}
        </g>
      ))}
    </svg>
  );
}

/** Where the states and arrows of a machine lie on paper: laid out from the machine itself, so that a new arrow draws itself. */

import type { FlatDefinition } from '@apledger/machines';
import { Graph, layout } from '@dagrejs/dagre';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A state; `x` and `y` are its middle. */
interface StateBox extends Point {
  readonly state: string;
  readonly width: number;
  readonly height: number;
}

/** An arrow, with every event that leads from the one state to the other; `label` is the middle of its words. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly events: readonly string[];
  readonly points: readonly Point[];
  readonly label: Point;
}

interface ChartLayout {
  readonly width: number;
  readonly height: number;
  readonly initial: string;
  readonly states: readonly StateBox[];
  readonly arrows: readonly Arrow[];
}

/** Pixels of a character, state names and events, as the style sheet draws them. */
const STATE_CHARACTER = 7.9;
const EVENT_CHARACTER = 6.4;
const STATE_HEIGHT = 34;
/** With a second line for what is in the state. */
const STATE_HEIGHT_OF_TWO = 48;
const EVENT_HEIGHT = 15;
const MARGIN = 10;

/** `STOP`, or with its guard on a line of its own. */
const words = (event: string, guard: string | undefined): string[] =>
  guard === undefined ? [event] : [event, `[${guard}]`];

/** Lays the machine out from left to right or from top to bottom; `hasSecondLine` = the states need room for what is in them. */
export function layoutOf(
  { initial, states, transitions }: FlatDefinition,
  direction: 'LR' | 'TB',
  hasSecondLine = false,
): ChartLayout {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: direction,
    nodesep: 34,
    ranksep: 44,
    edgesep: 18,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  for (const state of states) {
    graph.setNode(state, {
      width: Math.round(state.length * STATE_CHARACTER + 30),
      height: hasSecondLine ? STATE_HEIGHT_OF_TWO : STATE_HEIGHT,
    });
  }
  const between = Map.groupBy(transitions, ({ from, to }) => JSON.stringify([from, to]));
  for (const shared of between.values()) {
    const [{ from, to } = { from: '', to: '' }] = shared;
    const events = shared.flatMap(({ event, guard }) => words(event, guard));
    const width = Math.max(...events.map(({ length }) => length)) * EVENT_CHARACTER + 10;
    graph.setEdge(from, to, { events, width, height: events.length * EVENT_HEIGHT, labelpos: 'c' });
  }
  layout(graph);
  const boxes = new Map(
    states.map((state) => {
      const { x = 0, y = 0, width = 0, height = 0 } = graph.node(state);
      return [state, { state, x, y, width, height }];
    }),
  );
  return {
    ...sizeOf(graph.graph()),
    initial,
    states: [...boxes.values()],
    arrows: graph.edges().map((edge) => {
      const { points = [], events, x = 0, y = 0 } = graph.edge(edge);
      const label = { x, y };
      const inner = points.slice(1, -1);
      const from = boxes.get(edge.v);
      const to = boxes.get(edge.w);
      const ends = from && to && direction === 'LR' ? docked(from, to, label, inner) : points;
      return { from: edge.v, to: edge.w, events: events as string[], points: ends, label };
    }),
  };
}

/** How far from the middle of a side two arrows lie that begin or end there. */
const BESIDE = 8;

/**
 * The arrow's points from the side of one box to the side of the other, instead of from corner to corner: what passes above or below
 * both leaves and arrives there, the rest goes from side to side.
 */
function docked(from: StateBox, to: StateBox, label: Point, inner: readonly Point[]): Point[] {
  const above = Math.sign(label.y - from.y);
  const passesBy = [from, to].every(({ y, height }) => Math.abs(label.y - y) > height);
  if (passesBy) {
    const dock = ({ x, y, height }: StateBox): Point => ({ x, y: y + (above * height) / 2 });
    return [dock(from), ...inner, dock(to)];
  }
  const ahead = Math.sign(to.x - from.x);
  const beside = (box: StateBox): number =>
    Math.abs(label.y - box.y) < 1 ? 0 : Math.sign(label.y - box.y) * BESIDE;
  return [
    { x: from.x + (ahead * from.width) / 2, y: from.y + beside(from) },
    ...inner,
    { x: to.x - (ahead * to.width) / 2, y: to.y + beside(to) },
  ];
}

const sizeOf = ({ width = 0, height = 0 }: { readonly width?: number; readonly height?: number }) => ({
  width,
  height,
});

/** A smooth line through the points, straight at its end so that an arrow's head points where it goes; the `d` of an SVG path. */
export function smooth(points: readonly Point[]): string {
  const at = ({ x, y }: Point) => `${x.toFixed(1)},${y.toFixed(1)}`;
  const last = points.at(-1);
  return points
    .map((point, i) => {
      if (i === 0) return `M${at(point)}`;
      if (point === last) return `L${at(point)}`;
      const after = points[i + 1] ?? point;
      return `Q${at(point)} ${at({ x: (point.x + after.x) / 2, y: (point.y + after.y) / 2 })}`;
    })
    .join('');
}

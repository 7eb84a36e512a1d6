/** Custody over time: a lane for each holder, a bar for each time it could use the queue, a sign where no reset came before. */
import { useRef } from 'preact/hooks';
import type { Bar, CustodyChart, Lane } from '../model/custody.ts';
import { formatClock, formatTime } from '../model/moment.ts';
import { labelsOfTimes } from '../model/ticks.ts';
import { useWidth } from '../state/use-width.ts';

const LANE = 34;
const BAR = 20;
const AXIS = 26;
/** Room behind the end of time. */
const RIM = 12;

export interface CustodyChartProps {
  readonly chart: CustodyChart;
  readonly label: string;
  /** Which mark a lane's colour is. */
  readonly slotOf: (lane: Lane) => string;
  /** By the clock, or one step for each change. */
  readonly isByTime: boolean;
  readonly at: number | undefined;
  /** How many times less than all the time is shown, around `at`; by the clock only. */
  readonly zoom: number;
  /** Where a bar leads. */
  readonly hrefOf: (bar: Bar) => string;
}

export function CustodyTimeline({ chart, label, slotOf, isByTime, at, zoom, hrefOf }: CustodyChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const names = Math.min(120, width * 0.28);
  const room = Math.max(1, width - RIM - names);
  const [from, until] = shownTime(chart, at, zoom);
  const byTime = (time: number): number =>
    names + (room * (Math.min(Math.max(from, time), until) - from)) / Math.max(1, until - from);
  const byPlace = (place: number): number => names + (room * place) / Math.max(1, chart.moments.length - 1);
  const height = AXIS + chart.lanes.length * LANE + 6;
  const ticks = isByTime
    ? labelsOfTimes({ from, to: until }, { width: room, rim: RIM }).map(({ at: time, words }) => ({
        key: time,
        x: byTime(time),
        words,
      }))
    : every(chart.moments.slice(0, -1), Math.max(2, Math.floor(room / 110))).map(({ moment, place }) => ({
        key: place,
        x: byPlace(place),
        words: formatClock(moment),
      }));
  const start = (bar: Bar): number => (isByTime ? byTime(bar.from) : byPlace(bar.fromPlace));
  const end = (bar: Bar): number => (isByTime ? byTime(bar.until) : byPlace(bar.untilPlace));
  return (
    <figure class="custody-chart" ref={frame}>
      {width > 0 && (
        <svg width={width} height={height}>
          <title>{label}</title>
          {ticks.map(({ key, x, words }) => (
            <g key={key} class="tick" transform={`translate(${x},0)`}>
              <line y1={AXIS - 6} y2={height} />
              <text y={14}>{words}</text>
            </g>
          ))}
          {chart.lanes.map((lane, row) => (
            <g key={lane.key} transform={`translate(0,${AXIS + row * LANE})`}>
              <line class="lane" x1={names} x2={width} y1={LANE / 2} y2={LANE / 2} />
              <text class="lane-name" x={names - 10} y={LANE / 2 + 4}>
                {lane.label}
              </text>
              {lane.bars
                .filter((bar) => !isByTime || (bar.until >= from && bar.from <= until))
                .map((bar) => {
                  const x = start(bar);
                  return (
                    <a
                      key={bar.fromPlace}
                      href={hrefOf(bar)}
                      class={`bar is-${lane.holder.kind} ${slotOf(lane)}`}
                      aria-label={`${lane.label}, from ${formatTime(bar.from)} ${bar.isOpen ? 'until now' : `until ${formatTime(bar.until)}`}${bar.isUnsafe ? ', without a reset before' : ''}`}
                    >
                      <rect
                        x={x}
                        y={(LANE - BAR) / 2}
                        width={Math.max(3, end(bar) - x)}
                        height={BAR}
                        rx={4}
                      />
                      {bar.isUnsafe && (!isByTime || bar.from >= from) && (
                        <g class="unsafe" transform={`translate(${x},${LANE / 2})`}>
                          <path d="M0-9 8 6H-8z" />
                          <text y="4">!</text>
                        </g>
                      )}
                    </a>
                  );
                })}
            </g>
          ))}
          {isByTime && at !== undefined && at >= from && at <= until && (
            <line class="at" x1={byTime(at)} x2={byTime(at)} y1={AXIS - 8} y2={height} />
          )}
        </svg>
      )}
    </figure>
  );
}

/** The stretch of time around `at`, or at the end, that lies within the chart. */
function shownTime(chart: CustodyChart, at: number | undefined, zoom: number): readonly [number, number] {
  const length = (chart.until - chart.from) / zoom;
  const middle = at ?? chart.until;
  const from = Math.min(Math.max(chart.from, middle - length / 2), chart.until - length);
  return [from, from + length];
}

/** So many of the moments as have room, evenly. */
function every(
  moments: readonly number[],
  most: number,
): { readonly moment: number; readonly place: number }[] {
  const step = Math.ceil(moments.length / most);
  return moments.flatMap((moment, place) => (place % step === 0 ? [{ moment, place }] : []));
}

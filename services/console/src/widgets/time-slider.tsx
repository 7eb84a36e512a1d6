/** The slider over the facts or over time, with the axis below it and the refused commands above. */
import { scaleLinear, scaleTime, scaleUtc } from 'd3-scale';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
  atPosition,
  formatClock,
  formatDay,
  formatExactly,
  formatTick,
  type Moment,
  NOW,
  shownZone,
} from '../model/moment.ts';
import { type AxisKind, type AxisSpan, placeOf } from '../model/time-axis.ts';
import { usePage } from '../state/page.tsx';
import { useWidth } from '../state/use-width.ts';
import { RefusalMarks } from './refusal-marks.tsx';

export interface TimeSliderProps {
  readonly kind: AxisKind;
  /** All that there is, and what is shown of it. */
  readonly whole: AxisSpan;
  readonly span: AxisSpan;
  readonly isNow: boolean;
  readonly drag: (moment: Moment) => void;
  readonly step: (by: 1 | -1) => Promise<void>;
}

const STEPS: ReadonlyMap<string, 1 | -1> = new Map([
  ['ArrowLeft', -1],
  ['ArrowDown', -1],
  ['ArrowRight', 1],
  ['ArrowUp', 1],
]);

export function TimeSlider({ kind, whole, span, isNow, drag, step }: TimeSliderProps) {
  const { session } = usePage();
  const track = useRef<HTMLDivElement>(null);
  const width = useWidth(track);
  const shown = session.settled.value;
  const used = session.used.value;
  // While what was dragged to is fetched, the thumb stays under the hand.
  const [dragged, setDragged] = useState<number>();
  useEffect(() => setDragged(undefined), [kind, shown?.position, used, isNow]);
  const place = dragged ?? placeShown(kind, shown, used) ?? span.from;
  const done = span.to > span.from ? (100 * (place - span.from)) / (span.to - span.from) : 100;
  const words =
    shown === undefined ? 'no fact yet' : `position ${shown.position}, ${formatExactly(shown.occurredAt)}`;
  return (
    <div class="track" ref={track}>
      <RefusalMarks session={session} kind={kind} span={span} />
      <input
        type="range"
        aria-label={kind === 'facts' ? 'Position in the log' : 'Time in the log'}
        aria-valuetext={isNow ? `${words}, now` : words}
        min={span.from}
        max={span.to}
        value={place}
        disabled={session.first.value === undefined}
        style={{ '--done': `${Math.min(100, Math.max(0, done))}%` }}
        onInput={({ currentTarget }) => {
          const wanted = Number(currentTarget.value);
          setDragged(wanted);
          drag(wanted >= whole.to ? NOW : momentAt(kind, wanted));
        }}
        onKeyDown={(event) => {
          const by = STEPS.get(event.key);
          if (by === undefined) return;
          event.preventDefault();
          void step(by); // to the next fact, which may be many positions away
        }}
      />
      <div class="ticks" aria-hidden="true">
        {ticksOf(kind, span, Math.max(2, Math.floor(width / 110))).map(({ at, words: label }) => (
          <span key={at} style={{ left: `${(100 * (at - span.from)) / Math.max(1, span.to - span.from)}%` }}>
            {label}
          </span>
        ))}
      </div>
    </div>
  );
}

/** Where the page stands on the axis: at the time that was asked for, or at the fact that is shown. */
export const placeShown = (
  kind: AxisKind,
  shown: Parameters<typeof placeOf>[1] | undefined,
  used: number | undefined,
): number | undefined => (kind === 'time' && used !== undefined ? used : shown && placeOf(kind, shown));

const momentAt = (kind: AxisKind, place: number): Moment =>
  kind === 'facts' ? atPosition(place) : { kind: 'time', time: new Date(place).toISOString() };

interface Tick {
  readonly at: number;
  readonly words: string;
}

/** At most so many, at round places; the first time says its day. */
function ticksOf(kind: AxisKind, { from, to }: AxisSpan, most: number): readonly Tick[] {
  if (kind === 'facts')
    return scaleLinear([from, to], [0, 1])
      .ticks(most)
      .filter(Number.isInteger)
      .map((at) => ({ at, words: at.toLocaleString('en-GB') }));
  const scale = shownZone.value === 'UTC' ? scaleUtc : scaleTime;
  const times = scale([new Date(from), new Date(to)], [0, 1])
    .ticks(most)
    .map((tick) => tick.getTime());
  return times.map((at, i) => {
    const words = formatTick(at);
    const isDayless = i === 0 && words.includes(':');
    const clock = formatClock(at).replace(/(?::00)?\.000$/, '');
    return { at, words: isDayless ? `${formatDay(at).slice(4, 10)} ${clock}` : words };
  });
}

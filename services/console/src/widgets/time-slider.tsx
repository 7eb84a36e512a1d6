/** The slider over the facts or over time, with the axis below it and the refused commands above. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { atPosition, formatExactly, type Moment, NOW } from '../model/moment.ts';
import { labelsOfPositions, labelsOfTimes } from '../model/ticks.ts';
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

/** Half a thumb: so far from its ends the track begins. In the style sheet, too. */
const RIM = 7;

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
  const labels = kind === 'facts' ? labelsOfPositions : labelsOfTimes;
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
        {labels(span, { width: width - 2 * RIM, rim: RIM }).map(({ at, words: label }) => (
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

/** Time: where the page stands in it, and how it is moved. A slider over the facts, the way to the one before and after, and playing. */
import { useRef, useState } from 'preact/hooks';
import { formatDuration, NOW } from '../model/moment.ts';
import { PACES } from '../model/playback.ts';
import {
  type AxisKind,
  type AxisSpan,
  isWithin,
  maxZoom,
  wholeSpan,
  ZOOM_STEP,
  zoomedSpan,
} from '../model/time-axis.ts';
import { kept } from '../state/kept.ts';
import { usePage } from '../state/page.tsx';
import { useTransport } from '../state/use-transport.ts';
import { GoToTime } from './go-to-time.tsx';
import { Shortcuts } from './shortcuts.tsx';
import { placeShown, TimeSlider } from './time-slider.tsx';

const axisKind = kept<AxisKind>('axis', ['time', 'facts']);

export function TimeBar() {
  const { session } = usePage();
  const transport = useTransport();
  const { paceId, quiet, setPace, go, drag, step, toggle, skip } = transport;
  const isPlaying = session.isPlaying.value;
  const isNow = session.moment.value.kind === 'now' && !isPlaying;
  const isEmpty = session.first.value === undefined;
  const { whole, span, zoom, most, setZoom } = useAxis(axisKind.value);
  return (
    <section id="time" tabIndex={-1} class={isNow ? 'time-bar' : 'time-bar is-past'} aria-label="Time">
      <Shortcuts transport={transport} />
      <div class="transport">
        <button
          type="button"
          class="icon-button"
          aria-label="One fact back"
          disabled={isEmpty}
          onClick={() => void step(-1)}
        >
          <Glyph path="M11 3 5 8l6 5zM3 3h1.5v10H3z" />
        </button>
        <button
          type="button"
          class="icon-button is-primary"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          disabled={isEmpty}
          onClick={() => void toggle()}
        >
          <Glyph path={isPlaying ? 'M4 3h3v10H4zM9 3h3v10H9z' : 'M4.5 2.5 13 8l-8.5 5.5z'} />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="One fact forward"
          disabled={isEmpty}
          onClick={() => void step(1)}
        >
          <Glyph path="m5 3 6 5-6 5zM11.5 3H13v10h-1.5z" />
        </button>
        <select
          aria-label="Speed"
          value={paceId}
          onChange={({ currentTarget }) => setPace(currentTarget.value)}
        >
          {PACES.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
        {quiet.value !== undefined && (
          <button type="button" class="link-button" onClick={skip}>
            Next fact in {formatDuration(quiet.value)}: skip
          </button>
        )}
      </div>
      <TimeSlider kind={axisKind.value} whole={whole} span={span} isNow={isNow} drag={drag} step={step} />
      <div class="axis-tools">
        <select
          aria-label="The axis"
          value={axisKind.value}
          onChange={({ currentTarget }) => {
            axisKind.value = currentTarget.value === 'facts' ? 'facts' : 'time';
          }}
        >
          <option value="time">by time</option>
          <option value="facts">by fact</option>
        </select>
        <span class="zoom">
          <button
            type="button"
            class="icon-button is-small"
            aria-label="Longer axis"
            disabled={zoom <= 1}
            onClick={() => setZoom(zoom / ZOOM_STEP)}
          >
            −
          </button>
          <button
            type="button"
            class="icon-button is-small"
            aria-label="Shorter axis, around the moment that is shown"
            disabled={zoom >= most}
            onClick={() => setZoom(zoom * ZOOM_STEP)}
          >
            +
          </button>
        </span>
      </div>
      <GoToTime isNow={isNow} go={go} />
      <button type="button" class="now-button" aria-pressed={isNow} onClick={() => void go(NOW)}>
        Now
      </button>
    </section>
  );
}

const NOTHING: AxisSpan = { from: 0, to: 0 };

/** What the axis shows: the part around where the page stood when it was zoomed, for as long as the page stands within it. */
function useAxis(kind: AxisKind) {
  const { session } = usePage();
  const [chosen, setChosen] = useState<{ readonly kind: AxisKind; readonly zoom: number }>();
  const middle = useRef(0);
  const first = session.first.value;
  const last = session.last.value;
  const whole = first === undefined || last === undefined ? NOTHING : wholeSpan(kind, first, last);
  const most = maxZoom(kind, whole);
  const zoom = chosen?.kind === kind ? Math.min(chosen.zoom, most) : 1;
  const place = placeShown(kind, session.settled.value, session.used.value) ?? whole.to;
  const setZoom = (wanted: number): void => {
    middle.current = place;
    setChosen({ kind, zoom: wanted });
  };
  let span = zoomedSpan(whole, zoom, middle.current);
  if (!isWithin(span, place)) {
    middle.current = place;
    span = zoomedSpan(whole, zoom, place);
  }
  return { whole, span, zoom, most, setZoom };
}

const Glyph = ({ path }: { readonly path: string }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <path d={path} fill="currentColor" />
  </svg>
);

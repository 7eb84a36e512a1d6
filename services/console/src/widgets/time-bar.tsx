/** Time: where the page stands in it, and how it is moved. A slider over the facts, the way to the one before and after, and playing. */
import { formatDuration, formatTime, NOW } from '../model/moment.ts';
import { PACES } from '../model/playback.ts';
import { usePage } from '../state/page.tsx';
import { useTransport } from '../state/use-transport.ts';
import { GoToTime } from './go-to-time.tsx';
import { PositionSlider } from './position-slider.tsx';
import { RefusalMarks } from './refusal-marks.tsx';

export function TimeBar() {
  const { session } = usePage();
  const transport = useTransport();
  const { paceId, quiet, setPace, go, drag, step, toggle, skip } = transport;
  const first = session.first.value;
  const last = session.last.value;
  const isPlaying = session.isPlaying.value;
  const isNow = session.moment.value.kind === 'now' && !isPlaying;
  const isEmpty = first === undefined;
  return (
    <section class={isNow ? 'time-bar' : 'time-bar is-past'} aria-label="Time">
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
      </div>
      <div class="track">
        <RefusalMarks session={session} />
        <PositionSlider isNow={isNow} drag={drag} step={step} />
        <div class="track-ends">
          <span>{first && formatTime(first.occurredAt).slice(0, -4)}</span>
          {quiet.value !== undefined && (
            <button type="button" class="link-button" onClick={skip}>
              Next fact in {formatDuration(quiet.value)}: skip
            </button>
          )}
          <span>{last && formatTime(last.occurredAt).slice(0, -4)}</span>
        </div>
      </div>
      <GoToTime isNow={isNow} go={go} />
      <button type="button" class="now-button" aria-pressed={isNow} onClick={() => void go(NOW)}>
        Now
      </button>
    </section>
  );
}

const Glyph = ({ path }: { readonly path: string }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <path d={path} fill="currentColor" />
  </svg>
);

/** Time: where the page stands in it, and how it is moved. A slider over the facts, the way to the one before and after, and playing. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fetchFacts, fetchHost } from '../api/client.ts';
import {
  atPosition,
  formatClock,
  formatDay,
  formatDuration,
  formatMoment,
  type Moment,
  NOW,
} from '../model/moment.ts';
import { PACES } from '../model/playback.ts';
import { inspectPlayer } from '../state/inspector.ts';
import { usePage } from '../state/page.tsx';
import { Player } from '../state/player.ts';
import type { Session } from '../state/session.ts';

/** Refusals that are marked on the slider, at most. */
const MAX_MARKS = 1000;
/** The address follows the slider when it rests. */
const REST_MS = 250;
const DEFAULT_PACE = '10f';

export function TimeBar() {
  const { session, select } = usePage();
  const player = useRef<Player | undefined>(undefined);
  const settling = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [paceId, setPaceId] = useState(DEFAULT_PACE);
  const quiet = useSignal<number | undefined>(undefined);
  useEffect(
    () => () => {
      clearTimeout(settling.current);
      player.current?.stop();
    },
    [session],
  );

  const shown = session.shown.value;
  const first = session.first.value;
  const last = session.last.value;
  const isPlaying = session.isPlaying.value;
  const isNow = session.moment.value.kind === 'now' && !isPlaying;
  const position = shown?.position ?? first?.position ?? 0;
  const pace = PACES.find(({ id }) => id === paceId)?.pace ?? { by: 'facts', perSecond: 10 };

  const settle = (moment: Moment): void => {
    clearTimeout(settling.current);
    select({ at: formatMoment(moment) });
  };
  const settleSoon = (moment: Moment): void => {
    clearTimeout(settling.current);
    settling.current = setTimeout(() => settle(moment), REST_MS);
  };
  const go = async (moment: Moment): Promise<void> => {
    player.current?.stop();
    await session.lookAt(moment);
    settle(moment);
  };
  const play = async (): Promise<void> => {
    if (player.current !== undefined) {
      player.current.stop();
      return;
    }
    // From the end there is nothing to play: from the beginning, then.
    if (first !== undefined && (isNow || position >= (last?.position ?? 0)))
      await session.lookAt(atPosition(first.position));
    const started = new Player(session, pace, (here) => {
      player.current = undefined;
      settle(here);
    });
    started.quiet.subscribe((wait) => {
      quiet.value = wait;
    });
    player.current = started;
    inspectPlayer(started);
  };
  const step = async (by: 1 | -1): Promise<void> => {
    const to = await neighbour(session, position, by);
    if (to !== undefined) await go(to);
  };

  return (
    <section class={isNow ? 'time-bar' : 'time-bar is-past'} aria-label="Time">
      <div class="transport">
        <button
          type="button"
          class="icon-button"
          aria-label="One fact back"
          disabled={first === undefined}
          onClick={() => void step(-1)}
        >
          <Glyph path="M11 3 5 8l6 5zM3 3h1.5v10H3z" />
        </button>
        <button
          type="button"
          class="icon-button is-primary"
          aria-label={isPlaying ? 'Pause' : 'Play'}
          disabled={first === undefined}
          onClick={() => void play()}
        >
          <Glyph path={isPlaying ? 'M4 3h3v10H4zM9 3h3v10H9z' : 'M4.5 2.5 13 8l-8.5 5.5z'} />
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="One fact forward"
          disabled={first === undefined}
          onClick={() => void step(1)}
        >
          <Glyph path="m5 3 6 5-6 5zM11.5 3H13v10h-1.5z" />
        </button>
        <select
          aria-label="Speed"
          value={paceId}
          onChange={({ currentTarget }) => {
            setPaceId(currentTarget.value);
            const chosen = PACES.find(({ id }) => id === currentTarget.value);
            if (chosen !== undefined && player.current !== undefined) player.current.pace = chosen.pace;
          }}
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
        <input
          type="range"
          aria-label="Position in the log"
          aria-valuetext={
            shown === undefined
              ? 'no fact yet'
              : `position ${shown.position}, ${formatDay(shown.occurredAt)} ${formatClock(shown.occurredAt)} UTC${isNow ? ', now' : ''}`
          }
          min={first?.position ?? 0}
          max={last?.position ?? 0}
          value={position}
          disabled={first === undefined}
          style={{ '--done': `${done(position, first?.position, last?.position)}%` }}
          onInput={({ currentTarget }) => {
            player.current?.stop();
            const moment = momentOf(Number(currentTarget.value), last?.position);
            void session.lookAt(moment);
            settleSoon(moment);
          }}
          onKeyDown={(event) => {
            const by =
              event.key === 'ArrowLeft' || event.key === 'ArrowDown'
                ? -1
                : event.key === 'ArrowRight' || event.key === 'ArrowUp'
                  ? 1
                  : undefined;
            if (by === undefined) return;
            event.preventDefault();
            void step(by);
          }}
        />
        <div class="track-ends">
          <span>
            {first && `${formatDay(first.occurredAt)} ${formatClock(first.occurredAt).slice(0, 8)}`}
          </span>
          {quiet.value !== undefined && (
            <button type="button" class="link-button" onClick={() => player.current?.skip()}>
              Next fact in {formatDuration(quiet.value)}: skip
            </button>
          )}
          <span>{last && `${formatDay(last.occurredAt)} ${formatClock(last.occurredAt).slice(0, 8)}`}</span>
        </div>
      </div>
      <GoToTime shown={shown?.occurredAt} isNow={isNow} position={shown?.position} go={go} />
      <button type="button" class="now-button" aria-pressed={isNow} onClick={() => void go(NOW)}>
        Now
      </button>
    </section>
  );
}

const momentOf = (position: number, last: number | undefined): Moment =>
  position >= (last ?? 0) ? NOW : atPosition(position);

const done = (at: number, first = 0, last = 0): number =>
  last > first ? Math.min(100, (100 * (at - first)) / (last - first)) : 100;

/** The moment of the fact after or before a position, of the session's host when it has one. */
async function neighbour(session: Session, position: number, by: 1 | -1): Promise<Moment | undefined> {
  const { host } = session;
  if (by === 1) {
    const { events } = await fetchFacts({ after: position, limit: 1, host });
    return events[0] && atPosition(events[0].position);
  }
  const first = session.first.peek()?.position ?? 0;
  if (position <= first) return undefined;
  if (host === undefined) return atPosition(position - 1);
  const view = await fetchHost(host, atPosition(position - 1));
  return atPosition(view?.position ?? first);
}

function GoToTime({
  shown,
  isNow,
  position,
  go,
}: {
  shown: number | undefined;
  isNow: boolean;
  position: number | undefined;
  go: (moment: Moment) => Promise<void>;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const open = (): void => {
    setText(new Date(shown ?? Date.now()).toISOString().slice(0, 19));
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" class="stamp" disabled={shown === undefined} onClick={open} title="Go to a time">
        <span class="stamp-clock">{shown === undefined ? '--:--:--' : formatClock(shown)}</span>
        <span class="stamp-day">
          {shown === undefined ? '' : `${formatDay(shown)} UTC · `}
          {position === undefined ? 'no fact' : `position ${position.toLocaleString('en-GB')}`}
          {isNow ? ' · now' : ''}
        </span>
      </button>
      <dialog ref={dialog} aria-labelledby="go-to-time">
        <form
          method="dialog"
          onSubmit={() => {
            const time = new Date(`${text}Z`);
            if (!Number.isNaN(time.getTime())) void go({ kind: 'time', time: time.toISOString() });
          }}
        >
          <h2 id="go-to-time">Go to a time</h2>
          <label>
            Day and time, UTC
            <input
              type="datetime-local"
              step="1"
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
              required
            />
          </label>
          <p class="hint">The last fact at or before it counts.</p>
          <div class="dialog-buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" class="is-primary">
              Go there
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

/** Where commands were refused: ticks above the slider. */
function RefusalMarks({ session }: { readonly session: Session }) {
  const [positions, setPositions] = useState<readonly number[]>([]);
  const first = session.first.value?.position;
  const last = session.last.value?.position;
  useEffect(() => {
    const asking = new AbortController();
    fetchFacts({ host: session.host, types: ['CommandRejected'], limit: MAX_MARKS }, asking.signal)
      .then(({ events }) => setPositions(events.map(({ position }) => position)))
      .catch(() => {}); // marks are a help; without them the slider is whole
    return () => asking.abort();
  }, [session]);
  const arrived = session.arrived.value
    .filter(({ type }) => type === 'CommandRejected')
    .map(({ position }) => position);
  if (first === undefined || last === undefined || last <= first)
    return <svg class="marks" aria-hidden="true" />;
  return (
    <svg class="marks" aria-hidden="true" viewBox="0 0 1000 8" preserveAspectRatio="none">
      {[...new Set([...positions, ...arrived])].map((position) => {
        const x = (1000 * (position - first)) / (last - first);
        return <line key={position} x1={x} x2={x} y1="0" y2="8" />;
      })}
    </svg>
  );
}

const Glyph = ({ path }: { readonly path: string }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
    <path d={path} fill="currentColor" />
  </svg>
);

/** Where time stands, large; and the way to another time. */
import { useRef, useState } from 'preact/hooks';
import { formatClock, formatDay, type Moment, type Stamp } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';

/**
 * The moment that is shown, large: now, the time that was asked for, or that of the fact at a position. Below it the last fact that
 * counts, which may be much older.
 */
function clockOf(stamp: Stamp | undefined, used: number | undefined, isNow: boolean) {
  const place = stamp === undefined ? 'no fact' : `position ${stamp.position.toLocaleString('en-GB')}`;
  if (isNow)
    return {
      large: 'Now',
      small: stamp === undefined ? place : `last fact ${momentOf(stamp.occurredAt)} · ${place}`,
    };
  if (used !== undefined) {
    const last =
      stamp === undefined ? place : `last fact by then ${momentOf(stamp.occurredAt, used)} · ${place}`;
    return { large: formatClock(used), small: `${formatDay(used)} UTC · ${last}` };
  }
  if (stamp === undefined) return { large: '--:--:--', small: place };
  return { large: formatClock(stamp.occurredAt), small: `${formatDay(stamp.occurredAt)} UTC · ${place}` };
}

/** Day and time; the time alone on the day of another moment. */
const momentOf = (time: number, beside?: number): string =>
  beside !== undefined && formatDay(time) === formatDay(beside)
    ? formatClock(time)
    : `${formatDay(time)} ${formatClock(time)} UTC`;

export function GoToTime({
  isNow,
  go,
}: {
  readonly isNow: boolean;
  readonly go: (moment: Moment) => Promise<void>;
}) {
  const { session } = usePage();
  const stamp = session.settled.value;
  const { large, small } = clockOf(stamp, session.isPlaying.value ? undefined : session.used.value, isNow);
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const open = (): void => {
    setText(new Date(session.used.value ?? stamp?.occurredAt ?? Date.now()).toISOString().slice(0, 19));
    dialog.current?.showModal();
  };
  return (
    <>
      <button
        type="button"
        class="stamp"
        disabled={session.first.value === undefined}
        onClick={open}
        title="Go to a time"
      >
        <span class="stamp-clock">{large}</span>
        <span class="stamp-day">{small}</span>
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

/** Where time stands, large; and the way to another time. */
import { useRef, useState } from 'preact/hooks';
import { fetchHosts } from '../api/client.ts';
import { formatCount } from '../model/count.ts';
import {
  formatClock,
  formatDay,
  formatExactly,
  formatTyped,
  inShownZone,
  type Moment,
  parseMoment,
  type Stamp,
  shownZone,
  zoneAt,
} from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { messageOf } from '../state/session.ts';
import { Problem } from './problem.tsx';

/**
 * The moment that is shown, large: now, the time that was asked for, or that of the fact at a position. Below it the last fact that
 * counts, which may be much older.
 */
function clockOf(stamp: Stamp | undefined, used: number | undefined, isNow: boolean) {
  const place = stamp === undefined ? 'no fact' : `position ${formatCount(stamp.position)}`;
  const dayOf = (time: number): string => `${formatDay(time)} ${zoneAt(time)}`;
  if (isNow)
    return { large: 'Now', small: stamp ? [`last fact ${momentOf(stamp.occurredAt)}`, place] : [place, ''] };
  if (used !== undefined) {
    const last = stamp ? `last fact by then ${momentOf(stamp.occurredAt, used)}` : 'no fact by then';
    return { large: formatClock(used), small: [`${dayOf(used)} · ${place}`, last] };
  }
  if (stamp === undefined) return { large: '--:--:--', small: [place, ''] };
  return { large: formatClock(stamp.occurredAt), small: [`${dayOf(stamp.occurredAt)} · ${place}`, ''] };
}

/** Day and time; the time alone on the day of another moment. */
const momentOf = (time: number, beside?: number): string =>
  beside !== undefined && formatDay(time) === formatDay(beside) ? formatClock(time) : formatExactly(time);

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
  const [problem, setProblem] = useState('');
  const open = (): void => {
    setText(formatTyped(session.used.value ?? stamp?.occurredAt ?? Date.now()));
    setProblem('');
    dialog.current?.showModal();
  };
  const submit = async (): Promise<void> => {
    const typed = parseMoment(inShownZone(text));
    try {
      // Whether it is a moment, and which, before the page is left for it.
      const { asOf } = await fetchHosts(typed, { limit: 1 });
      dialog.current?.close();
      const isTime = typed.kind === 'time' && 'time' in asOf;
      await go(isTime ? { kind: 'time', time: asOf.time } : typed);
    } catch (error) {
      setProblem(messageOf(error));
    }
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
        <span class="stamp-day">
          {small[0]}
          <br />
          {small[1]}
        </span>
      </button>
      <dialog ref={dialog} aria-labelledby="go-to-time">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <h2 id="go-to-time">Go to a time</h2>
          <label>
            Day and time, {shownZone.value} unless it names a zone; or a position
            <input
              value={text}
              spellcheck={false}
              autocomplete="off"
              onInput={({ currentTarget }) => setText(currentTarget.value)}
              required
            />
          </label>
          <p class="hint">
            2026-11-17 09:14 · yesterday 09:14 · Tue 09:14 · -2h · 2026-11-17 09:14 Europe/Zurich · 41207. The
            last fact at or before it counts.
          </p>
          <Problem words={problem} />
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

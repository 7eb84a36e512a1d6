/** Where time stands, large; and the way to another time. */
import { useRef, useState } from 'preact/hooks';
import { formatClock, formatDay, type Moment } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';

export function GoToTime({
  isNow,
  go,
}: {
  readonly isNow: boolean;
  readonly go: (moment: Moment) => Promise<void>;
}) {
  const stamp = usePage().session.settled.value;
  const shown = stamp?.occurredAt;
  const position = stamp?.position;
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

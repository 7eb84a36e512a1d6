/** What stands in the way of showing anything: the service does not answer, the host was not there yet. */

import { formatTime } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';

/** What is shown is not the newest, because the service cannot read its log. */
export function AwayBanner() {
  const current = usePage().session.away.value;
  if (current === undefined) return null;
  const { time, position } = current;
  return (
    <p class="notice is-bad" role="status">
      The log is away. This page is complete up to {formatTime(time.getTime())}, position {position}. It goes
      on by itself when the log is back.
    </p>
  );
}

/** A time that clocks leave open has two answers: the page shows one, and leads to the other. */
export function ClockBanner() {
  const { session, place, href } = usePage();
  const reach = session.mayReach.value;
  if (reach === undefined || session.isPlaying.value) return null;
  return (
    <p class="notice" role="status">
      Clocks jumped around this time. The page shows what was certainly so; the host may also have been as of{' '}
      <a href={href({}, { ...place.selection, at: String(reach.position) })}>position {reach.position}</a>.
      The facts in between are dated by their neighbours only.
    </p>
  );
}

export function Notice() {
  const { session, place, href } = usePage();
  const status = session.status.value;
  const problem = session.problem.value;
  if (status === 'absent') {
    const first = session.first.value;
    return (
      <div class="notice" role="status">
        <h1>Host {session.host} was not known at this moment</h1>
        <p>
          {first
            ? `It was registered on ${formatTime(first.occurredAt)}.`
            : 'The log holds no fact about it.'}
        </p>
        <p>
          <a href={href({ host: undefined, view: 'hosts' })}>All hosts</a>
        </p>
      </div>
    );
  }
  if (status === 'no-moment')
    return (
      <div class="notice is-bad" role="alert">
        <h1>This is no moment, so nothing is shown</h1>
        <p>{problem}</p>
        <p>A time without a zone is UTC here. Digits are a position of the log.</p>
        <p>
          <a href={href({}, { ...place.selection, at: undefined })}>Now</a>
        </p>
      </div>
    );
  if (problem === '') return null;
  return (
    <div class="notice is-bad" role="alert">
      <h1>{problem}</h1>
      <button type="button" onClick={() => void session.again()}>
        Ask again
      </button>
    </div>
  );
}

/** Two moments of a host: both matrices, and what differs as a list. */

import { apqn, formatApqn } from '@apledger/ap';
import type { ViewChange } from '@apledger/api';
import { describeChange } from '@apledger/projections/host';
import { counted } from '@apledger/text';
import { useEffect, useState } from 'preact/hooks';
import { fetchDiff, fetchHost } from '../api/client.ts';
import { formatCount } from '../model/count.ts';
import {
  atPosition,
  formatExactly,
  inShownZone,
  isAbsolute,
  type Moment,
  parseMoment,
} from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { namesOf, Words } from '../widgets/mark.tsx';
import { Problem } from '../widgets/problem.tsx';
import { TwoMatrices } from '../widgets/two-matrices.tsx';
import { cellOf } from './matrix.tsx';

/** Moments that are often compared with. */
const PROPOSALS = ['-1h', '-1d', '-7d'] as const;

export function CompareView() {
  const { session, place, select } = usePage();
  const { from, cell } = place.selection;
  const stamp = session.settled.value;
  const { host } = session;
  const { answer, problem, isAsking } = useAsked(
    (signal) =>
      host === undefined || stamp === undefined || from === undefined || session.isPlaying.value
        ? undefined
        : compared(host, parseMoment(from), stamp.position, signal),
    [session, from, stamp?.position, session.isPlaying.value],
  );
  const first = session.first.value?.position;
  useEffect(() => {
    // "-1h" is another moment in an hour: the address keeps the one that was used.
    if (answer?.used !== undefined && from === answer.asked && !isAbsolute(from))
      select({ from: new Date(answer.used).toISOString() });
  }, [answer]);
  return (
    <section class="panel compare-view" aria-labelledby="compare-title">
      <header class="panel-head">
        <h1 id="compare-title">Compare</h1>
        <FromForm key={from} from={from} onFrom={(text) => select({ from: text }, { asStep: true })} />
        <div class="tools">
          {first !== undefined && (
            <button type="button" onClick={() => select({ from: String(first) }, { asStep: true })}>
              with the beginning
            </button>
          )}
          {PROPOSALS.map((text) => (
            <button key={text} type="button" onClick={() => select({ from: text }, { asStep: true })}>
              {text}
            </button>
          ))}
        </div>
      </header>
      {problem !== undefined ? (
        <Problem words={problem} />
      ) : from === undefined ? (
        <p class="empty">Type the moment with which to compare the one that the page shows.</p>
      ) : answer === undefined ? (
        <p class="empty">{isAsking ? 'Asking for both moments …' : ''}</p>
      ) : (
        <>
          <p class="facts-line compared">
            {answer.words}: {answer.changes.length === 0 ? 'nothing differs' : differences(answer.changes)}
          </p>
          {answer.changes.length > 0 && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            <ul class="shifts differences" tabIndex={0} aria-label="What differs">
              {answer.changes.map((change) => (
                <li key={JSON.stringify(change)} class={classOf(change)}>
                  <Words text={describeChange(change)} guests={answer.guests} />
                </li>
              ))}
            </ul>
          )}
          {answer.before !== undefined && answer.after !== undefined && (
            <TwoMatrices
              before={answer.before}
              after={answer.after}
              titles={[answer.fromWords, answer.toWords]}
              cursor={cellOf(cell)}
              onCursor={({ apid, apqi }) => select({ cell: formatApqn(apqn(apid, apqi)) })}
            />
          )}
        </>
      )}
    </section>
  );
}

const differences = (changes: readonly ViewChange[]): string => counted(changes.length, 'difference');

const LOSSES = new Set(['guestLost', 'queuesGone', 'cardsGone', 'mdevGone', 'guestStopped']);
const GAINS = new Set(['guestGained', 'queuesAppeared', 'cardsAppeared', 'mdevAppeared', 'guestStarted']);
const classOf = ({ change }: ViewChange): string | undefined =>
  LOSSES.has(change) ? 'is-loss' : GAINS.has(change) ? 'is-gain' : undefined;

/** Both views and what differs, the later one as of a position. The host may not have been there yet at the earlier one. */
async function compared(host: string, from: Moment, position: number, signal: AbortSignal) {
  const text = from.kind === 'now' ? 'now' : from.kind === 'time' ? from.time : String(from.position);
  const [diff, before, after] = await Promise.all([
    fetchDiff(host, { from: text, to: String(position) }, signal),
    fetchHost(host, from, signal),
    fetchHost(host, atPosition(position), signal),
  ]);
  const used = 'time' in diff.from ? Date.parse(diff.from.time) : undefined;
  const fromWords =
    used === undefined
      ? `Position ${'position' in diff.from ? formatCount(diff.from.position) : ''}`
      : formatExactly(used);
  const toWords = `Position ${formatCount(position)}${after === undefined ? '' : `, ${formatExactly(Date.parse(after.occurredAt))}`}`;
  return {
    asked: text,
    used,
    changes: diff.changes,
    before,
    after,
    fromWords,
    toWords,
    words: `From ${fromWords.replace('Position', 'position')} to ${toWords.replace('Position', 'position')}`,
    guests: { ...namesOf(after), ...namesOf(before) },
  };
}

function FromForm({
  from,
  onFrom,
}: {
  readonly from: string | undefined;
  readonly onFrom: (text: string) => void;
}) {
  const [text, setText] = useState(from ?? '');
  return (
    <form
      class="queue-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim() !== '') onFrom(inShownZone(text));
      }}
    >
      <label>
        with{' '}
        <input
          value={text}
          size={24}
          placeholder="yesterday 09:14, -2h, 37 …"
          spellcheck={false}
          autocomplete="off"
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <button type="submit">Compare</button>
    </form>
  );
}

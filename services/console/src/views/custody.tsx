/** Who could use a queue, and so its keys, over all its time. */
import { formatApqn, readApqn } from '@apledger/ap';
import type { Boundary, CustodyInterval, CustodyReport } from '@apledger/api';
import { useEffect, useState } from 'preact/hooks';
import { fetchCustody } from '../api/client.ts';
import { formatCount } from '../model/count.ts';
import { chartOf, holderName, type Lane } from '../model/custody.ts';
import { typeWords } from '../model/fact-groups.ts';
import { MARK_COLOURS } from '../model/marks.ts';
import { formatDuration, formatTime } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { Choice } from '../widgets/choice.tsx';
import { CustodyTimeline } from '../widgets/custody-chart.tsx';
import { FactProof } from '../widgets/evidence.tsx';
import { Problem } from '../widgets/problem.tsx';
import { RestsOn } from '../widgets/rests-on.tsx';

/** Each step of the zoom shows a quarter of the time; the last, a minute of eight years. */
const ZOOM_STEP = 4;
const MAX_ZOOM = ZOOM_STEP ** 11;
/** Periods that are fetched and drawn until somebody wants them all. */
const NEWEST = 500;

export function CustodyView() {
  const { session, place, select, href } = usePage();
  const view = session.view.value;
  const isByTime = place.selection.as !== 'changes';
  const [zoom, setZoom] = useState(1);
  /** The queue of which all periods are wanted. */
  const [wholeOf, setWholeOf] = useState<string>();
  const asked = place.selection.queue ?? firstQueue(view);
  const queue = asked === undefined ? undefined : queueOf(asked);
  const isWhole = queue !== undefined && wholeOf === queue;
  const last = session.last.value;
  const { answer, problem, isAsking } = useAsked(
    (signal) =>
      session.host === undefined || queue === undefined
        ? undefined
        : fetchCustody(session.host, queue, isWhole ? undefined : NEWEST, signal),
    [session, queue, last?.position, isWhole],
  );
  // The report has every holder, those of mdevs that are gone too.
  const holders =
    answer?.intervals.flatMap(({ holder }) => (holder.kind === 'guest' ? [holder.mdev] : [])) ?? [];
  const mdevs = [...new Set([...(view?.mdevs.map(({ mdev }) => mdev) ?? []), ...holders])];
  const slots = new Map(session.marks.of(mdevs).map((slot, i) => [mdevs[i], slot]));
  const slotOf = ({ holder }: Lane): string =>
    holder.kind === 'guest' ? `mark-${(slots.get(holder.mdev) ?? 0) % MARK_COLOURS}` : '';
  // The whole history, wherever the page stands: an open period is as long at a past moment as it is now.
  const end = Date.now();
  const chart = answer && chartOf(answer, Math.max(end, last?.occurredAt ?? 0));
  const at = session.settled.value;
  const isBeforeAll =
    answer?.omitted !== undefined &&
    answer.apqn === queue &&
    at &&
    at.position < (answer.intervals[0]?.from?.position ?? 0);
  useEffect(() => {
    if (isBeforeAll) setWholeOf(queue);
  }, [isBeforeAll, queue]);
  const isNow = session.moment.value.kind === 'now' && !session.isPlaying.value;
  const holding = answer && at && holderAt(answer.intervals, at.position);
  return (
    <section class="panel custody-view" aria-labelledby="custody-title">
      <header class="panel-head">
        <h1 id="custody-title">Custody</h1>
        <QueueForm
          key={asked}
          queue={queue ?? asked ?? ''}
          onQueue={(chosen) => select({ queue: chosen }, { asStep: true })}
        />
        <div class="tools">
          <fieldset class="segmented">
            <legend class="visually-hidden">The axis</legend>
            <Choice
              name="axis"
              checked={isByTime}
              onChoose={() => select({ as: undefined })}
              label="By time"
            />
            <Choice
              name="axis"
              checked={!isByTime}
              onChoose={() => select({ as: 'changes' })}
              label="By change"
            />
          </fieldset>
          {isByTime && (
            <fieldset class="zoom">
              <legend class="visually-hidden">Zoom</legend>
              <button
                type="button"
                class="icon-button"
                aria-label="Longer time"
                disabled={zoom <= 1}
                onClick={() => setZoom(zoom / ZOOM_STEP)}
              >
                −
              </button>
              <button
                type="button"
                class="icon-button"
                aria-label="Shorter time, around the moment that is shown"
                disabled={zoom >= MAX_ZOOM}
                onClick={() => setZoom(zoom * ZOOM_STEP)}
              >
                +
              </button>
            </fieldset>
          )}
        </div>
        {holding && at && (
          <p class="facts-line">
            At position {formatCount(at.position)}, {formatTime(at.occurredAt)},{' '}
            <strong>{holderName(holding.holder)}</strong> {isNow ? 'can use it' : 'could use it'}.
          </p>
        )}
      </header>
      <RestsOn host={session.host} answer={answer} />
      {queue === undefined ? (
        <p class="empty">Name a queue: its adapter and its domain, like 05.0047.</p>
      ) : problem !== undefined ? (
        <Problem words={problem} />
      ) : chart === undefined ? (
        <p class="empty">{isAsking ? 'Asking for its history …' : ''}</p>
      ) : answer?.wasThere === false ? (
        <p class="empty">
          There is no queue {queue} on {session.host}, and nobody ever could use it.
        </p>
      ) : (
        <>
          <CustodyTimeline
            chart={chart}
            label={`Who could use ${queue}`}
            slotOf={slotOf}
            isByTime={isByTime}
            at={at?.occurredAt}
            zoom={zoom}
            hrefOf={({ interval }) => href({}, { queue, at: String(interval.from?.position ?? 1) })}
          />
          {answer?.omitted !== undefined && (
            <p class="facts-line">
              The newest {formatCount(answer.intervals.length)} periods; {formatCount(answer.omitted)} are
              older.{' '}
              <button type="button" onClick={() => setWholeOf(queue)}>
                Show all
              </button>
            </p>
          )}
          {answer && <CustodyTable report={answer} until={chart.until} at={at?.position} />}
        </>
      )}
    </section>
  );
}

function firstQueue(
  view:
    | { readonly cards: readonly { readonly adapter: number; readonly queues: readonly number[] }[] }
    | undefined,
): string | undefined {
  const card = view?.cards.find(({ queues }) => queues.length > 0);
  if (card === undefined) return undefined;
  const hex = (id: number, digits: number) => id.toString(16).padStart(digits, '0');
  return `${hex(card.adapter, 2)}.${hex(card.queues[0] ?? 0, 4)}`;
}

/** The queue's name, from any spelling that the command line reads; undefined when it is none. */
function queueOf(text: string): string | undefined {
  const read = readApqn(text.trim());
  return read === undefined ? undefined : formatApqn(read);
}

const holderAt = (intervals: readonly CustodyInterval[], position: number): CustodyInterval | undefined =>
  intervals.findLast(
    ({ from, until }) =>
      (from?.position ?? 0) <= position && position < (until?.position ?? Number.POSITIVE_INFINITY),
  );

function QueueForm({
  queue,
  onQueue,
}: {
  readonly queue: string;
  readonly onQueue: (queue: string) => void;
}) {
  const [text, setText] = useState<string>();
  const shown = text ?? queue;
  const named = queueOf(shown);
  return (
    <form
      class="queue-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (named === undefined) return;
        setText(undefined);
        onQueue(named);
      }}
    >
      <label>
        of queue{' '}
        <input
          class="apqn"
          size={8}
          value={shown}
          spellcheck={false}
          autocomplete="off"
          aria-invalid={shown !== '' && named === undefined}
          onInput={({ currentTarget }) => setText(currentTarget.value.trim().toLowerCase())}
        />
      </label>
      <button type="submit" disabled={named === undefined}>
        Show
      </button>
      <Problem
        words={
          shown === '' || named !== undefined
            ? undefined
            : 'Not a queue: write adapter and domain in hexadecimal, like 05.0047.'
        }
      />
    </form>
  );
}

function CustodyTable({
  report: { intervals, knownSince },
  until,
  at,
}: {
  readonly report: CustodyReport;
  readonly until: number;
  readonly at: number | undefined;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-window" tabIndex={0} aria-label="Custody as a table">
      <table class="data-table">
        <thead>
          <tr>
            <th scope="col">Who could use it</th>
            <th scope="col">From</th>
            <th scope="col">By</th>
            <th scope="col">Until</th>
            <th scope="col">For</th>
            <th scope="col">Reset before</th>
          </tr>
        </thead>
        <tbody>
          {intervals.toReversed().map((interval) => {
            const from = interval.from === null ? undefined : Date.parse(interval.from.occurredAt);
            const end = interval.until === null ? until : Date.parse(interval.until.occurredAt);
            const holds =
              at !== undefined &&
              (interval.from?.position ?? 0) <= at &&
              at < (interval.until?.position ?? Number.POSITIVE_INFINITY);
            return (
              <tr key={interval.from?.position ?? 0} class={holds ? 'is-on' : undefined}>
                <th scope="row">{holderName(interval.holder)}</th>
                <td data-label="From">
                  {interval.from === null ? (
                    <span class="sub">not known before {formatTime(Date.parse(knownSince.occurredAt))}</span>
                  ) : (
                    <BoundaryLink boundary={interval.from} />
                  )}
                </td>
                <td class="sub" data-label="By">
                  {interval.from === null ? '' : `${typeWords(interval.from.type)}, ${interval.from.actor}`}
                </td>
                <td data-label="Until">
                  {interval.until === null ? (
                    <span class="sub">still so</span>
                  ) : (
                    <BoundaryLink boundary={interval.until} />
                  )}
                </td>
                <td data-label="For">
                  {from === undefined ? '' : formatDuration(Math.max(0, end - from))}
                  {interval.until === null && from !== undefined && <span class="sub"> so far</span>}
                </td>
                <td data-label="Reset before">{resetWords(interval)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function BoundaryLink({ boundary }: { readonly boundary: Boundary }) {
  const { place, href } = usePage();
  return (
    <span class="boundary">
      <a href={href({}, { ...place.selection, at: String(boundary.position) })}>
        {formatTime(Date.parse(boundary.occurredAt))} · {formatCount(boundary.position)}
      </a>
      <FactProof position={boundary.position} />
    </span>
  );
}

function resetWords({ resetBefore, holder }: CustodyInterval) {
  if (resetBefore === null)
    return <span class="sub">{holder.kind === 'nobody' ? 'nobody before' : 'first holder'}</span>;
  if (resetBefore) return 'yes';
  return holder.kind === 'nobody' ? <span class="sub">not yet</span> : <strong class="alarm">no</strong>;
}

/** What was passed on without a reset on a host, and what stands open: up to the moment that the page shows. */
import type { Boundary, Exposure } from '@apledger/api';
import { useState } from 'preact/hooks';
import { fetchExposures } from '../api/client.ts';
import { formatCount } from '../model/count.ts';
import { exposureText, KINDS, kindOf, momentOf } from '../model/exposures.ts';
import { formatTime, inShownZone } from '../model/moment.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { Choice } from '../widgets/choice.tsx';
import { FactProof } from '../widgets/evidence.tsx';
import { Problem } from '../widgets/problem.tsx';
import { ReportForm } from '../widgets/report-form.tsx';
import { RestsOn } from '../widgets/rests-on.tsx';

/** Rows at first, and more each time. */
const STEP = 200;

export function ExposuresView() {
  const { session, place, select } = usePage();
  const { from, only } = place.selection;
  const position = session.settled.value?.position;
  const [want, setWant] = useState(STEP);
  const { host } = session;
  const { answer, problem, isAsking } = useAsked(
    (signal) =>
      host === undefined || position === undefined || session.isPlaying.value
        ? undefined
        : fetchExposures(host, { ...(from === undefined ? {} : { from }), to: String(position) }, signal),
    [session, from, position, session.isPlaying.value],
  );
  const kind = kindOf(only);
  const found = answer?.exposures.filter((each) => kind === undefined || each.kind === kind) ?? [];
  return (
    <div class="exposures-view">
      <section class="panel" aria-labelledby="exposures-title">
        <header class="panel-head">
          <h1 id="exposures-title">Exposures</h1>
          <p class="facts-line" role="status">
            {answer === undefined ? (isAsking ? 'looking …' : '') : `${formatCount(found.length)} found`}
          </p>
          <div class="tools">
            <fieldset class="segmented">
              <legend class="visually-hidden">Which exposures</legend>
              <Choice
                name="kind"
                checked={kind === undefined}
                onChoose={() => select({ only: undefined })}
                label="All"
              />
              {KINDS.map(({ id, label }) => (
                <Choice
                  key={id}
                  name="kind"
                  checked={kind === id}
                  onChoose={() => select({ only: id })}
                  label={label}
                />
              ))}
            </fieldset>
            <label>
              From{' '}
              <input
                key={from}
                defaultValue={from ?? ''}
                size={20}
                placeholder="the first fact"
                spellcheck={false}
                onChange={({ currentTarget }) =>
                  select({ from: inShownZone(currentTarget.value) }, { asStep: true })
                }
              />
            </label>
          </div>
        </header>
        <RestsOn host={host} answer={answer} />
        {problem !== undefined ? (
          <Problem words={problem} />
        ) : answer !== undefined && found.length === 0 ? (
          <p class="empty">No exposure was found up to this moment.</p>
        ) : (
          <ul class="exposures">
            {found.slice(0, want).map((exposure) => (
              <Row key={JSON.stringify(exposure)} exposure={exposure} />
            ))}
          </ul>
        )}
        {found.length > want && (
          <button type="button" class="more" onClick={() => setWant(want + STEP)}>
            More of them
          </button>
        )}
      </section>
      <ReportForm host={host} />
    </div>
  );
}

function Row({ exposure }: { readonly exposure: Exposure }) {
  const { href } = usePage();
  const at: Boundary = momentOf(exposure);
  const queue = 'apqn' in exposure ? exposure.apqn : undefined;
  return (
    <li class={`exposure is-${exposure.kind}`}>
      <a class="fact-at" href={href({}, { at: String(at.position) })} title="Go there">
        <time dateTime={at.occurredAt}>{formatTime(Date.parse(at.occurredAt))}</time>
        <span class="sub">{formatCount(at.position)}</span>
      </a>
      <p>{exposureText(exposure)}</p>
      <div class="fact-who sub">
        <span class="actor" title={at.actor}>
          {at.actor}
        </span>
        {queue !== undefined && (
          <a href={href({ view: 'custody' }, { queue, at: String(at.position) })}>Custody</a>
        )}
        <FactProof position={at.position} />
      </div>
    </li>
  );
}

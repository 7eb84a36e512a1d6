/** The guests of a host: what each has, where it stands in its life, and what happened to it. */
import { formatApid } from '@apledger/ap';
import type { MdevView, RecordedFact } from '@apledger/api';
import { adapterPlugMachine, flatDefinition, guestMachine } from '@apledger/machines';
import { adaptersByState, LIFE_FACTS, lifeAfter } from '../model/guest-life.ts';
import { formatTime } from '../model/moment.ts';
import { nameOf, shortMdev } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { newestFacts } from '../state/use-facts.ts';
import { lastGuestText, useLastGuests } from '../state/use-last-guests.ts';
import { useMedia } from '../state/use-media.ts';
import { runState } from '../widgets/holders.tsx';
import { Mark, useMarks } from '../widgets/mark.tsx';
import { Statechart, spaced } from '../widgets/statechart.tsx';

const guestChart = flatDefinition(guestMachine);
const adapterChart = flatDefinition(adapterPlugMachine);
/** The last facts that moved a guest, of one mdev: as many as are listed. */
const MAX_LIFE = 12;

export function GuestsView() {
  const { session, place, href } = usePage();
  const view = session.view.value;
  const marks = useMarks(view);
  const lastGuests = useLastGuests();
  if (view === undefined)
    return <p class="empty">{session.status.value === 'loading' ? 'Asking for the host …' : ''}</p>;
  const wanted = place.selection.mdev;
  const chosen =
    view.mdevs.find(({ mdev }) => mdev === wanted) ?? (wanted === undefined ? view.mdevs[0] : undefined);
  return (
    <div class="guests-view">
      <nav class="panel guest-list" aria-label="Guests">
        <h1>Guests</h1>
        {view.mdevs.length === 0 && (
          <p class="hint">No mdev exists at this moment, so no guest can have a queue.</p>
        )}
        {view.mdevs.map((mdev) => (
          <a
            key={mdev.mdev}
            href={href({}, { mdev: mdev.mdev })}
            aria-current={mdev === chosen ? 'true' : undefined}
          >
            <Mark slot={marks.get(mdev.mdev) ?? 0} isHollow={mdev.effective === null} />
            <span>
              <strong>{nameOf(mdev)}</strong>
              <span class="sub">
                {mdev.guest === null ? '' : `${shortMdev(mdev.mdev)} · `}
                {runState(mdev)}
                {lastGuestText(mdev, lastGuests)}
              </span>
            </span>
          </a>
        ))}
      </nav>
      {chosen === undefined ? (
        wanted !== undefined && (
          <p class="panel empty">
            Mdev <code>{wanted}</code> does not exist at this moment.
          </p>
        )
      ) : (
        <Guest mdev={chosen} lastGuest={lastGuestText(chosen, lastGuests)} />
      )}
    </div>
  );
}

/** The newest facts that moved the guest of an mdev, up to the moment; undefined until they are there. */
function useLife(mdev: string): readonly RecordedFact[] | undefined {
  const { session } = usePage();
  const position = session.settled.value?.position;
  const { answer } = useAsked(
    async (signal) => {
      if (position === undefined) return undefined;
      const last = session.last.peek()?.position ?? position;
      const query = { host: session.host, mdev, types: LIFE_FACTS, position, want: MAX_LIFE, last };
      return { mdev, position, facts: (await newestFacts(query, signal)).facts };
    },
    [session, mdev, position],
  );
  // What was asked of another mdev or a later moment says nothing here.
  return answer?.mdev === mdev && answer.position === position ? answer.facts.slice(0, MAX_LIFE) : undefined;
}

function Guest({ mdev, lastGuest }: { readonly mdev: MdevView; readonly lastGuest: string }) {
  const { href } = usePage();
  const isNarrow = useMedia('(max-width: 760px)');
  const newest = useLife(mdev.mdev);
  const life =
    newest &&
    lifeAfter(
      newest.toReversed().map(({ type }) => type),
      mdev.open,
    );
  return (
    <div class="guest">
      <section class="panel" aria-labelledby="life-title">
        <header class="panel-head">
          <h2 id="life-title">Life of {nameOf(mdev)}</h2>
          <p class="facts-line">
            {life?.state}
            {life?.last && `, by ${life.last.event.toLowerCase()}`}
            {lastGuest}
          </p>
        </header>
        <Statechart
          name={`Guest ${nameOf(mdev)}`}
          definition={guestChart}
          current={life === undefined ? new Map() : new Map([[life.state, { full: '', short: '' }]])}
          last={life?.last}
          direction={isNarrow ? 'TB' : 'LR'}
        />
      </section>
      <Adapters mdev={mdev} direction={isNarrow ? 'TB' : 'LR'} />
      <div class="guest-columns">
        <section class="panel" aria-labelledby="has-title">
          <h2 id="has-title">What it has</h2>
          <MatrixFacts mdev={mdev} />
          <p class="cell-links">
            <code class="sub">{mdev.mdev}</code>
            <a href={href({ view: 'facts' }, { find: mdev.mdev })}>Facts</a>
          </p>
        </section>
        <section class="panel" aria-labelledby="runs-title">
          <h2 id="runs-title">What happened to it</h2>
          {newest?.length === 0 && <p class="hint">Nothing yet.</p>}
          <ol class="short-facts">
            {newest?.map((fact) => (
              <li key={fact.id}>
                <a href={href({}, { mdev: mdev.mdev, at: String(fact.position) })}>
                  {formatTime(Date.parse(fact.occurredAt))}
                </a>
                <span>{LIFE_WORDS[fact.type] ?? fact.type}</span>
                <span class="sub">{fact.actor}</span>
              </li>
            ))}
          </ol>
        </section>
      </div>
      {mdev.guestMatrix === null && (
        <p class="hint">
          {mdev.open
            ? 'This driver filters nothing: a guest has what was assigned when it started.'
            : 'This driver filters a matrix only while a guest has it open, or not at all.'}
        </p>
      )}
    </div>
  );
}

/** Where each assigned adapter is on its way into the guest matrix. */
function Adapters({ mdev, direction }: { readonly mdev: MdevView; readonly direction: 'LR' | 'TB' }) {
  const states = adaptersByState(mdev);
  const words = [...states].map(([state, { full }]) => `${spaced(state)}: ${full}`);
  return (
    <section class="panel" aria-labelledby="adapters-title">
      <header class="panel-head">
        <h2 id="adapters-title">Adapters of {nameOf(mdev)}</h2>
        <p class="facts-line">{words.length === 0 ? 'none assigned' : words.join(' · ')}</p>
      </header>
      <Statechart
        name={`Adapters of ${nameOf(mdev)}`}
        definition={adapterChart}
        current={states}
        direction={direction}
      />
    </section>
  );
}

const LIFE_WORDS: Readonly<Record<string, string>> = {
  MdevCreated: 'the mdev was created',
  MdevRemovalBlocked: 'a removal waits for the guest to close',
  MdevRemoved: 'the mdev was removed',
  GuestStarted: 'started',
  GuestStopped: 'stopped',
  MdevAttached: 'got the mdev while it ran',
  MdevDetached: 'let go of the mdev, and ran on',
  MigrationRequested: 'asked to migrate',
  MigrationRefused: 'could not migrate',
  MigrationCompleted: 'migrated away',
};

/** Assigned, left after filtering, usable: side by side, so that what is missing shows. */
function MatrixFacts({ mdev }: { readonly mdev: MdevView }) {
  const rows = [
    ['Adapters', 'adapters'],
    ['Domains', 'domains'],
    ['Control domains', 'controlDomains'],
  ] as const;
  const ids = (list: readonly number[] | undefined) =>
    list === undefined ? '–' : list.length === 0 ? 'none' : list.map(formatApid).join(' ');
  return (
    <table class="matrix-facts">
      <thead>
        <tr>
          <td />
          <th scope="col">assigned</th>
          <th scope="col">guest matrix</th>
          <th scope="col">can use</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, key]) => (
          <tr key={key}>
            <th scope="row">{label}</th>
            <td>{ids(mdev[key])}</td>
            <td>{ids(mdev.guestMatrix?.[key])}</td>
            <td>{ids(mdev.effective?.[key])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

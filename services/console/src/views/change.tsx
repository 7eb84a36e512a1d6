/** One change: what it would do, who loses what, who said what to it, and what the reader may do with it now. */

import { apqn, formatApqn } from '@apledger/ap';
import type { ChangeView, Judgement } from '@apledger/api';
import { describeChange } from '@apledger/projections/host';
import { useEffect, useState } from 'preact/hooks';
import { fetchChange } from '../api/access.ts';
import { statusWords, subjectTitle, whoText } from '../model/change-words.ts';
import { formatTime } from '../model/moment.ts';
import { me } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { ChangeActions } from '../widgets/change-actions.tsx';
import { ChangeChart, ChangeProgress, ChangeSteps } from '../widgets/change-run.tsx';
import { namesOf, Words } from '../widgets/mark.tsx';
import { TwoMatrices } from '../widgets/two-matrices.tsx';
import { cellOf } from './matrix.tsx';

/** How often the page asks how far the change is, also when nothing is recorded, ms. */
const AGAIN_MS = 15_000;

export function ChangePage() {
  const { session, place, href } = usePage();
  const { change: id = '' } = place;
  const [turn, setTurn] = useState(0);
  const { answer, problem, isAsking } = useAsked(
    (signal) => fetchChange(id, signal),
    [id, turn, session.last.value?.position, me.value?.session],
  );
  useEffect(() => {
    // For how long it has waited changes without a fact.
    const timer = setInterval(() => setTurn((before) => before + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  // What an approver is looking at does not move under his hands: it is replaced by what came later only when he asks for that.
  const [shown, setShown] = useState(answer);
  // After an act of the reader, what was asked before it says nothing.
  const [outdated, setOutdated] = useState(answer);
  const isNewer =
    answer !== undefined && answer !== outdated && shown !== undefined && differs(answer, shown);
  useEffect(() => {
    if (answer === undefined || answer === outdated) return;
    if (shown === undefined || !differs(answer, shown)) setShown(answer);
  }, [answer]);
  const list = <a href={href({ host: undefined, view: 'changes' })}>All changes</a>;
  if (shown === undefined)
    return (
      <div class="notice">
        <h1>Change {id}</h1>
        <p role="status">
          {me.value === null ? 'Sign in first.' : (problem ?? (isAsking ? 'Asking for it …' : ''))}
        </p>
        <p>{list}</p>
      </div>
    );
  // How far it is changes under way; what is to be judged does not.
  const { now } = shown;
  const latest = answer !== undefined && answer !== outdated ? answer : shown;
  const change = isNewer ? shown.change : latest.change;
  const { run } = latest;
  return (
    <div class="change-page">
      <section class="panel" aria-labelledby="change-title">
        <header class="panel-head">
          <h1 id="change-title">
            Change {change.change} on host{' '}
            <a href={href({ host: change.host, view: 'matrix' })}>{change.host}</a>
          </h1>
          <span class={`status is-${change.status}`}>{statusWords(change.status)}</span>
          <div class="tools">{list}</div>
        </header>
        <p>{change.reason}</p>
        <History change={change} />
        {isNewer && (
          <p class="alarm" role="status">
            This change, or what it would do, is another by now.{' '}
            <button type="button" onClick={() => setShown(answer)}>
              Show it as it is now
            </button>
          </p>
        )}
        <ChangeActions
          change={change}
          isStale={isNewer}
          onDone={(after) => {
            setShown({ ...shown, change: after, now: null });
            setOutdated(answer);
            setTurn(turn + 1);
          }}
        />
      </section>
      {run !== null && (
        <div class="change-columns">
          <ChangeSteps run={run} />
          <ChangeProgress change={latest.change} />
        </div>
      )}
      {now !== null && <Effect now={now} host={change.host} />}
      {run !== null && <ChangeChart change={latest.change} />}
      {change.commands !== null && (
        <section class="panel" aria-labelledby="commands-title">
          <header class="panel-head">
            <h2 id="commands-title">Commands</h2>
          </header>
          <ol class="send-list">
            {change.commands.map((command) => (
              <li key={JSON.stringify(command)}>
                <code>{JSON.stringify(command)}</code>
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

type Shown = Awaited<ReturnType<typeof fetchChange>>;

/** Whether somebody who judges one of them would judge something else than the other; what nobody judges any more just goes on. */
const differs = (a: Shown, b: Shown): boolean =>
  b.change.status === 'proposed' &&
  (a.change.status !== b.change.status ||
    a.change.approvals.length !== b.change.approvals.length ||
    (b.now !== null && a.now?.effect !== b.now.effect));

/** Who did what to it, in order. */
function History({ change }: { readonly change: ChangeView }) {
  const { proposedBy, proposedAt, until, approvals, ended, status } = change;
  const at = (time: string): string => formatTime(Date.parse(time));
  return (
    <ol class="short-facts">
      <li>
        <span>{at(proposedAt)}</span>
        <span>
          proposed by <strong title={subjectTitle(proposedBy)}>{whoText(proposedBy)}</strong>
          {until !== null && status === 'proposed' && `; can be approved until ${at(until)}`}
        </span>
      </li>
      {approvals.map(({ by, at: time }) => (
        <li key={`${by.issuer} ${by.subject}`}>
          <span>{at(time)}</span>
          <span>
            approved by <strong title={subjectTitle(by)}>{whoText(by)}</strong>
          </span>
        </li>
      ))}
      {ended !== null && (
        <li>
          <span>{at(ended.at)}</span>
          <span>
            {statusWords(status)}, <strong title={subjectTitle(ended.by)}>{whoText(ended.by)}</strong>
            {ended.reason !== null && `: ${ended.reason}`}
          </span>
        </li>
      )}
    </ol>
  );
}

function Effect({ now, host }: { readonly now: Judgement; readonly host: string }) {
  const { place, select } = usePage();
  const { before, after } = now;
  const guests = { ...namesOf(after ?? undefined), ...namesOf(before ?? undefined) };
  const lines = (verb: 'gains' | 'loses', list: Judgement['gives']) =>
    list.map(({ holder, queues, controlDomains }) => (
      <li key={`${verb} ${holder}`} class={verb === 'loses' ? 'is-loss' : 'is-gain'}>
        <strong>{holder}</strong> {verb}{' '}
        <span class="apqn">
          {[...queues, ...controlDomains.map((id) => `control of ${id.toString(16).padStart(2, '0')}`)].join(
            ', ',
          )}
        </span>
      </li>
    ));
  return (
    <>
      <section class="panel" aria-labelledby="matrices-title">
        <h2 id="matrices-title" class="visually-hidden">
          Both matrices
        </h2>
        {before !== null && after !== null ? (
          <TwoMatrices
            before={before}
            after={after}
            titles={TITLES}
            cursor={cellOf(place.selection.cell)}
            onCursor={({ apid, apqi }) => select({ cell: formatApqn(apqn(apid, apqi)) })}
          />
        ) : (
          <p>{before === null ? `There is no host ${host} yet.` : ''}</p>
        )}
      </section>
      <div class="change-columns">
        <section class="panel" aria-labelledby="effect-title">
          <h2 id="effect-title">What it would do</h2>
          {!now.isAsProposed && (
            <p class="alarm">Host {host} is another by now: it would do something else than was proposed.</p>
          )}
          {now.refusal !== null && <p class="alarm">The driver would refuse it: {now.refusal}</p>}
          {now.changes.length === 0 && <p class="hint">Nothing.</p>}
          <ul>
            {now.changes.map((each) => (
              <li key={JSON.stringify(each)}>
                <Words text={describeChange(each)} guests={guests} />
              </li>
            ))}
          </ul>
        </section>
        <section class="panel" aria-labelledby="shares-title">
          <h2 id="shares-title">Who loses, who gains</h2>
          {now.gives.length + now.takes.length === 0 && <p class="hint">Nobody loses or gains a queue.</p>}
          <ul class="shifts">
            {lines('loses', now.takes)}
            {lines('gains', now.gives)}
          </ul>
        </section>
      </div>
    </>
  );
}

const TITLES = ['Now', 'Then'] as const;

/** What would happen, before it does: steps, the matrices before and after, who loses what; and then, if somebody wants it, the commands. */

import { apqn, formatApqn } from '@apledger/ap';
import type { Share, SupposedStep } from '@apledger/api';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type PlanRequest, tryOut } from '../api/client.ts';
import type { Cell } from '../model/axes.ts';
import { desiredOf } from '../model/desired.ts';
import { typeWords } from '../model/fact-groups.ts';
import { someNames } from '../model/names.ts';
import { proposalsFor, stepsOf } from '../model/proposals.ts';
import { type Tried as SupposedSteps, untouched } from '../model/tried.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { useSettled } from '../state/use-settled.ts';
import { RefusalBlock } from '../widgets/fact-item.tsx';
import { type GuestNames, namesOf } from '../widgets/mark.tsx';
import { PlanPanel } from '../widgets/plan-panel.tsx';
import { Problem } from '../widgets/problem.tsx';
import { Procedures } from '../widgets/procedures.tsx';
import { ProposeDialog } from '../widgets/propose-dialog.tsx';
import { Receipts, type Sent } from '../widgets/receipts.tsx';
import { SendDialog } from '../widgets/send-dialog.tsx';
import { TwoMatrices } from '../widgets/two-matrices.tsx';
import { cellOf } from './matrix.tsx';

/** How long the typing has to rest before the steps are tried. */
const REST_MS = 350;

export function WhatIfView() {
  const { session, place, select } = usePage();
  const [text, setText] = useState(place.selection.steps ?? '');
  const rested = useSettled(text, REST_MS);
  // What was sent is not tried once more on the host that it has changed.
  const settled = text === '' ? '' : rested;
  const [sent, setSent] = useState<Sent>();
  const [plan, setPlan] = useState<PlanRequest>();
  useEffect(() => select({ steps: settled }), [settled]);
  const steps = useMemo(() => stepsOf(settled), [settled]);
  const moment = session.moment.value;
  const { answer, problem, isAsking } = useAsked(
    (signal) =>
      session.host === undefined || steps.length === 0 || session.isPlaying.value
        ? undefined
        : tryOut(session.host, steps, moment, signal),
    [session, steps.join('\n'), session.settled.value?.position, session.isPlaying.value],
  );
  const view = session.view.value;
  const cursor = cellOf(place.selection.cell);
  if (view === undefined)
    return <p class="empty">{session.status.value === 'loading' ? 'Asking for the host …' : ''}</p>;
  const tried = steps.length === 0 ? untouched(view) : answer;
  const add = (step: string): void =>
    setText((before) => (before.trim() === '' ? step : `${before.trimEnd()}\n${step}`));
  return (
    <div class="what-if-view">
      <div class="what-if-left">
        <section class="panel" aria-labelledby="steps-title">
          <h1 id="steps-title">What if</h1>
          <label class="steps">
            <span class="hint">
              Steps, one on each line, as you would type them on the host. Trying them changes nothing.
            </span>
            <textarea
              rows={5}
              spellcheck={false}
              placeholder={'echo -6 > /sys/bus/ap/apmask\ncard 06 config=0\nguest stop guest1'}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
          <Problem words={problem} />
        </section>
        <section class="panel" aria-labelledby="proposals-title">
          <h2 id="proposals-title">
            {cursor === undefined ? 'Proposals' : `With ${formatApqn(apqn(cursor.apid, cursor.apqi))}`}
          </h2>
          {cursor === undefined ? (
            <p class="hint">Choose a cell in a matrix to see what can be done with its queue.</p>
          ) : (
            <ul class="proposals">
              {proposalsFor(view, cursor).map(({ words, step }) => (
                <li key={step}>
                  <button type="button" title={step} onClick={() => add(step)}>
                    {words}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </section>
        <section class="panel" aria-labelledby="procedures-title">
          <h2 id="procedures-title">Procedures</h2>
          <Procedures
            view={view}
            queue={place.selection.cell}
            onPlan={(procedure) => setPlan({ procedure })}
          />
        </section>
      </div>
      <div class="what-if-right">
        {plan !== undefined && session.host !== undefined && (
          <PlanPanel host={session.host} request={plan} onClose={() => setPlan(undefined)} />
        )}
        {sent !== undefined && <Receipts sent={sent} onClose={() => setSent(undefined)} />}
        {tried === undefined ? (
          <p class="panel empty">{isAsking ? 'Trying …' : 'These steps cannot be tried.'}</p>
        ) : (
          <Outcome
            key={session.host}
            tried={tried}
            steps={steps}
            cursor={cursor}
            onCursor={(at) => select({ cell: formatApqn(apqn(at.apid, at.apqi)) })}
            onPlan={setPlan}
            onSent={(receipts) => {
              setSent(receipts);
              if (receipts.isAll) setText('');
            }}
          />
        )}
      </div>
    </div>
  );
}

interface OutcomeProps {
  readonly tried: SupposedSteps;
  readonly steps: readonly string[];
  readonly cursor: Cell | undefined;
  readonly onCursor: (place: Cell) => void;
  readonly onSent: (sent: Sent) => void;
  readonly onPlan: (plan: PlanRequest) => void;
}

function Outcome({ tried, steps, cursor, onCursor, onSent, onPlan }: OutcomeProps) {
  const { session } = usePage();
  const isNow = session.moment.value.kind === 'now';
  const commands = tried.steps.flatMap((step) => (step.outcome === 'refused' ? [] : step.commands));
  const refused = tried.steps.filter(({ outcome }) => outcome === 'refused').length;
  // A step may start or stop one: both are names of mdevs that the steps speak of.
  const guests = { ...namesOf(tried.after), ...namesOf(tried.before) };
  return (
    <>
      <section class="panel" aria-labelledby="matrices-title">
        <h2 id="matrices-title" class="visually-hidden">
          The matrices before and after
        </h2>
        <TwoMatrices
          before={tried.before}
          after={tried.after}
          titles={SIDES}
          cursor={cursor}
          onCursor={onCursor}
        />
      </section>
      <div class="outcome-columns">
        <section class="panel" aria-labelledby="outcome-title" aria-live="polite">
          <h2 id="outcome-title">What the steps would do</h2>
          {steps.length === 0 ? (
            <p class="hint">No step yet.</p>
          ) : (
            <ol class="tried">
              {tried.steps.map((step, i) => (
                <Tried key={`${i} ${step.step}`} step={step} guests={guests} />
              ))}
            </ol>
          )}
        </section>
        <section class="panel" aria-labelledby="shares-title">
          <h2 id="shares-title">Who loses, who gains</h2>
          <Changes tried={tried} />
        </section>
      </div>
      <div class="send">
        <p class="hint">
          {!isNow
            ? 'Commands can be given only now; this is a moment of the past.'
            : commands.length === 0
              ? 'There is nothing to send.'
              : refused > 0
                ? `${refused} of the steps would be refused and will not be sent.`
                : 'You confirm before anything is sent.'}
        </p>
        <button
          type="button"
          disabled={!isNow || steps.length === 0}
          title="The order in which nobody loses what he keeps, to where these steps lead, with the way back"
          onClick={() => onPlan({ desired: desiredOf(tried.before, tried.after) })}
        >
          Plan it
        </button>
        <ProposeDialog tried={tried} commands={isNow ? commands : []} />
        <SendDialog tried={tried} commands={isNow ? commands : []} onSent={onSent} />
      </div>
    </>
  );
}

const SIDES = ['Before', 'After'] as const;

const OUTCOMES = {
  done: 'done',
  refused: 'refused',
  blocked: 'would wait',
  nothing: 'changes nothing',
} as const;

function Tried({ step, guests }: { readonly step: SupposedStep; readonly guests: GuestNames }) {
  const facts = Map.groupBy(step.facts, ({ type }) => type);
  return (
    <li class={`is-${step.outcome}`}>
      <p>
        <code>{step.step}</code> <span class="outcome">{OUTCOMES[step.outcome]}</span>
      </p>
      {step.refusal && <RefusalBlock refusal={step.refusal} guests={guests} />}
      {step.outcome !== 'refused' && step.outcome !== 'nothing' && facts.size > 0 && (
        <p class="sub">
          {[...facts]
            .map(([type, same]) => `${typeWords(type)}${same.length > 1 ? ` × ${same.length}` : ''}`)
            .join(', ')}
        </p>
      )}
    </li>
  );
}

function Changes({ tried }: { readonly tried: SupposedSteps }) {
  const { lost, gained, hostQueues, outOfService } = tried;
  const lines = [
    ...lost.map((share) => ({ isLoss: true, who: whoOf(share), what: whatOf(share) })),
    ...(hostQueues.lost.length > 0
      ? [{ isLoss: true, who: 'the host', what: someNames(hostQueues.lost) }]
      : []),
    ...gained.map((share) => ({ isLoss: false, who: whoOf(share), what: whatOf(share) })),
    ...(hostQueues.gained.length > 0
      ? [{ isLoss: false, who: 'the host', what: someNames(hostQueues.gained) }]
      : []),
  ];
  if (lines.length === 0 && outOfService.length === 0)
    return <p class="hint">Nobody loses or gains a queue.</p>;
  return (
    <ul class="shifts">
      {outOfService.map(({ adapter, reason, shares, hostQueues: ofHost }) => (
        <li key={adapter} class="is-loss">
          <strong>Card {adapter.toString(16).padStart(2, '0')}</strong> is{' '}
          {reason === 'deconfigured' ? 'off' : 'check-stopped'}: its queues stay with{' '}
          {[...shares.map(whoOf), ...(ofHost.length > 0 ? ['the host'] : [])].join(', ') || 'nobody'}, and
          cannot be used until it is back
        </li>
      ))}
      {lines.map(({ isLoss, who, what }) => (
        <li key={`${isLoss} ${who}`} class={isLoss ? 'is-loss' : 'is-gain'}>
          <strong>{who}</strong> {isLoss ? 'loses' : 'gains'} <span class="apqn">{what}</span>
        </li>
      ))}
    </ul>
  );
}

const whoOf = ({ guest, mdev }: Share): string => guest ?? `mdev ${mdev.slice(0, 8)}`;
const whatOf = ({ queues, controlDomains }: Share): string =>
  [
    queues.length > 0 ? someNames(queues) : '',
    controlDomains.length > 0
      ? `control of ${controlDomains.map((id) => id.toString(16).padStart(2, '0')).join(', ')}`
      : '',
  ]
    .filter((part) => part !== '')
    .join('; ');

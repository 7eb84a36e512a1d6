/** A planned change under way: where it stands in its life, what it waits for, why it is held, and its steps as they are done. */
import type { ChangeRunView, ChangeView, StepView } from '@apledger/api';
import { changeMachine, flatDefinition } from '@apledger/machines';
import { formatSeconds, formatTime } from '../model/moment.ts';
import { useMedia } from '../state/use-media.ts';
import { Words } from './mark.tsx';
import { Statechart } from './statechart.tsx';

const definition = flatDefinition(changeMachine);
/** Steps that leave it in its state are in the list of steps, not in the picture. */
const chart = { ...definition, transitions: definition.transitions.filter(({ from, to }) => from !== to) };

/** Where the change is in its life. */
export function ChangeChart({ change: { change, state } }: { readonly change: ChangeView }) {
  const isNarrow = useMedia('(max-width: 760px)');
  return (
    <section class="panel" aria-labelledby="life-title">
      <header class="panel-head">
        <h2 id="life-title">Its life</h2>
      </header>
      <Statechart
        name={`Change ${change}`}
        definition={chart}
        current={new Map([[state, { full: '', short: '' }]])}
        direction={isNarrow ? 'TB' : 'LR'}
      />
    </section>
  );
}

export function ChangeProgress({ change }: { readonly change: ChangeView }) {
  const { progress, waitsFor, deadline, held, plan } = change;
  return (
    <section class="panel" aria-labelledby="progress-title">
      <h2 id="progress-title">How far it is</h2>
      {progress !== null && (
        <p role="status">
          {progress.done} of {progress.of} steps {progress.way === 'back' ? 'of the way back ' : ''}done
        </p>
      )}
      {plan !== null && <p>{plan.purpose}</p>}
      {held !== null && (
        <div class="held" role="alert">
          <p>
            <strong>Held</strong> since {formatTime(Date.parse(held.at))}: {held.reason}
            {held.errno !== null && (
              <>
                {' '}
                <code class="errno">{held.errno}</code>
              </>
            )}
          </p>
          {held.differences.length > 0 && (
            <>
              <p>From what was planned to what is:</p>
              <ul>
                {held.differences.map((difference) => (
                  <li key={difference}>{difference}</li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
      {waitsFor.length > 0 && (
        <ul aria-label="What it waits for">
          {waitsFor.map((words) => (
            <li key={words}>
              {words.startsWith('somebody') ? 'Waits for ' : 'Waits: '}
              <Words text={words} guests={NO_NAMES} />
            </li>
          ))}
        </ul>
      )}
      {deadline !== null && (
        <p class={deadline.for === 'confirmation' ? 'alarm' : undefined}>
          {DEADLINES[deadline.for]} until {formatTime(Date.parse(deadline.until))}.
        </p>
      )}
    </section>
  );
}

const NO_NAMES = {};

const DEADLINES = {
  approval: 'It can be approved',
  wait: 'Its wait may last',
  confirmation: 'It goes back unless somebody confirms it',
} as const;

export function ChangeSteps({ run }: { readonly run: ChangeRunView }) {
  const isBack = run.way === 'back';
  return (
    <section class="panel" aria-labelledby="steps-title">
      <h2 id="steps-title">{isBack ? 'The way back' : 'Steps'}</h2>
      <ol class="plan-steps">
        {run.steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </ol>
      {run.earlier.length > run.steps.filter(({ attempt }) => attempt > 0).length && (
        <details>
          <summary>Every step that was begun, of all its plans</summary>
          <ol class="plan-steps">
            {run.earlier.map((step, i) => (
              <Step key={`${i} ${step.way} ${step.step}`} step={step} isBack={step.way === 'back'} />
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

const OUTCOMES: Readonly<Record<StepView['outcome'], string>> = {
  planned: 'not begun',
  started: 'under way',
  done: 'done',
  refused: 'refused',
  unconfirmed: 'not known whether it was done',
  late: 'took too long',
};

function Step({ step, isBack = false }: { readonly step: StepView; readonly isBack?: boolean }) {
  const { step: number, text, isWait, outcome, attempt, startedAt, endedAt, revision } = step;
  return (
    <li class={`is-${outcome}`} aria-current={outcome === 'started' ? 'step' : undefined}>
      <span class="sub">{number}</span>
      <span>
        {isWait ? text : <code>{text}</code>}
        {isBack && <span class="sub"> on the way back</span>}
      </span>
      <span class="sub">
        {isWait && outcome === 'started' ? 'waits' : OUTCOMES[outcome]}
        {startedAt !== null && ` · ${spanText(startedAt, endedAt)}`}
        {revision !== null && ` · revision ${revision}`}
        {attempt > 1 && ` · attempt ${attempt}`}
      </span>
    </li>
  );
}

/** `20:25:40`, or `20:25:40–20:37:02` for what took longer. */
function spanText(from: string, to: string | null): string {
  const [began, ended] = [from, to ?? from].map((time) => formatSeconds(Date.parse(time)));
  return began === ended ? `${began}` : `${began}–${ended}`;
}

/** A plan: the steps in an order in which nobody loses what he keeps, what stands against it, the way back; and the proposal to carry it out. */
import type { PlannedReply } from '@apledger/api';
import { counted } from '@apledger/text';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { proposePlan } from '../api/access.ts';
import { fetchPlan, type PlanRequest } from '../api/client.ts';
import { someNames } from '../model/names.ts';
import { me, refreshAccess, whyNot } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { messageOf } from '../state/session.ts';
import { useAsked } from '../state/use-asked.ts';
import { Problem } from './problem.tsx';

export interface PlanPanelProps {
  readonly host: string;
  readonly request: PlanRequest;
  readonly onClose: () => void;
}

export function PlanPanel({ host, request, onClose }: PlanPanelProps) {
  const { answer, problem, isAsking } = useAsked(
    (signal) => fetchPlan(host, request, signal),
    [host, JSON.stringify(request)],
  );
  return (
    <section class="panel plan-panel" aria-labelledby="plan-title">
      <header class="panel-head">
        <h2 id="plan-title">Plan</h2>
        <p class="facts-line" role="status">
          {answer === undefined
            ? isAsking
              ? 'planning …'
              : ''
            : `${counted(answer.steps.length, 'step')}, made for revision ${answer.revision}`}
        </p>
        <div class="tools">
          <button type="button" class="link-button" onClick={onClose}>
            Close
          </button>
        </div>
      </header>
      <Problem words={problem} />
      {answer !== undefined && <Planned planned={answer} />}
    </section>
  );
}

function Planned({ planned }: { readonly planned: PlannedReply }) {
  const { problems, warnings, steps, back, lost, gained, hostQueues, interruptions, handovers, plan } =
    planned;
  return (
    <>
      {problems.length > 0 && (
        <div class="held" role="alert">
          <p>It is not to be carried out:</p>
          <ul>
            {problems.map(({ problem, help }) => (
              <li key={problem}>
                {problem} <span class="remedy">{help}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {warnings.map((warning) => (
        <p key={warning} class="alarm">
          {warning}
        </p>
      ))}
      {steps.length === 0 && problems.length === 0 && <p class="hint">There is nothing to do.</p>}
      <Steps steps={steps} />
      <ul class="changes">
        {interruptions.map(({ guest, queues, from, until }) => (
          <li key={`${guest} ${from}`} class="is-loss">
            <strong>{guest}</strong> is without <span class="apqn">{someNames(queues)}</span> from step {from}
            {until === null ? ' on' : ` to step ${until}`}
          </li>
        ))}
        {handovers.map(({ queue, from, to, step }) => (
          <li key={`${queue} ${step}`} class="is-loss">
            <span class="apqn">{queue}</span> comes from {from} to {to} without a reset in step {step}
          </li>
        ))}
        {lost.map(({ guest, mdev, queues }) => (
          <li key={`loses ${mdev}`} class="is-loss">
            <strong>{guest}</strong> loses <span class="apqn">{someNames(queues)}</span>
          </li>
        ))}
        {gained.map(({ guest, mdev, queues }) => (
          <li key={`gains ${mdev}`} class="is-gain">
            <strong>{guest}</strong> gains <span class="apqn">{someNames(queues)}</span>
          </li>
        ))}
        {hostQueues.lost.length > 0 && (
          <li class="is-loss">
            <strong>the host</strong> loses <span class="apqn">{someNames(hostQueues.lost)}</span>
          </li>
        )}
        {hostQueues.gained.length > 0 && (
          <li class="is-gain">
            <strong>the host</strong> gains <span class="apqn">{someNames(hostQueues.gained)}</span>
          </li>
        )}
      </ul>
      {back.length > 0 && (
        <details>
          <summary>The way back: it gives back assignments, not what a reset has wiped</summary>
          <Steps steps={back} />
        </details>
      )}
      {plan !== null && steps.length > 0 && <ProposePlan plan={plan} />}
    </>
  );
}

const Steps = ({ steps }: { readonly steps: PlannedReply['steps'] }) => (
  <ol class="plan-steps">
    {steps.map(({ step, text, wait }) => (
      <li key={step}>
        <span class="sub">{step}</span>
        {wait === undefined ? <code>{text}</code> : <span>{text}</span>}
        <span class="sub">{wait === undefined ? '' : 'waits'}</span>
      </li>
    ))}
  </ol>
);

function ProposePlan({ plan }: { readonly plan: NonNullable<PlannedReply['plan']> }) {
  const { href } = usePage();
  const { route } = useLocation();
  const [reason, setReason] = useState('');
  const [within, setWithin] = useState('');
  const [problem, setProblem] = useState('');
  const [isSending, setSending] = useState(false);
  const denied = whyNot('propose', plan.host);
  const send = async (): Promise<void> => {
    setSending(true);
    setProblem('');
    try {
      const { change } = await proposePlan(plan, reason, within.trim());
      await refreshAccess();
      route(href({ host: undefined, view: 'changes', change }, { at: undefined }));
    } catch (error) {
      setProblem(messageOf(error));
      setSending(false);
    }
  };
  return (
    <form
      class="change-actions"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label>
        Why, for the record{me.value?.isControlled === true ? ' and for who approves it' : ''}
        <input
          required
          maxLength={500}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <label class="is-short">
        Goes back unless confirmed within
        <input
          placeholder="never; or 10m, 2h"
          value={within}
          onInput={({ currentTarget }) => setWithin(currentTarget.value)}
        />
      </label>
      <button
        type="submit"
        class="is-primary"
        disabled={isSending || denied !== undefined}
        title={denied ?? 'Nothing is done before it is approved or started'}
      >
        {isSending ? 'Proposing …' : 'Make it a change'}
      </button>
      {denied !== undefined && <p class="hint">{denied}</p>}
      <Problem words={problem} />
    </form>
  );
}

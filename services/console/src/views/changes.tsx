/** Changes that wait for a second person: what they would do, who loses what, and the two answers. */
import type { ChangeView, Judgement, Reply } from '@apledger/api';
import { describeChange } from '@apledger/projections/host';
import { useEffect, useState } from 'preact/hooks';
import { approve, fetchChange, refuse } from '../api/access.ts';
import { me, openChanges, refreshAccess } from '../state/access.ts';
import { messageOf } from '../state/session.ts';

export function ChangesView() {
  const changes = openChanges.value;
  if (me.value === null) return <p class="hint">Sign in to see the changes that wait for a second person.</p>;
  return (
    <section class="changes" aria-labelledby="changes-title">
      <h1 id="changes-title">Changes that wait for a second person</h1>
      {changes.length === 0 && <p class="hint">None waits.</p>}
      {changes.map((change) => (
        <ChangeCard key={change.change} change={change} />
      ))}
    </section>
  );
}

function ChangeCard({ change: { change, host, reason, proposedBy } }: { readonly change: ChangeView }) {
  const [shown, setShown] = useState<Reply<'change'>>();
  const [problem, setProblem] = useState('');
  const [why, setWhy] = useState('');
  useEffect(() => {
    fetchChange(change).then(setShown, (error: unknown) => setProblem(messageOf(error)));
  }, [change]);
  const act = (work: () => Promise<ChangeView>) => () => {
    setProblem('');
    work()
      .catch((error: unknown) => setProblem(messageOf(error)))
      .finally(() => void refreshAccess());
  };
  const whyNot = shown?.change.whyNot ?? undefined;
  return (
    <article class="change-card">
      <h2>
        {change} on {host}
      </h2>
      <p>
        {proposedBy?.subject ?? 'The owner of the log'}: {reason}
      </p>
      <ul>
        {shown?.change.commands?.map((command) => (
          <li key={JSON.stringify(command)}>
            <code>{JSON.stringify(command)}</code>
          </li>
        ))}
      </ul>
      {shown?.now && <Effect now={shown.now} host={host} />}
      {whyNot !== undefined && <p class="hint">You may not judge it: {whyNot}.</p>}
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="dialog-buttons">
        <label>
          Reason to refuse
          <input maxLength={500} value={why} onInput={({ currentTarget }) => setWhy(currentTarget.value)} />
        </label>
        <button
          type="button"
          disabled={whyNot !== undefined || why.trim() === ''}
          title={whyNot}
          onClick={act(() => refuse(change, why))}
        >
          Refuse
        </button>
        <button
          type="button"
          class="is-primary"
          disabled={shown === undefined || whyNot !== undefined}
          title={whyNot}
          onClick={act(async () =>
            shown === undefined ? Promise.reject(new Error('not shown')) : approve(shown.change),
          )}
        >
          Approve, and carry out
        </button>
      </div>
    </article>
  );
}

function Effect({ now, host }: { readonly now: Judgement; readonly host: string }) {
  const lines = (verb: string, list: Judgement['gives']) =>
    list.map(({ holder, queues }) => (
      <li key={`${verb} ${holder}`} class={verb === 'loses' ? 'alarm' : undefined}>
        {holder} {verb} {queues.join(', ')}
      </li>
    ));
  return (
    <>
      {!now.isAsProposed && (
        <p class="alarm">Host {host} is another by now: it would do something else than was proposed.</p>
      )}
      <ul>
        {lines('gains', now.gives)}
        {lines('loses', now.takes)}
        {now.changes.map((each) => (
          <li key={describeChange(each)}>{describeChange(each)}</li>
        ))}
      </ul>
      <details>
        <summary>Both matrices</summary>
        <div class="both-matrices">
          <MatrixWords title="Now" view={now.before} />
          <MatrixWords title="Then" view={now.after} />
        </div>
      </details>
    </>
  );
}

function MatrixWords({ title, view }: { readonly title: string; readonly view: Judgement['before'] }) {
  const ids = (numbers: readonly number[]) =>
    numbers.map((id) => id.toString(16).padStart(2, '0')).join(', ') || 'none';
  return (
    <div>
      <h3>{title}</h3>
      {view === null ? (
        <p>No such host.</p>
      ) : (
        <ul>
          {view.cards.map(({ adapter, zcrypt, vfioAp }) => (
            <li key={adapter}>
              card {ids([adapter])}: host {ids(zcrypt)}; guests {ids(vfioAp)}
            </li>
          ))}
          {view.mdevs.map(({ mdev, guest, effective }) => (
            <li key={mdev}>
              {guest ?? mdev}:{' '}
              {effective === null
                ? 'nothing'
                : `adapters ${ids(effective.adapters)}, domains ${ids(effective.domains)}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Changes by how far they are: what waits for a second person, what is under way, what became of the rest. */
import type { ChangeView } from '@apledger/api';
import { useState } from 'preact/hooks';
import { fetchPages } from '../api/access.ts';
import { CHANGE_GROUPS, changeGroupOf, statusWords, subjectTitle, whoText } from '../model/change-words.ts';
import { formatTime } from '../model/moment.ts';
import { me, toJudge } from '../state/access.ts';
import { usePage } from '../state/page.tsx';
import { useAsked } from '../state/use-asked.ts';
import { Choice } from '../widgets/choice.tsx';

/** Changes on a page, the newest first. */
const PAGE = 1000;

export function ChangesView() {
  const { session, place, select } = usePage();
  const { only, find = '' } = place.selection;
  const [pages, setPages] = useState(1);
  const { answer, problem, isAsking } = useAsked(
    (signal) => fetchPages(pages, PAGE, signal),
    [session, session.last.value?.position, me.value?.session, pages],
  );
  if (me.value === null)
    return <p class="hint">Sign in to see the changes of the hosts that you may read.</p>;
  const group = changeGroupOf(only);
  const found = answer?.changes.filter(
    ({ status, host, change, reason }) =>
      (group === undefined || group.of.includes(status)) &&
      `${host} ${change} ${reason}`.toLowerCase().includes(find.trim().toLowerCase()),
  );
  return (
    <section class="panel changes-view" aria-labelledby="changes-title">
      <header class="panel-head">
        <h1 id="changes-title">Changes</h1>
        <p class="facts-line" role="status">
          {toJudge.value > 0 && `${toJudge.value} wait for you`}
          {answer?.next != null && ` · the newest ${answer.changes.length.toLocaleString('en-GB')}`}
        </p>
        <div class="tools">
          <fieldset class="segmented">
            <legend class="visually-hidden">Which changes</legend>
            {[...CHANGE_GROUPS, { id: 'all', label: 'All' }].map(({ id, label }, i) => (
              <Choice
                key={id}
                name="changes"
                checked={(group?.id ?? 'all') === id}
                onChoose={() => select({ only: i === 0 ? undefined : id })}
                label={label}
              />
            ))}
          </fieldset>
          <input
            type="search"
            aria-label="Find a change"
            placeholder="Find a change"
            value={find}
            onInput={({ currentTarget }) => select({ find: currentTarget.value })}
          />
        </div>
      </header>
      {problem !== undefined && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {found === undefined ? (
        <p class="empty">{isAsking ? 'Asking for the changes …' : ''}</p>
      ) : found.length === 0 ? (
        <p class="empty">There is no such change.</p>
      ) : (
        <ul>
          {found.map((change) => (
            <Row key={change.change} change={change} />
          ))}
        </ul>
      )}
      {answer?.next != null && (
        <button type="button" disabled={isAsking} onClick={() => setPages(pages + 1)}>
          Show older changes
        </button>
      )}
    </section>
  );
}

function Row({ change: view }: { readonly change: ChangeView }) {
  const { href } = usePage();
  const { change, host, status, reason, proposedBy, proposedAt, mayApprove } = view;
  return (
    <li>
      <a class="change-row" href={href({ host: undefined, view: 'changes', change })}>
        <span class={`status is-${status}`}>{statusWords(status)}</span>
        <span>
          <strong>
            {change} on {host}
          </strong>
          {mayApprove && <span class="badge">waits for you</span>}
          <span class="sub">{reason}</span>
        </span>
        <span class="sub" title={subjectTitle(proposedBy)}>
          {whoText(proposedBy)}
          <br />
          {formatTime(Date.parse(proposedAt))}
        </span>
      </a>
    </li>
  );
}

/** Who the reader is to the ledger, his roles, and what he may do on the host that the page shows. */
import { fourEyesOf, matchesHost } from '@apledger/access';
import type { Verb } from '@apledger/events';
import { formatTime } from '../model/moment.ts';
import { me } from '../state/access.ts';
import { usePage } from '../state/page.tsx';

/** What the verbs allow, in the words of the page. */
const VERB_WORDS: Readonly<Record<Verb, string>> = {
  read: 'see its matrices and facts',
  report: 'make audit reports',
  propose: 'propose changes',
  approve: 'approve changes of others',
  command: 'give commands',
  simulate: 'change its simulated hardware',
  agent: 'report as its agent',
  administer: 'administer access',
};

const RULES = {
  none: 'No change needs a second person.',
  grants: 'What gives a guest or the host a queue needs a second person.',
  all: 'Every change needs a second person.',
} as const;

export function WhoIAm() {
  const { host } = usePage().session;
  const known = me.value;
  if (known === undefined || known === null) return null;
  const { subject, method, until, roles, allowed, rules } = known;
  return (
    <>
      <p class="hint">
        <code>
          {subject?.issuer}#{subject?.subject}
        </code>
        , signed in by {method}
        {until !== null && `, until ${formatTime(Date.parse(until))}`}
      </p>
      <h3>Roles</h3>
      {roles.length === 0 ? (
        <p>None: ask an administrator of access to bind one.</p>
      ) : (
        <ul class="plain">
          {roles.map(({ role, hosts, until: end }) => (
            <li key={`${role} ${hosts}`}>
              {role} on {hosts}
              {end !== null && `, until ${formatTime(Date.parse(end))}`}
            </li>
          ))}
        </ul>
      )}
      {host !== undefined && (
        <>
          <h3>On host {host}</h3>
          <ul class="plain">
            {Object.entries(VERB_WORDS).map(([verb, words]) => {
              const may = allowed[verb as Verb].some((pattern) => matchesHost(pattern, host));
              return (
                <li key={verb} class={may ? 'may' : 'may-not'}>
                  {may ? 'You may' : 'You may not'} {words}.
                </li>
              );
            })}
          </ul>
          <p>{RULES[fourEyesOf(rules, host)]}</p>
        </>
      )}
    </>
  );
}

/** Who is signed in, what he may do here, what waits for him, and the way in and out. */
import { fourEyesOf, matchesHost } from '@apledger/access';
import type { WhoAmI } from '@apledger/api';
import type { Verb } from '@apledger/events';
import { useRef } from 'preact/hooks';
import { signInAddress, signOut } from '../api/access.ts';
import { formatTime } from '../model/moment.ts';
import { hasEnded, me, refreshAccess, toJudge } from '../state/access.ts';
import { usePage } from '../state/page.tsx';

/** The way to the changes, with how many wait for the reader. */
export function Inbox() {
  const { place, href } = usePage();
  if (me.value === null) return null;
  const count = toJudge.value;
  return (
    <a
      class="inbox"
      href={href({ host: undefined, view: 'changes' })}
      aria-current={place.view === 'changes' ? 'page' : undefined}
    >
      Changes
      {count > 0 && (
        <span class="badge" title={`${count} wait for you`}>
          {count}
        </span>
      )}
    </a>
  );
}

export function Account() {
  const dialog = useRef<HTMLDialogElement>(null);
  const known = me.value;
  if (known === undefined || known?.isControlled === false) return null;
  // The target keeps the page's own router off: this address is the service's.
  if (known === null)
    return (
      <a class="sign-in" href={signInAddress()} target="_top">
        Sign in
      </a>
    );
  const { subject, roles } = known;
  const words = roles.map(({ role, hosts }) => `${role} on ${hosts}`).join(', ') || 'no role';
  return (
    <>
      <button
        type="button"
        class="account"
        title={`${subject?.issuer}#${subject?.subject}: ${words}`}
        onClick={() => dialog.current?.showModal()}
      >
        {nameIn(known)}
      </button>
      <button
        type="button"
        onClick={() => {
          void signOut().then(refreshAccess);
        }}
      >
        Sign out
      </button>
      <dialog ref={dialog} aria-labelledby="account-title">
        <form method="dialog">
          <WhoIAm known={known} />
          <div class="dialog-buttons">
            <button type="submit" class="is-primary">
              Close
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

const nameIn = ({ name, subject }: WhoAmI): string => name ?? subject?.subject ?? '';

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

function WhoIAm({ known }: { readonly known: WhoAmI }) {
  const { host } = usePage().session;
  const { subject, method, until, roles, allowed, rules } = known;
  return (
    <>
      <h2 id="account-title">{nameIn(known)}</h2>
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

/** Signing in opens beside the page, so that nothing on it is lost. */
export function SessionEnded() {
  if (!hasEnded.value) return null;
  return (
    <div class="notice is-bad" role="alert">
      <h2>Your session has ended</h2>
      <p>
        <a href="/auth/login" target="_blank" rel="noreferrer">
          Sign in in another tab
        </a>
        , and come back: what you typed is still here.
      </p>
    </div>
  );
}

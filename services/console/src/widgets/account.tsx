/** Who is signed in, what he may do here, what waits for him, and the way in and out. */
import type { WhoAmI } from '@apledger/api';
import { useRef, useState } from 'preact/hooks';
import { signInAddress, signOut } from '../api/access.ts';
import { hasEnded, me, refreshAccess, toJudge } from '../state/access.ts';
import { fetchedView } from '../state/fetched-view.tsx';
import { usePage } from '../state/page.tsx';

const WhoIAm = fetchedView(() => import('../views/who-i-am.tsx').then((views) => views.WhoIAm));

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
  const [isOpen, setOpen] = useState(false);
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
        onClick={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
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
      <dialog ref={dialog} aria-labelledby="account-title" onClose={() => setOpen(false)}>
        <form method="dialog">
          <h2 id="account-title">{nameIn(known)}</h2>
          {isOpen && <WhoIAm />}
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

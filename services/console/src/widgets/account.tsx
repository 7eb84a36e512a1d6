/** Who is signed in, what waits for him, and the way in and out. */
import { signInAddress, signOut } from '../api/access.ts';
import { hasEnded, me, refreshAccess, toJudge } from '../state/access.ts';

export function Account() {
  const known = me.value;
  if (known === undefined || known?.isControlled === false) return null;
  // The target keeps the page's own router off: this address is the service's.
  if (known === null)
    return (
      <a class="sign-in" href={signInAddress()} target="_top">
        Sign in
      </a>
    );
  const { name, subject, roles } = known;
  const words = roles.map(({ role, hosts }) => `${role} on ${hosts}`).join(', ') || 'no role';
  return (
    <>
      <a class="inbox" href="/changes">
        Changes{toJudge.value > 0 && <span class="badge"> {toJudge.value}</span>}
      </a>
      <span class="account" title={`${subject?.issuer}#${subject?.subject}: ${words}`}>
        {name ?? subject?.subject}
      </span>
      <button
        type="button"
        onClick={() => {
          void signOut().then(refreshAccess);
        }}
      >
        Sign out
      </button>
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

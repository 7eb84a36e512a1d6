/** Who the reader of the page is, what he may do, and what waits for him. */
import { matchesHost } from '@apledger/access';
import type { ChangeView, WhoAmI } from '@apledger/api';
import type { Verb } from '@apledger/events';
import { computed, signal } from '@preact/signals';
import { fetchChanges, fetchMe } from '../api/access.ts';

/** How often the page asks whether the session still counts, and what was proposed, ms. */
const AGAIN_MS = 15_000;

/** undefined = not asked yet, null = nobody has signed in. */
export const me = signal<WhoAmI | null | undefined>(undefined);
/** Somebody was signed in on this page and is no longer: what was typed stays. */
export const hasEnded = signal(false);
const openChanges = signal<readonly ChangeView[]>([]);
/** How many of them the reader may judge. */
export const toJudge = computed(() => openChanges.value.filter(({ mayApprove }) => mayApprove).length);

export async function refreshAccess(): Promise<void> {
  try {
    const found = (await fetchMe()) ?? null;
    hasEnded.value = found === null && (hasEnded.value || (me.value ?? null) !== null);
    me.value = found;
    openChanges.value =
      found?.isControlled === true ? (await fetchChanges({ status: 'proposed', limit: 1000 })).changes : [];
  } catch {
    // The service is away, or there is nothing that the reader may see: what was known stays.
  }
}

/** Asks now, from time to time, and whenever the reader comes back to the page. */
export function watchAccess(): void {
  void refreshAccess();
  setInterval(() => void refreshAccess(), AGAIN_MS);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void refreshAccess();
  });
}

/** Why the reader may not do this on the host; undefined when he may. */
export function whyNot(verb: Verb, host: string): string | undefined {
  const known = me.value;
  if (known === undefined || known?.isControlled === false) return undefined;
  if (known === null) return 'Sign in first.';
  if (known.allowed[verb].some((pattern) => matchesHost(pattern, host))) return undefined;
  return `You may not ${verb} on host ${host}: your roles are ${known.roles.map(({ role, hosts }) => `${role} on ${hosts}`).join(', ') || 'none'}.`;
}

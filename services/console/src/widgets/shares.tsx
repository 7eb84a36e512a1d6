/** How a host's queues are shared out, as a bar with its words. */
import type { HostView as HostViewJson } from '@apledger/api';
import { gridOf, stateOfView } from '@apledger/projections/host';
import { useMemo } from 'preact/hooks';
import { formatCount } from '../model/count.ts';
import { type OwnerClass, ownerOf } from '../model/owner.ts';

const ORDER = ['guest', 'mdev', 'host', 'nobody'] as const;
const WORDS: Readonly<Record<(typeof ORDER)[number], string>> = {
  guest: 'for guests',
  mdev: 'assigned, not usable',
  host: 'for the host',
  nobody: 'for nobody',
};

/** How many queues each owner has. */
function counts(view: HostViewJson): Readonly<Record<OwnerClass, number>> {
  const found = { guest: 0, mdev: 0, host: 0, nobody: 0, absent: 0 };
  for (const code of gridOf(stateOfView(view))) found[ownerOf(code)]++;
  return found;
}

export function Shares({ view }: { readonly view: HostViewJson | undefined }) {
  const found = useMemo(() => (view === undefined ? undefined : counts(view)), [view]);
  if (found === undefined) return <span class="shares" />;
  const there = ORDER.filter((owner) => found[owner] > 0);
  return (
    <span class="shares">
      <span class="shares-bar" aria-hidden="true">
        {there.map((owner) => (
          <i key={owner} class={`is-${owner}`} style={{ flexGrow: found[owner] }} />
        ))}
      </span>
      <span class="sub">
        {there.map((owner) => `${formatCount(found[owner])} ${WORDS[owner]}`).join(' · ') || 'no queues'}
      </span>
    </span>
  );
}

/** An mdev's letter on its colour, and texts in which mdevs are named by it. */

import type { HostView } from '@apledger/projections/host';
import type { ComponentChildren } from 'preact';
import { letterOf, MARK_COLOURS } from '../model/marks.ts';
import { shortMdev } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';

export function Mark({ slot, isHollow = false }: { readonly slot: number; readonly isHollow?: boolean }) {
  return (
    <span class={`mark mark-${slot % MARK_COLOURS}${isHollow ? ' is-hollow' : ''}`} aria-hidden="true">
      {letterOf(slot)}
    </span>
  );
}

/** The mark of each mdev of a view. */
export function useMarks(view: HostView | undefined): ReadonlyMap<string, number> {
  const { session } = usePage();
  const mdevs = view?.mdevs.map(({ mdev }) => mdev) ?? [];
  const slots = session.marks.of(mdevs);
  return new Map(mdevs.map((mdev, i) => [mdev, slots[i] ?? 0]));
}

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;

/** By the UUID of an mdev: the guest that has it open at the moment that a text is about. */
export type GuestNames = Readonly<Record<string, string>>;

/** The names of a view, for texts about its moment. */
export const namesOf = (view: Pick<HostView, 'mdevs'> | undefined): GuestNames =>
  Object.fromEntries(view?.mdevs.flatMap(({ mdev, guest }) => (guest === null ? [] : [[mdev, guest]])) ?? []);

/**
 * A text whose UUIDs are replaced by what people call the mdev; the whole UUID stays in the title. `guests` are those of the moment that
 * the text is about: a fact of the past is not told with the names of today.
 */
export function Words({ text, guests }: { readonly text: string; readonly guests: GuestNames }) {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const found of text.matchAll(UUID)) {
    const [uuid] = found;
    parts.push(text.slice(from, found.index));
    const guest = guests[uuid];
    // Where the sentence names the guest itself, once is enough.
    const name = guest === undefined || text.includes(guest) ? '' : ` (${guest})`;
    parts.push(
      <span class="uuid" title={uuid}>
        {shortMdev(uuid)}
      </span>,
      name,
    );
    from = found.index + uuid.length;
  }
  parts.push(text.slice(from));
  return <>{parts}</>;
}

/** What the browser calls a place: in its tabs, its history and its bookmarks. */
import type { Address } from './address.ts';

export const VIEW_NAMES: Readonly<Record<Address['view'], string>> = {
  hosts: 'Hosts',
  facts: 'Facts',
  report: 'Report',
  changes: 'Changes',
  matrix: 'Matrix',
  guests: 'Guests',
  custody: 'Custody',
  exposures: 'Exposures',
  compare: 'Compare',
  'what-if': 'What if',
  nowhere: 'No such page',
};

/** `Custody of 05.0047 · zlp1 · at 2026-11-17T09:14:00Z · apledger`. */
export function titleOf({ host, view, change, selection: { at, queue } }: Address): string {
  const what =
    view === 'custody' && queue !== undefined
      ? `Custody of ${queue}`
      : change !== undefined
        ? `Change ${change}`
        : VIEW_NAMES[view];
  const moment = at === undefined ? [] : [/^\d+$/.test(at) ? `at position ${at}` : `at ${at}`];
  return [what, ...(host === undefined ? [] : [host]), ...moment, 'apledger'].join(' · ');
}

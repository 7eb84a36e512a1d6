/** Which cells of a matrix differ between two views of a host. */
import type { HostView as HostViewJson } from '@apledger/api';
import { gridOf, IN_MDEV, stateOfView } from '@apledger/projections/host';
import { mdevOf } from './owner.ts';

/** Cells as `apid << 8 | apqi`: who has the queue differs, or what may be done with it. */
export function differingCells(before: HostViewJson, after: HostViewJson): ReadonlySet<number> {
  const earlier = gridOf(stateOfView(before));
  const later = gridOf(stateOfView(after));
  // The same mdev may have another place in the order of creation.
  const meaning = ({ mdevs }: HostViewJson, code: number): string =>
    (code & IN_MDEV) === 0 ? `${code}` : `${code & 0xff} ${mdevs[mdevOf(code)]?.mdev}`;
  const found = new Set<number>();
  earlier.forEach((code, at) => {
    if (meaning(before, code) !== meaning(after, later[at] ?? 0)) found.add(at);
  });
  return found;
}

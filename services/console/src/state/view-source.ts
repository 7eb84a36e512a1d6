/** Matrices that stand still: what a grid is drawn from when it shows a view, with the marks of the page. */
import type { HostView as HostViewJson } from '@apledger/api';
import { gridOf, stateOfView } from '@apledger/projections/host';
import type { Marks } from '../model/marks.ts';
import { nameOf } from '../model/owner.ts';
import type { GridSource } from '../widgets/matrix-grid.tsx';

/** The view as it is; an mdev has the mark that it has everywhere on the page. */
export function viewSource(view: HostViewJson, marks: Marks): GridSource {
  const codes = gridOf(stateOfView(view));
  const slots = marks.of(view.mdevs.map(({ mdev }) => mdev));
  const looks = view.mdevs.map((mdev, i) => ({ slot: slots[i] ?? 0, name: nameOf(mdev) }));
  return { codes: () => codes, looks: () => looks, track: () => {} };
}

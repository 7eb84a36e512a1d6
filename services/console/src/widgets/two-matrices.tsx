/** A host's matrices at two moments, or before and after: side by side on one pair of axes, what differs pointed out. */
import type { HostView as HostViewJson } from '@apledger/api';
import { stateOfView, viewOf } from '@apledger/projections/host';
import { useMemo } from 'preact/hooks';
import { axesOf, type Cell } from '../model/axes.ts';
import { differingCells } from '../model/differing.ts';
import { explain } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';
import { viewSource } from '../state/view-source.ts';
import { namesOf, Words } from './mark.tsx';
import { MatrixGrid } from './matrix-grid.tsx';

/** With more columns the two stand above each other, each as wide as there is room. */
const WIDE = 32;

export interface TwoMatricesProps {
  readonly before: HostViewJson;
  readonly after: HostViewJson;
  /** What the two are called. */
  readonly titles: readonly [before: string, after: string];
  readonly cursor: Cell | undefined;
  readonly onCursor: (place: Cell) => void;
}

export function TwoMatrices({ before, after, titles, cursor, onCursor }: TwoMatricesProps) {
  const { session } = usePage();
  // One pair of axes for both: what is gone leaves its place.
  const axes = useMemo(
    () =>
      axesOf({
        adapters: [...before.adapters, ...after.adapters],
        domains: [...before.domains, ...after.domains],
        mdevs: [...before.mdevs, ...after.mdevs],
      }),
    [before, after],
  );
  const sides = useMemo(
    () =>
      [before, after].map((json, i) => ({
        title: titles[i] ?? '',
        isAfter: i === 1,
        source: viewSource(json, session.marks),
        view: viewOf(json.host, stateOfView(json)),
      })),
    [before, after, session, ...titles],
  );
  const changed = useMemo(() => differingCells(before, after), [before, after]);
  if (axes.apids.length === 0) return <p class="empty">No queues</p>;
  return (
    <div class={`two-matrices${axes.apqis.length > WIDE ? ' is-wide' : ''}`}>
      {sides.map(({ title, isAfter, source, view }) => {
        const words = cursor && view && explain(view, cursor.apid, cursor.apqi);
        return (
          <figure key={isAfter ? 'after' : 'before'}>
            <figcaption>
              {title}
              {words && (
                <span class="sub">
                  {' '}
                  {words.apqn}: <Words text={words.headline} guests={namesOf(view)} />
                </span>
              )}
            </figcaption>
            <MatrixGrid
              changed={isAfter ? changed : undefined}
              label={`Matrix ${isAfter ? 'after' : 'before'}`}
              words={words ? `${words.apqn}. ${words.headline}.` : ''}
              source={source}
              axes={axes}
              zoom={1}
              cursor={cursor}
              onCursor={onCursor}
            />
          </figure>
        );
      })}
    </div>
  );
}

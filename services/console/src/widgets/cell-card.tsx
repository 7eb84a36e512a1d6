/** One queue in words. */
import { formatApid } from '@apledger/ap';
import type { HostView } from '@apledger/projections/host';
import type { Cell } from '../model/axes.ts';
import type { Explanation } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';
import { namesOf, Words } from './mark.tsx';

export interface CellCardProps {
  readonly view: HostView;
  readonly place: Cell | undefined;
  readonly explanation: Explanation | undefined;
}

export function CellCard({ view, place, explanation }: CellCardProps) {
  const { href } = usePage();
  const guests = namesOf(view);
  return (
    <section class="panel cell-card" aria-labelledby="cell-title">
      {place === undefined || explanation === undefined ? (
        <>
          <h2 id="cell-title">A queue</h2>
          <p class="hint">
            Point at a cell, or walk through the matrix with the arrow keys: here it says who can use the
            queue, and why.
          </p>
        </>
      ) : (
        <>
          <h2 id="cell-title">
            <span class="apqn">{explanation.apqn}</span>
            <span class={`owner is-${explanation.owner}`}>{explanation.owner}</span>
          </h2>
          <p class="headline">
            <Words text={explanation.headline} guests={guests} />
          </p>
          <ul class="reasons">
            {explanation.reasons.map((reason) => (
              <li key={reason}>
                <Words text={reason} guests={guests} />
              </li>
            ))}
          </ul>
          <p class="cell-links">
            <span class="hint">
              Adapter {formatApid(place.apid)} ({place.apid}), domain {formatApid(place.apqi)} ({place.apqi})
            </span>
            <a href={href({ view: 'custody' }, { queue: explanation.apqn })}>Custody</a>
            <a href={href({ view: 'what-if' }, { cell: explanation.apqn })}>What if</a>
          </p>
        </>
      )}
    </section>
  );
}

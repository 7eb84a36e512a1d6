/** Who has what: the host, and each mdev with its guest, by how many queues. */
import type { MdevView } from '@apledger/api';
import type { HostView } from '@apledger/projections/host';
import { formatCount } from '../model/count.ts';
import { nameOf, shortMdev } from '../model/owner.ts';
import { usePage } from '../state/page.tsx';
import { lastGuestText, useLastGuests } from '../state/use-last-guests.ts';
import { Mark, useMarks } from './mark.tsx';

export interface HoldersProps {
  readonly view: HostView;
  readonly highlighted: string | undefined;
  readonly onHighlight: (mdev: string | undefined) => void;
}

const size = (
  matrix: { readonly adapters: readonly number[]; readonly domains: readonly number[] } | null,
): number => (matrix === null ? 0 : matrix.adapters.length * matrix.domains.length);

export const runState = (mdev: MdevView): string => {
  if (mdev.removing) return 'to be removed';
  if (mdev.migrating) return 'migrating';
  return mdev.open ? 'running' : 'not running';
};

export function Holders({ view, highlighted, onHighlight }: HoldersProps) {
  const { href } = usePage();
  const marks = useMarks(view);
  const lastGuests = useLastGuests();
  const zcrypt = view.cards.reduce((sum, card) => sum + card.zcrypt.length, 0);
  return (
    <section class="panel holders" aria-labelledby="holders-title">
      <h2 id="holders-title">Who has what</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Holder</th>
            <th scope="col" class="number" title="Queues that can be used now">
              can use
            </th>
            <th scope="col" class="number" title="Queues in the matrix">
              assigned
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">
              <span class="mark is-host" aria-hidden="true">
                H
              </span>{' '}
              the host
            </th>
            <td class="number">{formatCount(zcrypt)}</td>
            <td class="number">–</td>
            <td />
          </tr>
          {view.mdevs.map((mdev) => (
            <tr key={mdev.mdev} class={highlighted === mdev.mdev ? 'is-on' : undefined}>
              <th scope="row">
                <Mark slot={marks.get(mdev.mdev) ?? 0} isHollow={mdev.effective === null} />{' '}
                <a href={href({ view: 'guests' }, { mdev: mdev.mdev })}>{nameOf(mdev)}</a>
                <span class="sub">
                  {mdev.guest === null ? '' : `${shortMdev(mdev.mdev)} · `}
                  {runState(mdev)}
                  {lastGuestText(mdev, lastGuests)}
                </span>
              </th>
              <td class="number">{formatCount(size(mdev.effective))}</td>
              <td class="number">{formatCount(size(mdev))}</td>
              <td>
                <button
                  type="button"
                  class="icon-button is-small"
                  aria-pressed={highlighted === mdev.mdev}
                  aria-label={`Only ${nameOf(mdev)}`}
                  title="Only this one"
                  onClick={() => onHighlight(highlighted === mdev.mdev ? undefined : mdev.mdev)}
                >
                  <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
                    <circle cx="7" cy="7" r="2.6" fill="currentColor" />
                    <circle cx="7" cy="7" r="5.6" fill="none" stroke="currentColor" stroke-width="1.4" />
                  </svg>
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {view.mdevs.length === 0 && <p class="hint">No mdev has been created on this host.</p>}
      <dl class="masks">
        <dt>apmask</dt>
        <dd>{view.apmask}</dd>
        <dt>aqmask</dt>
        <dd>{view.aqmask}</dd>
      </dl>
    </section>
  );
}

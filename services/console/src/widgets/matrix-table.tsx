/** The matrix as a table, one adapter at a time: the same data for readers who do not see the grid, or who want to copy it. */
import { formatApid } from '@apledger/ap';
import type { HostView } from '@apledger/projections/host';
import type { Axes, Cell } from '../model/axes.ts';
import { explain } from '../model/owner.ts';
import { namesOf, Words } from './mark.tsx';

export interface MatrixTableProps {
  readonly view: HostView;
  readonly axes: Axes;
  readonly cursor: Cell | undefined;
  readonly onCursor: (place: Cell) => void;
}

export function MatrixTable({ view, axes, cursor, onCursor }: MatrixTableProps) {
  const apid =
    cursor !== undefined && (axes.rowOf[cursor.apid] ?? -1) >= 0 ? cursor.apid : (axes.apids[0] ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-window" tabIndex={0} aria-label="Queues of an adapter">
      <p class="table-tools">
        <label>
          Adapter{' '}
          <select
            value={apid}
            onChange={({ currentTarget }) =>
              onCursor({ apid: Number(currentTarget.value), apqi: axes.apqis[0] ?? 0 })
            }
          >
            {axes.apids.map((id) => (
              <option key={id} value={id}>
                {formatApid(id)}
              </option>
            ))}
          </select>
        </label>
      </p>
      <table class="data-table">
        <thead>
          <tr>
            <th scope="col">Queue</th>
            <th scope="col">Owner</th>
            <th scope="col">Who can use it</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {axes.apqis.map((apqi) => {
            const { apqn, owner, headline, reasons } = explain(view, apid, apqi);
            return (
              <tr key={apqi}>
                <th scope="row" class="apqn">
                  {apqn}
                </th>
                <td data-label="Owner">
                  <span class={`owner is-${owner}`}>{owner}</span>
                </td>
                <td data-label="Who">
                  <Words text={headline} guests={namesOf(view)} />
                </td>
                <td class="sub" data-label="Why">
                  <Words text={reasons.join(' ')} guests={namesOf(view)} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

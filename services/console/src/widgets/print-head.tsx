/** What a sheet of paper has to say of itself, since the bars around the view are not printed: whose, as of when, and from where. */

import { formatExactly } from '../model/moment.ts';
import { VIEW_NAMES } from '../model/title.ts';
import { usePage } from '../state/page.tsx';

export function PrintHead() {
  const { session, place } = usePage();
  const stamp = session.settled.value;
  const used = session.used.value;
  const asked = used === undefined ? '' : `as of ${formatExactly(used)}; `;
  const last =
    stamp === undefined
      ? 'no fact'
      : `last fact that counts: position ${stamp.position}, ${formatExactly(stamp.occurredAt)}`;
  return (
    <p class="print-head" aria-hidden="true">
      <strong>
        apledger · {VIEW_NAMES[place.view]}
        {place.host === undefined ? '' : ` of host ${place.host}`}
      </strong>
      <br />
      {asked}
      {last}
      <br />
      {location.href}
    </p>
  );
}

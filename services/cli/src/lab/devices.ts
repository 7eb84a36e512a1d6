/** Which devices of a host went away, as folders of its sysfs. */
import { apqn, formatApqn, formatCard } from '@apledger/ap';
import type { HostState } from '@apledger/host';

/**
 * Paths, below the sysfs root, of the cards, queues and mdevs that were there before and are no longer, or are
 * others of the same name. States share what did not change, so this costs what did.
 */
export function* goneDevices(before: HostState, after: HostState): Generator<string, void, undefined> {
  for (const uuid of before.mdevs === after.mdevs ? [] : before.mdevs.keys())
    if (!after.mdevs.has(uuid)) yield `devices/vfio_ap/matrix/${uuid}`;
  for (const [apid, { queues }] of before.cards === after.cards ? [] : before.cards) {
    const path = `devices/ap/${formatCard(apid)}`;
    const card = after.cards.get(apid);
    if (card === undefined) yield path;
    else if (card.queues !== queues)
      for (const [apqi, { order }] of queues)
        if (card.queues.get(apqi)?.order !== order) yield `${path}/${formatApqn(apqn(apid, apqi))}`;
  }
}

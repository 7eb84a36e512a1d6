/** What differs between two moments of a host. */
import { streamOf } from '@apledger/events';
import { diffViews } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import { askedIn, momentOf, placeAt, usedOf } from '../moment.ts';
import { unknownHost } from './hosts.ts';

export const diff: Answer<'diff'> = async (ledger, { host, from, to }) => {
  const stream = streamOf(host);
  const asked = {
    from: await momentOf(ledger, askedIn(from)),
    to: await momentOf(ledger, to === undefined ? {} : askedIn(to)),
  };
  const before = await placeAt(ledger, stream, asked.from);
  const after = await placeAt(ledger, stream, asked.to);
  const views = await ledger.views();
  const [earlier, later] = [await views.hostAt(host, before), await views.hostAt(host, after)];
  if (earlier === undefined && later === undefined) throw unknownHost(host, ' at these moments');
  return {
    host,
    from: usedOf(asked.from),
    to: usedOf(asked.to),
    changes: diffViews(earlier, later),
    ...(before.mayReach !== undefined && { fromMayReach: before.mayReach }),
    ...(after.mayReach !== undefined && { toMayReach: after.mayReach }),
  };
};

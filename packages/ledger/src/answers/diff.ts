/** What differs between two moments of a host. */
import { diffViews } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import { askedIn, momentOf, usedOf } from '../moment.ts';
import { unknownHost } from './hosts.ts';

export const diff: Answer<'diff'> = async (ledger, { host, from, to }) => {
  const before = await momentOf(ledger, askedIn(from));
  const after = await momentOf(ledger, to === undefined ? {} : askedIn(to));
  const views = await ledger.views();
  const [earlier, later] = [await views.hostAt(host, before), await views.hostAt(host, after)];
  if (earlier === undefined && later === undefined) throw unknownHost(host, ' at these moments');
  return { host, from: usedOf(before), to: usedOf(after), changes: diffViews(earlier, later) };
};

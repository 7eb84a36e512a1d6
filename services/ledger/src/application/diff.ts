/** What differs between two moments of a host. */

import { HostName } from '@apledger/events';
import { diffViews, type ViewChange } from '@apledger/projections';
import Type from 'typebox';
import { unknownHost } from './hosts.ts';
import { MomentText, momentOf, readMoment } from './moment.ts';
import { operation } from './operation.ts';

/** Each says in `change` what it is, and has the fields that go with it. */
export const ChangeBody = Type.Object({ change: Type.String() }, { additionalProperties: true });

export const diff = operation(
  { name: 'diff', does: 'What differs between two moments of a host.' },
  {
    request: Type.Object(
      { from: MomentText, to: Type.Optional(MomentText) },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      host: HostName,
      changes: Type.Array(Type.Unsafe<ViewChange>(ChangeBody)),
    }),
  },
  async (ledger, { from, to }, { host }) => {
    ledger.follow();
    const before = await momentOf(ledger, readMoment(from));
    const after = await momentOf(ledger, to === undefined ? {} : readMoment(to));
    const [earlier, later] = [
      await ledger.readModel.hostAt(host, before),
      await ledger.readModel.hostAt(host, after),
    ];
    if (earlier === undefined && later === undefined) throw unknownHost(host, ' at these moments');
    return { host, changes: diffViews(earlier, later) };
  },
);

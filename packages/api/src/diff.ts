/** What differs between two moments of a host. */
import { GuestName, HostName, MaskName, MatrixIds, MdevUuid } from '@apledger/events';
import Type, { type Static, type TProperties } from 'typebox';
import { AsOf, MomentText, mayReach } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

const Ids = Type.Array(Type.Integer());
const Queues = Type.Array(Type.String());
const Guest = Type.Union([GuestName, Type.Null()]);
const Matrix = Type.Union([MatrixIds, Type.Null()]);
const Owner = Type.Union([Type.Literal('zcrypt'), Type.Literal('vfio_ap'), Type.Null()]);

const change = <const Names extends readonly string[], P extends TProperties>(names: Names, fields: P) =>
  Type.Object({ change: Type.Unsafe<Names[number]>(Type.Enum([...names])), ...fields });

/** One change. Queues are named like 05.0047; `from` and `to` null = no driver. */
export const ViewChange = Type.Union(
  [
    change(['hostRegistered', 'hostGone'], { host: HostName }),
    change(['maskChanged'], { mask: MaskName, before: Type.String(), after: Type.String() }),
    change(['cardsAppeared', 'cardsGone'], { adapters: Ids }),
    change(['queuesAppeared', 'queuesGone'], { queues: Queues }),
    change(['queuesRebound'], { from: Owner, to: Owner, queues: Queues }),
    change(['mdevAppeared', 'mdevGone', 'mdevRemovalBlocked'], { mdev: MdevUuid }),
    change(['adaptersAssigned', 'adaptersUnassigned'], { mdev: MdevUuid, adapters: Ids }),
    change(['domainsAssigned', 'domainsUnassigned'], { mdev: MdevUuid, domains: Ids }),
    change(['controlDomainsAssigned', 'controlDomainsUnassigned'], { mdev: MdevUuid, controlDomains: Ids }),
    change(['guestStarted', 'guestStopped'], { mdev: MdevUuid, guest: Guest }),
    change(['guestGained', 'guestLost'], {
      mdev: MdevUuid,
      guest: Guest,
      queues: Queues,
      controlDomains: Ids,
    }),
    change(['guestMatrixChanged'], { mdev: MdevUuid, before: Matrix, after: Matrix }),
  ],
  { description: '`change` says which' },
);
export type ViewChange = Immutable<Static<typeof ViewChange>>;

export const diff = operation({
  name: 'diff',
  summary: 'What differs between two moments of a host.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/diff' },
  request: Type.Object({ from: MomentText, to: Type.Optional(MomentText) }, closed),
  reply: Type.Object({
    host: HostName,
    from: AsOf,
    to: AsOf,
    changes: Type.Array(ViewChange),
    fromMayReach: mayReach.mayReach,
    toMayReach: mayReach.mayReach,
  }),
});

/** Who can use what on a host, now or as of any moment. */
import { AdapterId, Generation, GuestName, HostName, MatrixIds, MdevUuid, QueueName } from '@apledger/events';
import Type, { type Static } from 'typebox';
import { AsOf, atMoment, mayReach } from './moment.ts';
import { closed, type Immutable, operation } from './operation.ts';

const Ids = Type.Array(Type.Integer());
const fact = {
  host: HostName,
  revision: Type.Integer({ description: 'of the last fact that counts' }),
  position: Type.Integer(),
  occurredAt: Type.String(),
  ...mayReach,
};
/** The assigned adapters, each in the one list that says where it is on its way into the guest matrix. */
export const PlugView = Type.Object(
  {
    waitingForQueues: Ids,
    plugged: Ids,
    resetting: Ids,
    unplugged: Ids,
    resetFailed: Ids,
  },
  { description: 'assigned adapters by the states of their lifecycle (docs/machines.md)' },
);
export type PlugView = Immutable<Static<typeof PlugView>>;

const mdevFields = {
  mdev: MdevUuid,
  ...MatrixIds.properties,
  open: Type.Boolean({ description: 'somebody has it open' }),
  guest: Type.Union([GuestName, Type.Null()]),
  attached: Type.Boolean({ description: 'the guest got the AP devices' }),
  migrating: Type.Boolean(),
  removing: Type.Boolean({ description: 'its removal waits until the guest lets go' }),
  guestMatrix: Type.Union([MatrixIds, Type.Null()], { description: 'what is left after filtering' }),
  effective: Type.Union([MatrixIds, Type.Null()], { description: 'what the running guest can use' }),
  plug: PlugView,
};

/** Adapters x domains, and control domains; ids ascending. */
export type MatrixView = Immutable<Static<typeof MatrixIds>>;

/** One card and its queues, by domain: those that exist, and those of them that each driver is bound to. */
export const CardView = Type.Object({
  adapter: Type.Integer(),
  queues: Ids,
  zcrypt: Ids,
  vfioAp: Ids,
  notPassable: Type.Array(Type.Integer(), {
    description: 'bound to vfio_ap, and not to be given to a guest after what their last reset answered',
  }),
});
export type CardView = Immutable<Static<typeof CardView>>;

/**
 * One mdev: what is assigned, what is left of it after filtering (null where the driver keeps no such matrix: 2019-v2
 * while closed), and what a running guest can use. An open mdev may be without AP devices (driver-rules 6.8).
 */
export const MdevView = Type.Object(mdevFields);
export type MdevView = Immutable<Static<typeof MdevView>>;

/** A host as of one moment. Cards and domains ascend, mdevs stand in the order of creation. */
export const HostView = Type.Object({
  ...fact,
  driver: Generation,
  apmask: Type.String(),
  aqmask: Type.String(),
  adapters: Ids,
  domains: Ids,
  cards: Type.Array(CardView),
  mdevs: Type.Array(MdevView),
});
export type HostView = Immutable<Static<typeof HostView>>;

export const GuestView = Type.Object({ ...fact, guest: GuestName, mdevs: Type.Array(MdevView) });
export type GuestView = Immutable<Static<typeof GuestView>>;

/** Where a moment was asked for. */
const asOf = { asOf: Type.Optional(AsOf) };

const host = operation({
  name: 'host',
  summary: 'The masks, cards, queues and mdevs of a host.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}', hasETag: true },
  request: Type.Object(atMoment, closed),
  reply: Type.Object({ ...HostView.properties, ...asOf }),
});

const mdev = operation({
  name: 'mdev',
  summary: 'One mdev: what is assigned to it, and what its guest can use.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/mdevs/{mdev}', hasETag: true },
  request: Type.Object({ mdev: MdevUuid, ...atMoment }, closed),
  reply: Type.Object({ ...fact, ...asOf, ...mdevFields }),
});

const guest = operation({
  name: 'guest',
  summary: 'One running guest: the mdevs that it has open.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/guests/{guest}', hasETag: true },
  request: Type.Object({ guest: GuestName, ...atMoment }, closed),
  reply: Type.Object({ ...GuestView.properties, ...asOf }),
});

const Turn = Type.Object({ position: Type.Integer(), occurredAt: Type.String() });

const guests = operation({
  name: 'guests',
  summary: 'Of each mdev of a host that was ever open: who had it open last, since when and until when.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/guests', hasETag: true },
  request: Type.Object(atMoment, closed),
  reply: Type.Object({
    ...fact,
    ...asOf,
    guests: Type.Array(
      Type.Object({
        mdev: MdevUuid,
        guest: Type.Union([GuestName, Type.Null()], { description: 'null = no KVM guest' }),
        started: Turn,
        stopped: Type.Union([Turn, Type.Null()], { description: 'null = running at the moment' }),
      }),
      { description: 'in the order in which they started; of an mdev, the last one' },
    ),
  }),
});
export type LastGuest = Immutable<Static<(typeof guests)['reply']>>['guests'][number];

const mdevs = operation({
  name: 'mdevs',
  summary: 'The mdevs of a host, in the order of creation.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/mdevs', hasETag: true },
  request: Type.Object(atMoment, closed),
  reply: Type.Object({ ...fact, ...asOf, mdevs: Type.Array(MdevView) }),
});

export const QueueView = Type.Object({
  apqn: QueueName,
  driver: Type.Union([Type.Enum(['zcrypt', 'vfio_ap']), Type.Null()], {
    description: 'zcrypt = the host itself, vfio_ap = guests, null = no driver has it',
  }),
  isPassable: Type.Boolean({
    description: 'it could be given to a guest: vfio_ap has it, and its last reset did not fail',
  }),
  assignedTo: Type.Array(MdevUuid, { description: 'mdevs in whose assigned matrix it is' }),
  usedBy: Type.Array(
    Type.Object({
      mdev: MdevUuid,
      guest: Type.Union([GuestName, Type.Null()], { description: 'null = no KVM guest' }),
    }),
    { description: 'guests that can use it' },
  ),
});
export type QueueView = Immutable<Static<typeof QueueView>>;

const queues = operation({
  name: 'queues',
  summary: 'The queues of a host, or of one adapter of it: who has each.',
  scope: 'host',
  http: { method: 'GET', path: '/hosts/{host}/queues', hasETag: true },
  request: Type.Object(
    {
      ...atMoment,
      adapter: Type.Optional({
        ...AdapterId,
        description: 'only queues of this adapter, a number from 0 to 255',
      }),
    },
    closed,
  ),
  reply: Type.Object({ ...fact, ...asOf, queues: Type.Array(QueueView, { description: 'ascending' }) }),
});

export const matricesOperations = { host, mdev, mdevs, guest, guests, queues };

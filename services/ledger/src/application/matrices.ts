/** Who can use what on a host, now or as of any moment. */
import { Generation, GuestName, HostName, MatrixIds, MdevUuid } from '@apledger/events';
import type { HostView } from '@apledger/projections';
import Type from 'typebox';
import { unknownHost } from './hosts.ts';
import type { Ledger } from './ledger.ts';
import { type AtMoment, atMoment, inWords, isAsked, momentOf } from './moment.ts';
import { operation } from './operation.ts';
import { Problem } from './problem.ts';

const Ids = Type.Array(Type.Integer());
const fact = {
  host: HostName,
  revision: Type.Integer({ description: 'of the last fact that counts' }),
  position: Type.Integer(),
  occurredAt: Type.String(),
};
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
};
export const CardBody = Type.Object({
  adapter: Type.Integer(),
  queues: Ids,
  zcrypt: Ids,
  vfioAp: Ids,
});
export const MdevBody = Type.Object(mdevFields);
export const HostBody = Type.Object({
  ...fact,
  driver: Generation,
  apmask: Type.String(),
  aqmask: Type.String(),
  adapters: Ids,
  domains: Ids,
  cards: Type.Array(CardBody),
  mdevs: Type.Array(MdevBody),
});
export const GuestBody = Type.Object({ ...fact, guest: GuestName, mdevs: Type.Array(MdevBody) });
const closed = { additionalProperties: false };

export const host = operation(
  { name: 'host', does: 'The masks, cards, queues and mdevs of a host.' },
  { request: Type.Object(atMoment, closed), reply: HostBody },
  (ledger, request, { host }) => viewOf(ledger, request, host),
);

export const mdev = operation(
  { name: 'mdev', does: 'One mdev: what is assigned to it, and what its guest can use.' },
  {
    request: Type.Object({ mdev: MdevUuid, ...atMoment }, closed),
    reply: Type.Object({ ...fact, ...mdevFields }),
  },
  async (ledger, request, { host }) => {
    const view = await viewOf(ledger, request, host);
    const found = view.mdevs.find((each) => each.mdev === request.mdev);
    if (found === undefined)
      throw new Problem(
        404,
        'unknown-mdev',
        `There is no mdev ${request.mdev} on host ${view.host}${inWords(request)}.`,
      );
    return { ...factOf(view), ...found };
  },
);

export const guest = operation(
  { name: 'guest', does: 'One running guest: the mdevs that it has open.' },
  {
    request: Type.Object({ guest: GuestName, ...atMoment }, closed),
    reply: GuestBody,
  },
  async (ledger, request, { host }) => {
    const view = await viewOf(ledger, request, host);
    const mdevs = view.mdevs.filter((each) => each.open && each.guest === request.guest);
    if (mdevs.length === 0)
      throw new Problem(
        404,
        'unknown-guest',
        `No guest ${JSON.stringify(request.guest)} has an mdev open on host ${view.host}${inWords(request)}.`,
      );
    return { ...factOf(view), guest: request.guest, mdevs };
  },
);

const factOf = ({ host, revision, position, occurredAt }: HostView) => ({
  host,
  revision,
  position,
  occurredAt,
});

async function viewOf(ledger: Ledger, request: AtMoment, name: string): Promise<HostView> {
  ledger.follow();
  const view = isAsked(request)
    ? await ledger.readModel.hostAt(name, await momentOf(ledger, request))
    : await ledger.readModel.now(name);
  if (view === undefined) throw unknownHost(name, inWords(request));
  return view;
}

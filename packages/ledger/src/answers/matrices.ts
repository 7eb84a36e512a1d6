/** Who can use what on a host, now or as of any moment. */
import { apqn, formatApqn } from '@apledger/ap';
import {
  type AtMoment,
  type CardView,
  type MayReach,
  Problem,
  type QueueView,
  type Reply,
} from '@apledger/api';
import { streamOf } from '@apledger/events';
import type { HostView } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { inWords, isAsked, momentOf, placeAt, usedOf } from '../moment.ts';
import { unknownHost } from './hosts.ts';

const host: Answer<'host'> = (ledger, request) => viewOf(ledger, request);

const mdev: Answer<'mdev'> = async (ledger, request) => {
  const view = await viewOf(ledger, request);
  const found = view.mdevs.find((each) => each.mdev === request.mdev);
  if (found === undefined)
    throw new Problem(
      404,
      'unknown-mdev',
      `There is no mdev ${request.mdev} on host ${view.host}${inWords(request)}.`,
    );
  return { ...factOf(view), ...found };
};

const mdevs: Answer<'mdevs'> = async (ledger, request) => {
  const view = await viewOf(ledger, request);
  return { ...factOf(view), mdevs: view.mdevs };
};

const queues: Answer<'queues'> = async (ledger, request) => {
  const view = await viewOf(ledger, request);
  const cards = view.cards.filter(({ adapter }) => adapter === (request.adapter ?? adapter));
  return { ...factOf(view), queues: cards.flatMap((card) => queuesOf(view, card)) };
};

function queuesOf(view: HostView, { adapter, queues: domains, notPassable }: CardView): QueueView[] {
  const guests = new Map(view.mdevs.map((each) => [each.mdev, each.guest]));
  return domains.map((domain) => {
    const { boundTo, assignedTo, usableIn } = view.cell(adapter, domain);
    return {
      apqn: formatApqn(apqn(adapter, domain)),
      driver: boundTo,
      isPassable: boundTo === 'vfio_ap' && !notPassable.includes(domain),
      assignedTo,
      usedBy: usableIn.map((uuid) => ({ mdev: uuid, guest: guests.get(uuid) ?? null })),
    };
  });
}

const guest: Answer<'guest'> = async (ledger, request) => {
  const view = await viewOf(ledger, request);
  const mdevs = view.mdevs.filter((each) => each.open && each.guest === request.guest);
  if (mdevs.length === 0)
    throw new Problem(
      404,
      'unknown-guest',
      `No guest ${JSON.stringify(request.guest)} has an mdev open on host ${view.host}${inWords(request)}.`,
    );
  return { ...factOf(view), guest: request.guest, mdevs };
};

/** A run that has not stopped is running at the moment. */
const guests: Answer<'guests'> = async (ledger, request) => {
  const view = await viewOf(ledger, request);
  await ledger.guests.update();
  const turnOf = ({ position, occurredAt }: { readonly position: number; readonly occurredAt: number }) => ({
    position,
    occurredAt: new Date(occurredAt).toISOString(),
  });
  const runs = ledger.guests.lastRuns(view.host, view.position);
  const shown = runs.map(({ mdev, guest, started, stopped }) => ({
    mdev,
    guest,
    started: turnOf(started),
    stopped: stopped === undefined ? null : turnOf(stopped),
  }));
  return { ...factOf(view), guests: shown };
};

const factOf = ({ host, revision, position, occurredAt, asOf, mayReach }: Shown) => ({
  ...(asOf === undefined ? {} : { asOf }),
  host,
  revision,
  position,
  occurredAt,
  ...(mayReach !== undefined && { mayReach }),
});

/** A host, and the moment that was used when one was asked for. */
type Shown = HostView & Pick<Reply<'host'>, 'asOf'>;

async function viewOf(ledger: LogLedger, request: AtMoment & { readonly host: string }): Promise<Shown> {
  const views = await ledger.views();
  const { host } = request;
  if (!isAsked(request)) return (await views.now(host)) ?? notThere(host, request);
  const moment = await momentOf(ledger, request);
  const { revision, mayReach } = await placeAt(ledger, streamOf(host), moment);
  const view = revision < 0 ? undefined : await views.hostAt(host, { revision });
  if (view === undefined) return notThere(host, request, mayReach);
  return Object.assign(view, { asOf: usedOf(moment), ...(mayReach !== undefined && { mayReach }) });
}

function notThere(host: string, request: AtMoment, mayReach?: MayReach): never {
  const may =
    mayReach === undefined
      ? ''
      : ` for certain, but there may have been, by position ${mayReach.position}: clocks jumped`;
  throw unknownHost(host, inWords(request) + may);
}

export const matricesAnswers = { host, mdev, mdevs, guest, guests, queues };

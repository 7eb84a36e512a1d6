/** Who can use what on a host, now or as of any moment. */
import { type AtMoment, type MayReach, Problem } from '@apledger/api';
import { streamOf } from '@apledger/events';
import type { HostView } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { inWords, isAsked, momentOf, placeAt } from '../moment.ts';
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

const factOf = ({ host, revision, position, occurredAt, mayReach }: HostView) => ({
  host,
  revision,
  position,
  occurredAt,
  ...(mayReach !== undefined && { mayReach }),
});

async function viewOf(ledger: LogLedger, request: AtMoment & { readonly host: string }): Promise<HostView> {
  const views = await ledger.views();
  const { host } = request;
  if (!isAsked(request)) return (await views.now(host)) ?? notThere(host, request);
  const { revision, mayReach } = await placeAt(ledger, streamOf(host), await momentOf(ledger, request));
  const view = revision < 0 ? undefined : await views.hostAt(host, { revision });
  if (view === undefined) return notThere(host, request, mayReach);
  return mayReach === undefined ? view : Object.assign(view, { mayReach });
}

function notThere(host: string, request: AtMoment, mayReach?: MayReach): never {
  const may =
    mayReach === undefined
      ? ''
      : ` for certain, but there may have been, by position ${mayReach.position}: clocks jumped`;
  throw unknownHost(host, inWords(request) + may);
}

export const matricesAnswers = { host, mdev, guest };

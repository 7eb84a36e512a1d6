/** Who can use what on a host, now or as of any moment. */
import { type AtMoment, Problem } from '@apledger/api';
import type { HostView } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { inWords, isAsked, momentOf } from '../moment.ts';
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

const factOf = ({ host, revision, position, occurredAt }: HostView) => ({
  host,
  revision,
  position,
  occurredAt,
});

async function viewOf(ledger: LogLedger, request: AtMoment & { readonly host: string }): Promise<HostView> {
  const views = await ledger.views();
  const view = isAsked(request)
    ? await views.hostAt(request.host, await momentOf(ledger, request))
    : await views.now(request.host);
  if (view === undefined) throw unknownHost(request.host, inWords(request));
  return view;
}

export const matricesAnswers = { host, mdev, guest };

/** Who could use which queue when, and what was left open. */
import { Problem, type Span } from '@apledger/api';
import { openCustody, type Range } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { askedIn, isReversed, momentOf } from '../moment.ts';
import { unknownHost } from './hosts.ts';

const custody: Answer<'custody'> = async (ledger, { host, apqn, ...asked }) =>
  (await openCustody(ledger).custody(host, apqn, await rangeOf(ledger, asked))) ?? notThere(host);

const guestHistory: Answer<'guestHistory'> = async (ledger, { host, guest, ...asked }) =>
  (await openCustody(ledger).guestHistory(host, guest, await rangeOf(ledger, asked))) ?? notThere(host);

const exposures: Answer<'exposures'> = async (ledger, { host, ...asked }) => ({
  exposures: (await openCustody(ledger).exposures(host, await rangeOf(ledger, asked))) ?? notThere(host),
});

/** Throws Problem for a host or a guest that was not there. */
const report: Answer<'report'> = async (ledger, { host, guest, ...asked }) => {
  const { from = null, to = null } = await rangeOf(ledger, asked);
  const scope = { host: host ?? null, guest: guest ?? null, from, to };
  const found = await openCustody(ledger).audit(scope);
  if (found === undefined) throw unknownHost(host ?? '');
  if (guest !== undefined && !found.hosts.some(({ runs }) => runs.length > 0))
    throw new Problem(404, 'unknown-guest', `There was no guest ${JSON.stringify(guest)} in that time.`);
  return found;
};

async function rangeOf(ledger: LogLedger, { from, to }: Span): Promise<Range> {
  const range = {
    ...(from === undefined ? {} : { from: await momentOf(ledger, askedIn(from)) }),
    ...(to === undefined ? {} : { to: await momentOf(ledger, askedIn(to)) }),
  };
  if (isReversed(range.from, range.to)) throw new Problem(400, 'no-such-moment', `${from} lies after ${to}.`);
  return range;
}

function notThere(host: string): never {
  throw unknownHost(host);
}

export const custodyAnswers = { custody, guestHistory, exposures, report };

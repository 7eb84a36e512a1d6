/** Who could use which queue when, and what was left open. */
import { Problem, type Span } from '@apledger/api';
import { NotKnownYet, openCustody, type Range } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { askedIn, isReversed, momentOf } from '../moment.ts';
import { unknownHost } from './hosts.ts';
import { recomputed } from './verify.ts';

const custody: Answer<'custody'> = async (ledger, { host, apqn, ...asked }) =>
  answered(host, openCustody(ledger).custody(host, apqn, await rangeOf(ledger, asked)));

const guestHistory: Answer<'guestHistory'> = async (ledger, { host, guest, ...asked }) =>
  answered(host, openCustody(ledger).guestHistory(host, guest, await rangeOf(ledger, asked)));

const exposures: Answer<'exposures'> = async (ledger, { host, ...asked }) =>
  answered(host, openCustody(ledger).exposures(host, await rangeOf(ledger, asked)));

/** Throws Problem for a host that is not there, or was not known by the end of the span. */
async function answered<T>(host: string, asked: Promise<T | undefined>): Promise<T> {
  const answer = await asked.catch((error: unknown) => {
    throw error instanceof NotKnownYet ? new Problem(404, 'unknown-host', error.message, {}, error) : error;
  });
  if (answer === undefined) throw unknownHost(host);
  return answer;
}

/** Throws Problem for a host or a guest that was not there. */
const report: Answer<'report'> = async (ledger, { host, guest, ...asked }) => {
  const { from = null, to = null } = await rangeOf(ledger, asked);
  const scope = { host: host ?? null, guest: guest ?? null, from, to };
  const found = await openCustody(ledger).audit(scope);
  if (found === undefined) throw unknownHost(host ?? '');
  if (guest !== undefined && !found.hosts.some(({ runs }) => runs.length > 0))
    throw new Problem(404, 'unknown-guest', `There was no guest ${JSON.stringify(guest)} in that time.`);
  // A report is evidence: it says whether the log that it rests on is the one that was written.
  const { facts, problems } = await recomputed(ledger, []);
  return { ...found, verification: { facts, problems } };
};

async function rangeOf(ledger: LogLedger, { from, to }: Span): Promise<Range> {
  const range = {
    ...(from === undefined ? {} : { from: await momentOf(ledger, askedIn(from)) }),
    ...(to === undefined ? {} : { to: await momentOf(ledger, askedIn(to)) }),
  };
  if (isReversed(range.from, range.to)) throw new Problem(400, 'no-such-moment', `${from} lies after ${to}.`);
  return range;
}

export const custodyAnswers = { custody, guestHistory, exposures, report };

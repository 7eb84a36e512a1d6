/** Who could use which queue when, and what was left open. */
import { type Chain, Problem, type Reply, type ReportFormat, type Request, type Span } from '@apledger/api';
import { streamOf } from '@apledger/events';
import { NotKnownYet, type Range, type ReportParts } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { askedIn, isReversed, momentOf } from '../moment.ts';
import { type VerifiedParts, writeReport } from '../report/index.ts';
import { unknownHost } from './hosts.ts';
import { recomputed } from './verify.ts';

const custody: Answer<'custody'> = async (ledger, { host, apqn, limit, ...asked }) =>
  answered(ledger, host, ledger.custody.custody(host, apqn, await rangeOf(ledger, asked), limit));

const guestHistory: Answer<'guestHistory'> = async (ledger, { host, guest, ...asked }) =>
  answered(ledger, host, ledger.custody.guestHistory(host, guest, await rangeOf(ledger, asked)));

const exposures: Answer<'exposures'> = async (ledger, { host, ...asked }) =>
  answered(ledger, host, ledger.custody.exposures(host, await rangeOf(ledger, asked)));

const chain: Answer<'chain'> = async (ledger, { host }) => {
  if ((await ledger.log.head(streamOf(host))) === undefined) throw unknownHost(host);
  return ledger.chains.of(host);
};

/** With what is known of the chain of hashes. Throws Problem for a host that is not there, or was not known by the end of the span. */
async function answered<T>(
  ledger: LogLedger,
  host: string,
  asked: Promise<T | undefined>,
): Promise<T & { readonly verification: Chain }> {
  const answer = await asked.catch((error: unknown) => {
    throw error instanceof NotKnownYet ? new Problem(404, 'unknown-host', error.message, {}, error) : error;
  });
  if (answer === undefined) throw unknownHost(host);
  return { ...answer, verification: await ledger.chains.of(host) };
}

/** Formats for people are pieces of text: a transport that can carry them asks `reportPieces`. */
const report: Answer<'report'> = async (ledger, asked) => {
  if (asked.format !== undefined && asked.format !== 'json')
    throw new Problem(400, 'invalid-request', `A report in the format ${asked.format} comes over HTTP only.`);
  const { hosts, ...head } = await partsOf(ledger, asked);
  const whole: Reply<'report'>['hosts'][number][] = [];
  for await (const { custody, ...host } of hosts) whole.push({ ...host, custody: [...custody] });
  return { ...head, hosts: whole };
};

/** The report in the format, in pieces, of which one host at a time is in memory. Throws Problem before the first piece. */
export async function* reportPieces(
  ledger: LogLedger,
  asked: Request<'report'>,
  format: ReportFormat,
): AsyncGenerator<string, void, undefined> {
  yield* writeReport(await partsOf(ledger, asked), format);
}

/** Throws Problem for a host or a guest that was not there. */
async function partsOf(
  ledger: LogLedger,
  { host, guest, from: since, to: until }: Request<'report'>,
): Promise<VerifiedParts> {
  const { from = null, to = null } = await rangeOf(ledger, {
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
  });
  const found = await ledger.custody.report({ host: host ?? null, guest: guest ?? null, from, to });
  if (found === undefined) throw unknownHost(host ?? '');
  if (guest !== undefined) await checkKnown(found, guest);
  // A report is evidence: it says whether what it rests on is what was written, and believes no answer before it.
  const { facts, problems } =
    host === undefined ? await recomputed(ledger, []) : await ledger.newChains().of(host);
  return { ...found, verification: { facts, problems } };
}

/** What concerns one guest is there at once. */
async function checkKnown({ hosts }: ReportParts, guest: string): Promise<void> {
  for await (const { runs, refusals } of hosts) if (runs.length > 0 || refusals.length > 0) return;
  throw new Problem(404, 'unknown-guest', `There was no guest ${JSON.stringify(guest)} in that time.`);
}

async function rangeOf(ledger: LogLedger, { from, to }: Span): Promise<Range> {
  const range = {
    ...(from === undefined ? {} : { from: await momentOf(ledger, askedIn(from)) }),
    ...(to === undefined ? {} : { to: await momentOf(ledger, askedIn(to)) }),
  };
  if (isReversed(range.from, range.to)) throw new Problem(400, 'no-such-moment', `${from} lies after ${to}.`);
  return range;
}

export const custodyAnswers = { custody, guestHistory, exposures, chain, report };

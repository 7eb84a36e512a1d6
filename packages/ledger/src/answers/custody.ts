/** Who could use which queue when, and what was left open. */
import { Problem, type Reply, type ReportFormat, type Request, type Span } from '@apledger/api';
import type { Range, ReportParts } from '@apledger/projections';
import type { Answer } from '../answer.ts';
import type { LogLedger } from '../log-ledger.ts';
import { askedIn, isReversed, momentOf } from '../moment.ts';
import { writeReport } from '../report/index.ts';
import { unknownHost } from './hosts.ts';

const custody: Answer<'custody'> = async (ledger, { host, apqn, ...asked }) =>
  (await ledger.custody.custody(host, apqn, await rangeOf(ledger, asked))) ?? notThere(host);

const guestHistory: Answer<'guestHistory'> = async (ledger, { host, guest, ...asked }) =>
  (await ledger.custody.guestHistory(host, guest, await rangeOf(ledger, asked))) ?? notThere(host);

const exposures: Answer<'exposures'> = async (ledger, { host, ...asked }) => ({
  exposures: (await ledger.custody.exposures(host, await rangeOf(ledger, asked))) ?? notThere(host),
});

const report: Answer<'report'> = async (ledger, asked) => {
  const { scope, heads, hosts } = await partsOf(ledger, asked);
  const whole: Reply<'report'>['hosts'][number][] = [];
  for await (const { custody, ...host } of hosts) whole.push({ ...host, custody: [...custody] });
  return { scope, heads, hosts: whole };
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
): Promise<ReportParts> {
  const { from = null, to = null } = await rangeOf(ledger, {
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
  });
  const found = await ledger.custody.report({ host: host ?? null, guest: guest ?? null, from, to });
  if (found === undefined) throw unknownHost(host ?? '');
  if (guest !== undefined) await checkRan(found, guest);
  return found;
}

/** What concerns one guest is there at once. */
async function checkRan({ hosts }: ReportParts, guest: string): Promise<void> {
  for await (const { runs } of hosts) if (runs.length > 0) return;
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

function notThere(host: string): never {
  throw unknownHost(host);
}

export const custodyAnswers = { custody, guestHistory, exposures, report };

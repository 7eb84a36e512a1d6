/** The ledger that a command asks, and what it asks about hosts. */
import { type AtMoment, Problem } from '@apledger/api';
import { Failure, jsonLine, line, type Output } from '@apledger/command-line';
import {
  type Current,
  hostNames,
  type Ledger,
  type LogLedger,
  type OpenLedgerOptions,
  openLedger,
  openLogLedger,
  type Place,
} from '@apledger/ledger';
import { type HostView, viewOfJson } from '@apledger/projections';

/** Opens the ledger for the length of `work`: to ask only, unless `readOnly` is false. */
export async function withLedger<T>(
  place: Place,
  output: Output,
  work: (ledger: Ledger) => Promise<T>,
  { readOnly = true }: { readonly readOnly?: boolean } = {},
): Promise<T> {
  const outages = outagesTo(output);
  const ledger = await openLedger(place, { readOnly, ...progressTo(output), ...outages });
  memory.set(ledger, outages.current);
  return using(ledger, work);
}

/** Up to where the answers of a ledger are complete that were not the newest. */
const memory = new WeakMap<Ledger, () => Current | undefined>();

/** An answer of the ledger as a line of JSON; `currentTo` says up to when it is complete, if its log was away. */
export function answerLine(ledger: Ledger, answer: object): string {
  const current = memory.get(ledger)?.();
  return jsonLine(current === undefined ? answer : { ...answer, currentTo: current.time.toISOString() });
}

/** The same for a ledger that has to be a log on this side of the network. */
export async function withLogLedger<T>(
  place: Place,
  output: Output,
  work: (ledger: LogLedger) => Promise<T>,
): Promise<T> {
  return using(await openLogLedger(place, { ...progressTo(output), ...searchTo(output) }), work);
}

/** Hands the ledger to `work`, and closes it. */
export async function using<L extends Ledger, T>(ledger: L, work: (ledger: L) => Promise<T>): Promise<T> {
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/** Questions wait until the read model has caught up; a person sees how far it is, and what went wrong with what is kept. */
export const progressTo = (output: Output): Pick<OpenLedgerOptions, 'onProgress' | 'report'> & object => ({
  report: (message) => output.err(line(`apledger: ${message}`)),
  onProgress: (text) => {
    if (output.isInteractive) output.err(text === '' ? '\r\x1b[K' : `\r${text}`);
  },
});

interface Outages extends Pick<OpenLedgerOptions, 'onMemory' | 'onSearch'> {
  current(): Current | undefined;
}

/** Says once on the error output that what the service answers is not the newest. */
function outagesTo(output: Output): Outages {
  let current: Current | undefined;
  const onMemory = (told: Current): void => {
    const { time, position } = told;
    if (current === undefined)
      output.err(
        line(
          `The log is away. The answer is complete up to ${time.toISOString()}, position ${position}; what came later is missing.`,
        ),
      );
    current = told;
  };
  return { onMemory, current: () => current, ...searchTo(output) };
}

/** Every two seconds of a long search a line, or on a terminal the same line again. */
const searchTo = (output: Output): Pick<OpenLedgerOptions, 'onSearch'> => ({
  onSearch: (text) => output.err(output.isInteractive ? `\r${text}` : line(text)),
});

/** What was asked for; undefined when there is, or was then, no such host. */
export async function ifKnown<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.code === 'unknown-host') return undefined;
    throw error;
  }
}

/** The host at a moment, by default now; undefined when it was not registered then. */
export async function hostAt(
  ledger: Ledger,
  host: string,
  moment: AtMoment = {},
): Promise<HostView | undefined> {
  const view = await ifKnown(ledger.ask('host', { host, ...moment }));
  return view && viewOfJson(view);
}

/** The host that was named, or all of them. Throws Failure for one that is not there. */
export async function hostsAsked(ledger: Ledger, host: string | undefined): Promise<readonly string[]> {
  const known = await hostNames(ledger);
  if (host === undefined) return known;
  if (!known.includes(host)) throw new Failure(1, `There is no host ${host}. ${thoseThere(known)}`);
  return [host];
}

/** For messages. */
export const thoseThere = (hosts: readonly string[]): string =>
  hosts.length === 0 ? 'The log has none.' : `There are ${hosts.join(', ')}.`;

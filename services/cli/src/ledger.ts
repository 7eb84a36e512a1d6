/** The ledger that a command asks, and what it asks about hosts. */
import { type AtMoment, Problem } from '@apledger/api';
import { Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { parseFact } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
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

/** For `withLedger`, of a command that writes. */
export const WRITES = { readOnly: false } as const;

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
  if (place.server !== undefined) output.progress(`waiting for ${place.server}`);
  return using(ledger, work);
}

/** The same for a ledger that has to be a log on this side of the network. */
export async function withLogLedger<T>(
  place: Place,
  output: Output,
  work: (ledger: LogLedger) => Promise<T>,
): Promise<T> {
  return using(await openLogLedger(place, { ...progressTo(output), ...searchTo(output) }), work);
}

/** Up to where the answers of a ledger are complete that were not the newest. */
const memory = new WeakMap<Ledger, () => Current | undefined>();

/** An answer of the ledger as a line of JSON; `currentTo` says up to when it is complete, if its log was away. */
export function answerLine(ledger: Ledger, answer: object): string {
  const current = memory.get(ledger)?.();
  return jsonLine(current === undefined ? answer : { ...answer, currentTo: current.time.toISOString() });
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
const progressTo = (output: Output): Pick<OpenLedgerOptions, 'onProgress' | 'report'> & object => ({
  report: (message) => output.err(line(`apledger: ${message}`)),
  onProgress: (text) => output.progress(text),
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
  onSearch: (text) => (output.isInteractive ? output.progress(text) : output.note(line(text))),
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

/** A host whole, where a view would leave out what is set of single devices: after the fact at the position, without one as it is now. */
export async function stateAt(ledger: Ledger, host: string, position?: number): Promise<HostState> {
  if (position === undefined) return (await ledger.state(host)) ?? new HostState();
  const state = new HostState();
  for await (const fact of ledger.facts({ host })) {
    if (fact.position > position) break;
    evolve(state, parseFact(fact.type, fact.version, fact.data));
  }
  return state;
}

/**
 * Throws Failure for a host that is not there, and the ledger's Problem where the caller may not know: the list has only hosts that he may
 * see, so the ledger is asked about one that is not in it.
 */
async function checkThere(ledger: Ledger, host: string, known: readonly string[]): Promise<void> {
  if (known.includes(host)) return;
  if ((await ifKnown(ledger.ask('host', { host }))) === undefined) throw new Failure(1, noHost(host, known));
}

/** The host that was named, or all of them. Throws as `checkThere`. */
export async function hostsAsked(ledger: Ledger, host: string | undefined): Promise<readonly string[]> {
  const known = await hostNames(ledger);
  if (host === undefined) return known;
  await checkThere(ledger, host, known);
  return [host];
}

/** The host that was named, or the only one there is. Throws Failure. */
export async function hostAsked(ledger: Ledger, host: string | undefined): Promise<string> {
  const known = await hostNames(ledger);
  const only = known.length === 1 ? known[0] : undefined;
  const asked = host ?? only;
  if (asked === undefined) throw new Failure(2, `Which host? Name it with --host. ${thoseThere(known)}`);
  await checkThere(ledger, asked, known);
  return asked;
}

/** A message has no more names than these. */
const MAX_NAMES = 8;

export const noHost = (host: string, known: readonly string[]): string =>
  `There is no host ${host}. ${thoseThere(known, host)}`;

/** For messages: all hosts, or of many those whose names are like the one that was asked for. */
export function thoseThere(hosts: readonly string[], asked = ''): string {
  if (hosts.length === 0) return 'There is none to ask about.';
  if (hosts.length <= MAX_NAMES) return `There are ${hosts.join(', ')}.`;
  const part = asked.toLowerCase().slice(0, 3);
  const like = hosts.filter((host) => part !== '' && host.toLowerCase().includes(part)).slice(0, MAX_NAMES);
  const some = like.length === 0 ? '' : `, among them ${like.join(', ')}`;
  return `There are ${hosts.length}${some}; apledger hosts lists them.`;
}

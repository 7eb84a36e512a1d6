/** `apledger custody`, `guest-history`, `exposure`: who could use which queue when, and what was left open. */
import { parseApqn } from '@apledger/ap';
import type { CustodyInterval, Span } from '@apledger/api';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import {
  boundaryText,
  exposureText,
  holdersText,
  isReversed,
  type Ledger,
  resetText,
  upToText,
} from '@apledger/ledger';
import { hostsAsked, ifKnown, withLedger } from '../ledger.ts';
import { parseMoment, requestText } from '../moment.ts';
import { host, json, place } from '../options.ts';
import type { SpanOptions } from './replay.ts';

/** The custody of one queue, on one host or on all that ever gave it to somebody. */
export async function custody(apqn: string, options: SpanOptions, output: Output): Promise<number> {
  const queue = apqn.toLowerCase();
  if (parseApqn(queue) === undefined)
    throw new Failure(2, `${apqn}: not a queue. Write adapter and domain in hexadecimal, like 05.0047.`);
  return withCustody(options, output, async ({ ledger, hosts, span }) => {
    let isHeld = false;
    for (const host of hosts) {
      const report = await ifKnown(ledger.ask('custody', { host, apqn: queue, ...span }));
      if (report === undefined) continue;
      const isHeldHere = report.intervals.some(({ holder }) => holder.kind !== 'nobody');
      if (!isHeldHere && options.host === undefined && hosts.length > 1) continue;
      isHeld ||= isHeldHere;
      if (options.json) output.out(jsonLine(report));
      else {
        print(output, `${queue} on host ${host}, ${upToText(report)}`);
        printIntervals(report.intervals, false, output);
      }
    }
    if (!isHeld && !options.json) output.err(line(`Nobody had ${queue} in that time.`));
    return 0;
  });
}

/** When a guest ran, on whichever host, and what it could use. */
export async function guestHistory(guest: string, options: SpanOptions, output: Output): Promise<number> {
  return withCustody(options, output, async ({ ledger, hosts, span }) => {
    let isFound = false;
    for (const host of hosts) {
      const history = await ifKnown(ledger.ask('guestHistory', { host, guest, ...span }));
      if (history === undefined || history.runs.length === 0) continue;
      isFound = true;
      if (options.json) {
        output.out(jsonLine(history));
        continue;
      }
      print(output, `guest ${guest} on host ${host}, ${upToText(history)}`);
      for (const { mdev, started, stopped } of history.runs) {
        print(output, `  ran with mdev ${mdev}`);
        print(output, `    from   ${boundaryText(started, '')}`);
        print(output, `    until  ${boundaryText(stopped, 'still running')}`);
      }
      printIntervals(history.queues, true, output);
    }
    if (!isFound) throw new Failure(1, `There was no guest ${guest} in that time.`);
    return 0;
  });
}

/** Exit status 1 when anything was found. */
export async function exposure(options: SpanOptions, output: Output): Promise<number> {
  return withCustody(options, output, async ({ ledger, hosts, span }) => {
    let count = 0;
    for (const host of hosts) {
      for (const one of (await ifKnown(ledger.ask('exposures', { host, ...span })))?.exposures ?? []) {
        count++;
        if (options.json) output.out(jsonLine(one));
        else print(output, `${host}: ${exposureText(one)}`);
      }
    }
    if (!options.json) output.out(count === 0 ? 'No exposure was found.\n' : `${count} found.\n`);
    return count === 0 ? 0 : 1;
  });
}

/** What a command over a span of the log works with. */
interface Asked {
  readonly ledger: Ledger;
  /** The one that was named, or all. */
  readonly hosts: readonly string[];
  readonly span: Span;
}

/** Opens the ledger for reading. Throws Failure or Problem for a host or moment that is not there. */
export async function withCustody<T>(
  options: SpanOptions,
  output: Output,
  work: (asked: Asked) => Promise<T>,
): Promise<T> {
  return withLedger(options, output, async (ledger) => {
    const hosts = await hostsAsked(ledger, options.host);
    const from = options.from === undefined ? undefined : await parseMoment('--from', options.from, ledger);
    const to = options.to === undefined ? undefined : await parseMoment('--to', options.to, ledger);
    if (isReversed(from, to)) throw new Failure(2, `--from ${options.from} lies after --to ${options.to}.`);
    const span = {
      ...(from === undefined ? {} : { from: requestText(from) }),
      ...(to === undefined ? {} : { to: requestText(to) }),
    };
    return work({ ledger, hosts, span });
  });
}

function printIntervals(intervals: readonly CustodyInterval[], isNamed: boolean, output: Output): void {
  for (const interval of intervals) {
    print(output, isNamed ? `  ${interval.apqn}, ${holdersText(interval)}` : `  ${holdersText(interval)}`);
    print(output, `    from   ${boundaryText(interval.from, 'the beginning')}`);
    print(output, `    until  ${boundaryText(interval.until, 'still so')}`);
    if (interval.resetBefore !== null)
      print(output, `    reset since the holder before: ${resetText(interval)}`);
  }
}

const print = (output: Output, text: string): void => output.out(line(text));

/** The options of every command over a span of the log. */
export const spanOptions = {
  ...place,
  ...host,
  from: {
    type: 'string',
    value: 'moment',
    description: 'only what was still so after this position or time',
  },
  to: { type: 'string', value: 'moment', description: 'as of this position or time (default: now)' },
} as const;

export const custodyCommands = [
  command({
    name: 'custody',
    summary: 'print who could use a queue, from when to when, by which fact, and whether it was reset',
    positionals: [{ name: 'apqn', description: 'adapter and domain in hexadecimal, like 05.0047' }],
    options: { ...spanOptions, ...json },
    examples: ["apledger custody 05.0047 --from '2026-11-17 09:14' --to '2026-11-17 09:14'"],
    run: ({ apqn, ...options }, { output }) => custody(apqn, options, output),
  }),
  command({
    name: 'guest-history',
    summary: 'print when a guest ran and which queues it could use',
    positionals: [{ name: 'name', description: 'the guest' }],
    options: { ...spanOptions, ...json },
    examples: ['apledger guest-history guest1'],
    run: ({ name, ...options }, { output }) => guestHistory(name, options, output),
  }),
  command({
    name: 'exposure',
    summary: 'print queues that were handed on without a reset, and what is left open now; status 1 if any',
    options: { ...spanOptions, ...json },
    run: (options, { output }) => exposure(options, output),
  }),
];

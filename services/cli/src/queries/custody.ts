/** `apledger custody`, `guest-history`, `exposure`: who could use which queue when, and what was left open to whom. */
import { parseApqn } from '@apledger/ap';
import type { Moment } from '@apledger/event-log';
import {
  boundaryText,
  type CustodyInterval,
  type CustodyQueries,
  exposureText,
  holdersText,
  resetText,
} from '@apledger/projections';
import { Failure } from '../failure.ts';
import { withLedger } from '../ledger/ledger.ts';
import { jsonLine, line, type Output } from '../output.ts';
import { parseMoment } from './moment.ts';
import type { SpanOptions } from './replay.ts';

/** The custody of one queue, on one host or on all that ever gave it to somebody. */
export async function custody(apqn: string, options: SpanOptions, output: Output): Promise<number> {
  const queue = apqn.toLowerCase();
  if (parseApqn(queue) === undefined)
    throw new Failure(2, `${apqn}: not a queue. Write adapter and domain in hexadecimal, like 05.0047.`);
  return withCustody(options, output, async ({ queries, hosts, span }) => {
    let isHeld = false;
    for (const host of hosts) {
      const report = await queries.custody(host, queue, span);
      if (report === undefined) continue;
      const isHeldHere = report.intervals.some(({ holder }) => holder.kind !== 'nobody');
      if (!isHeldHere && options.host === undefined && hosts.length > 1) continue;
      isHeld ||= isHeldHere;
      if (options.json) output.out(jsonLine(report));
      else {
        print(output, `${queue} on host ${host}, up to position ${report.position}`);
        printIntervals(report.intervals, false, output);
      }
    }
    if (!isHeld && !options.json) output.err(line(`Nobody had ${queue} in that time.`));
    return 0;
  });
}

/** When a guest ran, on whichever host, and what it could use. */
export async function guestHistory(guest: string, options: SpanOptions, output: Output): Promise<number> {
  return withCustody(options, output, async ({ queries, hosts, span }) => {
    let isFound = false;
    for (const host of hosts) {
      const history = await queries.guestHistory(host, guest, span);
      if (history === undefined || history.runs.length === 0) continue;
      isFound = true;
      if (options.json) {
        output.out(jsonLine(history));
        continue;
      }
      print(output, `guest ${guest} on host ${host}, up to position ${history.position}`);
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
  return withCustody(options, output, async ({ queries, hosts, span }) => {
    let count = 0;
    for (const host of hosts) {
      for (const one of (await queries.exposures(host, span)) ?? []) {
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
export interface Asked {
  readonly queries: CustodyQueries;
  /** The one that was named, or all. */
  readonly hosts: readonly string[];
  readonly span: { readonly from?: Moment; readonly to?: Moment };
}

/** Opens the ledger for reading; throws Failure for a host or moment that is not there. */
export async function withCustody<T>(
  options: SpanOptions,
  output: Output,
  work: (asked: Asked) => Promise<T>,
): Promise<T> {
  const { host, from, to } = options;
  return withLedger(options, output, async (ledger) => {
    const known = await ledger.hosts();
    if (host !== undefined && !known.includes(host))
      throw new Failure(
        1,
        `There is no host ${host}. ${known.length === 0 ? 'The log has none.' : `There are ${known.join(', ')}.`}`,
      );
    const span = {
      ...(from === undefined ? {} : { from: await parseMoment('--from', from, ledger) }),
      ...(to === undefined ? {} : { to: await parseMoment('--to', to, ledger) }),
    };
    if (isReversed(span.from, span.to)) throw new Failure(2, `--from ${from} lies after --to ${to}.`);
    return work({ queries: ledger.custody, hosts: host === undefined ? known : [host], span });
  });
}

/** A position and a time are not compared: the span is then empty, which is an answer as well. */
function isReversed(from: Moment | undefined, to: Moment | undefined): boolean {
  if (from === undefined || to === undefined) return false;
  if ('position' in from && 'position' in to) return from.position > to.position;
  return 'time' in from && 'time' in to && from.time > to.time;
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

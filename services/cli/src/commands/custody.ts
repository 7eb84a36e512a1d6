/** `apledger custody`, `guest-history`, `exposure`: who could use which queue when, and what was left open. */
import { formatApqn, readApqn } from '@apledger/ap';
import {
  type CustodyInterval,
  type CustodyReport,
  type GuestHistory,
  Problem,
  type Span,
} from '@apledger/api';
import { command, errorLines, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import {
  boundaryText,
  exposureText,
  fromText,
  holdersText,
  isReversed,
  type Ledger,
  mayReachText,
  resetText,
  stoppedText,
  untilText,
  upToText,
} from '@apledger/ledger';
import { chainText } from '@apledger/projections';
import { counted } from '@apledger/text';
import { hostsAsked, withLedger } from '../ledger.ts';
import { type GivenMoment, MOMENT, parseGiven, parseMoment, requestText, usedSpanText } from '../moment.ts';
import { given, host, json, limitOf, place } from '../options.ts';
import type { SpanOptions } from './replay.ts';

/** The custody of one queue, on one host or on all that ever gave it to somebody. */
async function custody(apqn: string, options: CustodyOptions, output: Output): Promise<number> {
  const queue = queueNamed(apqn);
  const limit = limitOf(options.limit, 'periods', MAX_PERIODS);
  return withCustody(options, output, async ({ eachHost, hosts, span, when }) => {
    let [wasThere, isHeld] = [false, false];
    const chains = new Chains('custody', output);
    await eachHost(async (ledger, host) => {
      const report = await ledger.ask('custody', {
        ...{ host, apqn: queue, ...span },
        ...given({ limit }),
      });
      chains.note(host, report);
      wasThere ||= report.wasThere;
      const { omitted = 0 } = report;
      const isHeldHere = omitted > 0 || report.intervals.some(({ holder }) => holder.kind !== 'nobody');
      isHeld ||= isHeldHere;
      if (!isHeldHere && options.host === undefined && hosts.length > 1) return;
      if (options.json) output.out(jsonLine(report));
      else if (report.wasThere) {
        output.out(line(`${queue} on host ${host}${when}, ${upToText(report)}`));
        if (omitted > 0)
          output.out(line(`  ${counted(omitted, 'earlier period')} left out (--limit ${limit})`));
        printIntervals(report, report.intervals, false, output);
      }
    });
    if (!wasThere) throw new Failure(1, `There is no queue ${queue}${when}, and nobody ever could use it.`);
    if (!isHeld && !options.json) output.err(line(`Nobody had ${queue} in that time.`));
    return chains.status;
  });
}

/** What `--limit` of custody takes at most. */
const MAX_PERIODS = 999_999;

interface CustodyOptions extends SpanOptions {
  readonly limit?: string;
}

/** The name of a queue that a person has written in one of several forms. Throws Failure(2). */
export function queueNamed(text: string, option?: string): string {
  const queue = readApqn(text);
  if (queue !== undefined) return formatApqn(queue);
  const what = option === undefined ? text : `${option} ${text}`;
  throw new Failure(2, `${what}: not a queue. Write adapter and domain in hexadecimal, like 05.0047.`);
}

/** Each queue in turn; the status is the worst of them. */
async function custodyOf(apqns: readonly string[], options: CustodyOptions, output: Output): Promise<number> {
  for (const apqn of apqns) queueNamed(apqn); // all are read before the first is answered
  let status = 0;
  for (const apqn of apqns) status = Math.max(status, await custodyOrWhyNot(apqn, options, output));
  return status;
}

/** A queue that is nowhere does not keep the others from being answered. */
async function custodyOrWhyNot(apqn: string, options: CustodyOptions, output: Output): Promise<number> {
  try {
    return await custody(apqn, options, output);
  } catch (error) {
    if (!(error instanceof Failure && error.status === 1)) throw error;
    output.err(errorLines('apledger', error));
    return 1;
  }
}

/** When a guest ran, on whichever host, and what it could use. */
export async function guestHistory(guest: string, options: SpanOptions, output: Output): Promise<number> {
  return withCustody(options, output, async ({ eachHost, span, when }) => {
    let isFound = false;
    const chains = new Chains('guest-history', output);
    await eachHost(async (ledger, host) => {
      const history = await ledger.ask('guestHistory', { host, guest, ...span });
      chains.note(host, history);
      if (history.runs.length === 0) return;
      isFound = true;
      if (options.json) {
        output.out(jsonLine(history));
        return;
      }
      output.out(line(`guest ${guest} on host ${host}${when}, ${upToText(history)}`));
      for (const run of history.runs) {
        output.out(line(`  ran with mdev ${run.mdev}`));
        output.out(line(`    from   ${boundaryText(run.started, '')}`));
        output.out(line(`    until  ${stoppedText(run)}`));
      }
      printIntervals(history, history.queues, true, output);
    });
    if (!isFound) throw new Failure(1, `There was no guest ${guest}${when || ' in that time'}.`);
    return chains.status;
  });
}

/** Exit status 1 when anything was found, so 2 when it could not look. */
export async function exposure(options: SpanOptions, output: Output): Promise<number> {
  try {
    return await lookForExposures(options, output);
  } catch (error) {
    throw error instanceof Failure ? new Failure(2, error.lines, error) : error;
  }
}

async function lookForExposures(options: SpanOptions, output: Output): Promise<number> {
  return withCustody(options, output, async ({ eachHost, span, when }) => {
    let count = 0;
    const chains = new Chains('exposure', output);
    await eachHost(async (ledger, host) => {
      const { exposures, ...asked } = await ledger.ask('exposures', { host, ...span });
      const { mayReach } = asked;
      chains.note(host, asked);
      if (mayReach !== undefined) output.err(line(`${host}: ${mayReachText(mayReach)}`));
      for (const one of exposures) {
        count++;
        if (options.json) output.out(jsonLine({ ...one, ...asked }));
        else output.out(line(`${host}: ${exposureText(one)}`));
      }
    });
    if (!options.json)
      output.out(line(count === 0 ? `No exposure was found${when}.` : `${count} found${when}.`));
    return count === 0 ? chains.status : 1;
  });
}

/** Says on the error output what is not as it was written, or not looked at yet, of the hosts that an answer is about. */
class Chains {
  readonly #command: string;
  readonly #output: Output;
  /** 1 when something is not as it was written. */
  status = 0;

  constructor(command: string, output: Output) {
    this.#command = command;
    this.#output = output;
  }

  note(host: string, { position, verification }: Pick<CustodyReport, 'position' | 'verification'>): void {
    const text = chainText(verification, position);
    if (text === undefined) return;
    if (verification.problems.length > 0) this.status = 1;
    this.#output.err(line(`apledger ${this.#command}: host ${host}: ${text}`));
  }
}

/** A service lists the hosts that the caller may see, which need not be all. */
const noHostYet = (isService: boolean): string =>
  `There is no host yet${isService ? ', or none that you may see' : ''}, so there is nothing to tell.`;

/** Hosts of which it is said that they were not known in the span. */
const MAX_UNKNOWN = 3;

/** What a command over a span of the log works with. */
interface Asked {
  readonly ledger: Ledger;
  /** The one that was named, or all. */
  readonly hosts: readonly string[];
  readonly span: Span;
  /** The moments that are used, in words: ` as of position 37`, or nothing. */
  readonly when: string;
  /**
   * Asks about each host. Those that were not known in the span are named on standard error. Throws Failure when none was: nothing is
   * known then, which is not the same as nobody.
   */
  eachHost(ask: (ledger: Ledger, host: string) => Promise<void>): Promise<void>;
}

/** Opens the ledger for reading. Throws Failure or Problem for a host or moment that is not there. */
export async function withCustody<T>(
  options: SpanOptions,
  output: Output,
  work: (asked: Asked) => Promise<T>,
): Promise<T> {
  return withLedger(options, output, async (ledger) => {
    const hosts = await hostsAsked(ledger, options.host);
    const [from, to] = await spanOf(options, ledger);
    if (isReversed(from, to)) throw new Failure(2, `--from ${options.from} lies after --to ${options.to}.`);
    const span = {
      ...(from === undefined ? {} : { from: requestText(from) }),
      ...(to === undefined ? {} : { to: requestText(to) }),
    };
    const words = usedSpanText(from, to);
    const eachHost: Asked['eachHost'] = async (ask) => {
      if (hosts.length === 0) throw new Failure(1, noHostYet(options.server !== undefined));
      const unknown: string[] = [];
      for (const [index, host] of hosts.entries()) {
        output.progress(`host ${index + 1} of ${hosts.length}, ${host}`);
        try {
          await ask(ledger, host);
        } catch (error) {
          if (!(error instanceof Problem && error.code === 'unknown-host')) throw error;
          unknown.push(error.message);
        }
      }
      const said = unknown.slice(0, MAX_UNKNOWN);
      if (unknown.length > MAX_UNKNOWN)
        said.push(`The same is true of ${unknown.length - MAX_UNKNOWN} more hosts.`);
      if (unknown.length === hosts.length) throw new Failure(1, said);
      for (const message of said) output.err(line(message));
    };
    return work({ ledger, hosts, span, when: words === '' ? '' : ` ${words}`, eachHost });
  });
}

/** `--from` and `--to`, or `--at` for both. */
async function spanOf(
  { at, from, to }: SpanOptions,
  ledger: Ledger,
): Promise<readonly [GivenMoment | undefined, GivenMoment | undefined]> {
  if (at === undefined)
    return [await parseGiven('--from', from, ledger), await parseGiven('--to', to, ledger)];
  if (from !== undefined || to !== undefined) throw new Failure(2, 'Give either --at, or --from and --to.');
  const moment = await parseMoment('--at', at, ledger);
  return [moment, moment];
}

function printIntervals(
  { knownSince }: CustodyReport | GuestHistory,
  intervals: readonly CustodyInterval[],
  isNamed: boolean,
  output: Output,
): void {
  for (const interval of intervals) {
    output.out(line(isNamed ? `  ${interval.apqn}, ${holdersText(interval)}` : `  ${holdersText(interval)}`));
    output.out(line(`    from   ${fromText(interval, knownSince)}`));
    output.out(line(`    until  ${untilText(interval)}`));
    if (interval.resetBefore !== null)
      output.out(line(`    reset since the holder before: ${resetText(interval)}`));
  }
}

/** The options of every command over a span of the log. */
export const spanOptions = {
  ...place,
  ...host,
  at: { type: 'string', value: 'moment', description: `what was so then: ${MOMENT}` },
  from: { type: 'string', value: 'moment', description: 'only what was still so after this moment' },
  to: { type: 'string', value: 'moment', description: 'as of this moment (default: now)' },
} as const;

export const custodyCommands = [
  command({
    name: 'custody',
    summary: 'print who could use a queue, from when to when, by which fact, and whether it was reset',
    positionals: [
      {
        name: 'apqn',
        description: 'queues: adapter and domain in hexadecimal, like 05.0047 or 5.47',
        many: true,
      },
    ],
    options: {
      ...spanOptions,
      limit: { type: 'string', value: 'n', description: 'the newest n periods only (default: all)' },
      ...json,
    },
    examples: ["apledger custody 05.0047 --at '2026-11-17 09:14'", 'apledger custody 05.0047 05.0048 --json'],
    run: ({ apqn, ...options }, { output }) => custodyOf(apqn, options, output),
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
    examples: ['apledger exposure', "apledger exposure --host zlp1 --from '2026-11-17 09:00'"],
    run: (options, { output }) => exposure(options, output),
  }),
];

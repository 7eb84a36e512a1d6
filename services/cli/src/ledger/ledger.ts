/** What the commands ask of a ledger, wherever it is: a log that this process opens, or a service. */
import type { CommandHandler } from '@apledger/command-handler';
import type { EventLog, Head, Moment, RecordedFact, Verification } from '@apledger/event-log';
import type { CustodyQueries, HostView } from '@apledger/projections';
import type { WhatIf } from '@apledger/what-if';
import { type LogPlace, withLog } from '../data.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import { LocalLedger } from './local.ts';
import { RemoteLedger } from './remote.ts';

/** Which facts. */
export interface Wanted {
  /** Only facts after this position; default 0. */
  readonly after?: number;
  readonly host?: string;
  readonly types?: readonly string[];
}

export interface Question {
  readonly host: string;
  readonly steps: readonly string[];
  /** Default: now. */
  readonly moment?: Moment;
}

export interface Ledger {
  /** Commands, and the states that scripts look at. */
  readonly commands: Pick<CommandHandler, 'submit' | 'state'>;
  readonly custody: CustodyQueries;
  /** Position of the last fact. */
  lastPosition(): Promise<number>;
  /** Names, sorted. */
  hosts(): Promise<readonly string[]>;
  /** The host at a position or time, by default now; undefined when it was not registered then. */
  hostAt(host: string, moment?: Moment): Promise<HostView | undefined>;
  /** The facts that there are, in order. */
  facts(wanted: Wanted): AsyncIterable<RecordedFact>;
  /** Those, and the ones to come, until the signal. */
  follow(wanted: Wanted, signal: AbortSignal): AsyncIterable<RecordedFact>;
  /** Undefined when there was no such host. Throws Failure for a step that cannot be read. */
  whatIf(question: Question): Promise<WhatIf | undefined>;
  /** Recomputes every hash, and compares with heads noted earlier. */
  verify(noted: readonly Head[]): Promise<Verification>;
  /** Forgets the read model and folds the whole log again. */
  rebuild(): Promise<void>;
}

export interface Place extends LogPlace {
  /** Where a service is, `http://127.0.0.1:8642`. */
  readonly server?: string;
}

/** Opens the ledger for the length of `work`. Throws Failure or LogError when it cannot be reached or read. */
export async function withLedger<T>(
  { server, ...place }: Place,
  output: Output,
  work: (ledger: Ledger) => Promise<T>,
  options: { readonly readOnly: boolean } = { readOnly: true },
): Promise<T> {
  if (server === undefined)
    return withLog(place, options, (log) => withLocalLedger(log, place, output, work));
  if (place.data !== undefined || place.log !== undefined)
    throw new Failure(2, 'Give either --server, or --data and --log: the service has a log of its own.');
  return work(new RemoteLedger(server));
}

/** The ledger of a log; without a place nothing is kept of what was folded. */
export async function withLocalLedger<T>(
  log: EventLog,
  place: LogPlace | undefined,
  output: Output,
  work: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const ledger = new LocalLedger(log, place, output);
  try {
    return await work(ledger);
  } catch (error) {
    throw ledger.explained(error);
  } finally {
    await ledger.close();
  }
}

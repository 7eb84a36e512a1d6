/** Where a ledger is: a directory on this machine, a log that a URL names, or a service. The one reading of these options. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@apledger/api';
import { type EventLog, makePrivateDirectory, openLog, sqliteDirectory } from '@apledger/event-log';
import { CacheUnusable, memoryStore, openSqliteStore, type ReadModelStore } from '@apledger/projections';
import { secretFor } from './kept-sessions.ts';
import type { Ledger } from './ledger.ts';
import { LogLedger, type LogLedgerOptions } from './log-ledger.ts';
import { ServiceLedger } from './service-ledger.ts';

const READ_MODEL = 'read-model.sqlite';

/** As the options `--data`, `--log` and `--server` give it. */
export interface Place {
  /** Holds the log unless `log` names another, and what was folded from it. Default: $APLEDGER_DATA, else apledger-data. */
  readonly data?: string | undefined;
  /** `sqlite:DIR`, `nats://…`, `kurrentdb://…`. */
  readonly log?: string | undefined;
  /** Where a service is, `http://127.0.0.1:8642`. */
  readonly server?: string | undefined;
}

/** The directory on this machine that belongs to the log. Throws Problem for a URL that names none. */
export const dataDirectory = ({ data, log }: Place): string =>
  (log === undefined ? undefined : asProblem(() => sqliteDirectory(log))) ??
  data ??
  process.env.APLEDGER_DATA ??
  'apledger-data';

/** Where what was learnt from the log is kept; undefined for a log of servers unless a directory was given for it. */
export const cacheDirectory = (place: Place): string | undefined =>
  place.log === undefined || place.data !== undefined || /^sqlite:/i.test(place.log)
    ? dataDirectory(place)
    : undefined;

export interface OpenLedgerOptions extends Omit<LogLedgerOptions, 'log' | 'store'> {
  /** Only to ask: a log that is not there is not made. */
  readonly readOnly?: boolean;
  /** Keep what was folded from a log of servers too, in the data directory. */
  readonly keepsViews?: boolean;
}

/** Opens the log. Throws LogError when it cannot be used, Problem for a URL that names no log. */
export function openPlacedLog(
  place: Place,
  options: Pick<OpenLedgerOptions, 'readOnly' | 'report'> = {},
): Promise<EventLog> {
  return openIn(place, cacheDirectory(place), options);
}

/** `directory` is where a log of servers may keep what it has learnt. */
function openIn(
  place: Place,
  directory: string | undefined,
  { readOnly = false, report }: Pick<OpenLedgerOptions, 'readOnly' | 'report'>,
): Promise<EventLog> {
  const url = place.log ?? `sqlite:${encodeURIComponent(dataDirectory(place))}`;
  return openLog(url, { readOnly, report, ...(directory !== undefined && { directory }) }).catch(badUrl);
}

/** Opens log and read model. Throws as `openPlacedLog`. */
export async function openLogLedger(place: Place, options: OpenLedgerOptions = {}): Promise<LogLedger> {
  const { readOnly: _, keepsViews = false, ...rest } = options;
  const directory = keepsViews ? dataDirectory(place) : cacheDirectory(place);
  const log = await openIn(place, directory, options);
  if (directory === undefined) return new LogLedger({ log, ...rest });
  const isLocal = place.log === undefined || /^sqlite:/i.test(place.log);
  const files = isLocal
    ? { directory: dataDirectory(place), readModel: join(directory, READ_MODEL) }
    : undefined;
  return new LogLedger({
    log,
    files,
    store: () => storeIn(directory, keepsViews, options.report),
    ...rest,
  });
}

/** The ledger of the place. Throws as `openPlacedLog`, and Problem for what is no address of a service. */
export async function openLedger(place: Place, options: OpenLedgerOptions = {}): Promise<Ledger> {
  if (place.server === undefined) return openLogLedger(place, options);
  if (place.data !== undefined || place.log !== undefined)
    throw new Problem(
      400,
      'no-such-log',
      'Give either --server, or --data and --log: the service has a log of its own.',
    );
  return new ServiceLedger(place.server, secretFor(place.server));
}

/** The read model is a cache: where it cannot be kept, it is kept in memory. Only a directory that was asked for is made. */
function storeIn(
  directory: string,
  isMade: boolean,
  report: (message: string) => void = () => {},
): ReadModelStore {
  try {
    if (isMade) makePrivateDirectory(directory);
    accessSync(directory, constants.W_OK);
    return openSqliteStore(join(directory, READ_MODEL), report);
  } catch (error) {
    if (error instanceof CacheUnusable || isMade)
      report(error instanceof Error ? error.message : String(error));
    return memoryStore();
  }
}

function badUrl(error: unknown): never {
  if (error instanceof TypeError) throw new Problem(400, 'no-such-log', `--log ${error.message}`, {}, error);
  throw error;
}

function asProblem<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return badUrl(error);
  }
}

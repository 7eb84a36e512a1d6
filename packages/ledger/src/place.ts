/** Where a ledger is: a directory on this machine, a log that a URL names, or a service. The one reading of these options. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@apledger/api';
import {
  type EventLog,
  makePrivateDirectory,
  openLog,
  sqliteDirectory,
  textOrFile,
} from '@apledger/event-log';
import {
  CacheUnusable,
  IndexStore,
  memoryStore,
  openSqliteStore,
  type ReadModelStore,
} from '@apledger/projections';
import { TileFiles } from '@apledger/sealer';
import { errorText, redacted } from '@apledger/text';
import { secretFor } from './kept-sessions.ts';
import type { Ledger } from './ledger.ts';
import { LogLedger, type LogLedgerOptions } from './log-ledger.ts';
import type { Current } from './outage/watch.ts';
import { ServiceLedger } from './service-ledger.ts';

const READ_MODEL = 'read-model.sqlite';
const FACT_INDEX = 'fact-index.sqlite';

/** As the options `--data`, `--log` and `--server` give it. */
export interface Place {
  /** Holds the log unless `log` names another, and what was folded from it. Default: $APLEDGER_DATA, else apledger-data. */
  readonly data?: string | undefined;
  /** `sqlite:DIR`, `nats://…`, `kurrentdb://…`, or `@FILE` that holds one. Default: $APLEDGER_LOG. */
  readonly log?: string | undefined;
  /** Where a service is, `http://127.0.0.1:8642`. */
  readonly server?: string | undefined;
}

/**
 * The URL of the log: `--log`, of `@FILE` what the file says, else $APLEDGER_LOG unless `--data` names a directory: so a password need not
 * stand on a command line. Throws Problem for a file that cannot be read.
 */
const urlOf = ({
  data,
  log = data === undefined ? process.env.APLEDGER_LOG : undefined,
}: Place): string | undefined =>
  log === undefined || log === '' ? undefined : asProblem(() => textOrFile(log));

const resolved = (place: Place): Place => ({ ...place, log: urlOf(place) });

/** Where the log is, for messages: without user and password. */
export function logName(place: Place): string {
  const url = urlOf(place);
  if (url === undefined) return dataDirectory(place);
  return /^sqlite:/i.test(url) ? url : redacted(url);
}

/** The directory on this machine that belongs to the log. Throws Problem for a URL that names none. */
export const dataDirectory = (place: Place): string => directoryOf(resolved(place));

const directoryOf = ({ data, log }: Place): string =>
  (log === undefined ? undefined : asProblem(() => sqliteDirectory(log))) ??
  data ??
  process.env.APLEDGER_DATA ??
  'apledger-data';

/** Tiles and checkpoints of a log, below the directory that belongs to it. */
export const tileFilesOf = (directory: string): TileFiles => new TileFiles(join(directory, 'tlog'));

/** Where what was learnt from the log is kept; undefined for a log of servers unless a directory was given for it. */
export const cacheDirectory = (place: Place): string | undefined => {
  const { log, data } = resolved(place);
  return log === undefined || data !== undefined || /^sqlite:/i.test(log) ? dataDirectory(place) : undefined;
};

export interface OpenLedgerOptions extends Omit<LogLedgerOptions, 'log' | 'store' | 'indexStore' | 'tlog'> {
  /** Only to ask: a log that is not there is not made. */
  readonly readOnly?: boolean;
  /** Gets a line every two seconds while the log is searched for in a database that others use as well. */
  readonly onSearch?: (text: string) => void;
  /** Gets up to where an answer is complete that a service gave while its log was away. */
  readonly onMemory?: (current: Current) => void;
  /** Keep what was folded from a log of servers too, in the data directory. */
  readonly keepsViews?: boolean;
  /** Keep an index over the facts in the data directory too. */
  readonly keepsIndex?: boolean;
}

/** The URL by which another thread or process opens the same log. */
export const logUrlOf = (place: Place): string =>
  urlOf(place) ?? `sqlite:${encodeURIComponent(dataDirectory(place))}`;

/** Opens the log. Throws LogError when it cannot be used, Problem for a URL that names no log. */
export function openPlacedLog(
  place: Place,
  options: Pick<OpenLedgerOptions, 'readOnly' | 'report' | 'onSearch'> = {},
): Promise<EventLog> {
  return openIn(place, cacheDirectory(place), options);
}

/** `directory` is where a log of servers may keep what it has learnt. */
function openIn(
  place: Place,
  directory: string | undefined,
  { readOnly = false, report, onSearch }: Pick<OpenLedgerOptions, 'readOnly' | 'report' | 'onSearch'>,
): Promise<EventLog> {
  return openLog(logUrlOf(place), {
    readOnly,
    report,
    ...(directory !== undefined && { directory }),
    ...(onSearch !== undefined && {
      onSearch: (bytes, elapsedMs) => onSearch(searchText(bytes, elapsedMs)),
    }),
  }).catch(badUrl);
}

const searchText = (bytes: number, elapsedMs: number): string =>
  `searching ${Math.round(bytes / 1e6)} MB of the database for the end of this log, for ${Math.round(elapsedMs / 1000)} s so far`;

/** Opens log and read model. Throws as `openPlacedLog`. */
export async function openLogLedger(place: Place, options: OpenLedgerOptions = {}): Promise<LogLedger> {
  const {
    readOnly: _,
    keepsViews = false,
    keepsIndex = false,
    onSearch: _search,
    onMemory: _memory,
    ...rest
  } = options;
  const directory = keepsViews ? dataDirectory(place) : cacheDirectory(place);
  const log = await openIn(place, directory, options);
  if (directory === undefined) return new LogLedger({ log, ...rest });
  const isLocal = /^sqlite:/i.test(urlOf(place) ?? 'sqlite:');
  const files = isLocal
    ? {
        directory: dataDirectory(place),
        readModel: join(directory, READ_MODEL),
        factIndex: join(directory, FACT_INDEX),
      }
    : undefined;
  return new LogLedger({
    log,
    tlog: tileFilesOf(directory),
    files,
    store: () => storeIn(directory, keepsViews, options.report),
    ...(keepsIndex && { indexStore: indexIn(directory, options.report) }),
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
  const { onMemory, onProgress } = options;
  const secret = secretFor(place.server);
  return new ServiceLedger(place.server, { onMemory, secret, ...(onProgress && { onProgress }) });
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
    if (error instanceof CacheUnusable || isMade) report(errorText(error));
    return memoryStore();
  }
}

/** Undefined where it cannot be kept: facts are looked at one by one then. */
function indexIn(directory: string, report: (message: string) => void = () => {}): IndexStore | undefined {
  try {
    return IndexStore.open(join(directory, FACT_INDEX), report);
  } catch (error) {
    if (!(error instanceof CacheUnusable)) throw error;
    report(error.message);
    return undefined;
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

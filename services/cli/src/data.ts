/** Where the log lies: a data directory on this machine, or servers that a URL names; and what is kept beside it. */
import { join } from 'node:path';
import { CommandHandler, snapshotFiles } from '@apledger/command-handler';
import { type EventLog, openLog, openSqliteLog } from '@apledger/event-log';
import { Failure } from './failure.ts';

/** As the options `--log` and `--data` give it. */
export interface LogPlace {
  /** `sqlite:DIR`, `nats://…`, `kurrentdb://…`; without it the log is in the data directory. */
  readonly log?: string;
  /** Holds the log, and the read model beside it. */
  readonly data?: string;
}

/** The directory on this machine that belongs to the log: `sqlite:DIR`, `--data`, $APLEDGER_DATA or ./apledger-data. */
export function dataDirectory({ log, data }: LogPlace): string {
  if (log?.startsWith('sqlite:')) return log.slice('sqlite:'.length);
  return data ?? process.env.APLEDGER_DATA ?? 'apledger-data';
}

/** True for a log of servers: what lies on this machine is at most a cache of it. */
export const isRemote = ({ log }: LogPlace): boolean => log !== undefined && !log.startsWith('sqlite:');

/** Where what was folded from the log is kept; undefined for a log of servers unless a directory was given for it. */
export const cacheDirectory = (place: LogPlace): string | undefined =>
  isRemote(place) && place.data === undefined ? undefined : dataDirectory(place);

/** A command handler on the log, with the snapshots beside it, for the length of `work`. */
export async function withHandler<T>(
  log: EventLog,
  directory: string | undefined,
  work: (handler: CommandHandler) => Promise<T>,
): Promise<T> {
  const snapshots = directory === undefined ? {} : { snapshots: snapshotFiles(join(directory, 'snapshots')) };
  const handler = new CommandHandler(log, snapshots);
  try {
    return await work(handler);
  } finally {
    await handler.close();
  }
}

/** Opens the log, hands it to `work` and closes it. Throws LogError when it cannot be used. */
export async function withLog<T>(
  place: LogPlace,
  options: { readonly readOnly: boolean },
  work: (log: EventLog) => Promise<T>,
): Promise<T> {
  const log = await open(place, options);
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

async function open(place: LogPlace, options: { readonly readOnly: boolean }): Promise<EventLog> {
  if (place.log === undefined || !isRemote(place))
    return openSqliteLog({ directory: dataDirectory(place), ...options });
  try {
    const directory = cacheDirectory(place);
    return await openLog(place.log, directory === undefined ? {} : { directory });
  } catch (error) {
    if (error instanceof TypeError) throw new Failure(2, `--log ${error.message}`);
    throw error;
  }
}

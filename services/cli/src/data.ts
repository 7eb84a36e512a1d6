/** The data directory: where the log and its read model lie. */
import { type EventLog, LogError, openSqliteLog } from '@apledger/event-log';
import { Failure } from './failure.ts';

/** `--data`, else $APLEDGER_DATA, else ./apledger-data. */
export const dataDirectory = (option: string | undefined): string =>
  option ?? process.env.APLEDGER_DATA ?? 'apledger-data';

/** Opens the log, hands it to `work` and closes it. A log that cannot be used ends the command with status 2. */
export async function withLog<T>(
  directory: string,
  options: { readonly readOnly: boolean },
  work: (log: EventLog) => Promise<T>,
): Promise<T> {
  let log: EventLog | undefined;
  try {
    log = await openSqliteLog({ directory, ...options });
    return await work(log);
  } catch (error) {
    if (error instanceof LogError) throw new Failure(2, error.message);
    throw error;
  } finally {
    await log?.close();
  }
}

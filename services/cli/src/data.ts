/** The data directory: where the log and its read model lie. */
import { type EventLog, openSqliteLog } from '@apledger/event-log';

/** `--data`, else $APLEDGER_DATA, else ./apledger-data. */
export const dataDirectory = (option: string | undefined): string =>
  option ?? process.env.APLEDGER_DATA ?? 'apledger-data';

/** Opens the log, hands it to `work` and closes it. Throws LogError when it cannot be used. */
export async function withLog<T>(
  directory: string,
  options: { readonly readOnly: boolean },
  work: (log: EventLog) => Promise<T>,
): Promise<T> {
  const log = await openSqliteLog({ directory, ...options });
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** A read model over the log of a data directory, caught up, for the length of one command. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventLog } from '@apledger/event-log';
import {
  CannotFold,
  memoryStore,
  openReadModel,
  openSqliteStore,
  type ReadModel,
  type ReadModelStore,
} from '@apledger/projections';
import { cacheDirectory, type LogPlace, withLog } from '../data.ts';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';

export interface Ledger {
  readonly log: EventLog;
  readonly readModel: ReadModel;
}

const FILE = 'read-model.sqlite';

/** Opens log and read model for reading; `rebuild` forgets the read model first. */
export async function withLedger<T>(
  place: LogPlace,
  output: Output,
  work: (ledger: Ledger) => Promise<T>,
  { rebuild = false } = {},
): Promise<T> {
  return withLog(place, { readOnly: true }, async (log) => {
    const store = await openStore(place);
    try {
      const readModel = await openReadModel({ log, store });
      const options = { onProgress: progress(output) };
      await (rebuild ? readModel.rebuild(options) : readModel.catchUp(options));
      if (output.isInteractive) output.err('\r\x1b[K');
      return await work({ log, readModel });
    } catch (error) {
      if (error instanceof CannotFold) throw new Failure(2, error.message);
      throw error;
    } finally {
      store.close();
    }
  });
}

/** The read model is a cache: where it cannot be written, this command does without one. */
async function openStore(place: LogPlace): Promise<ReadModelStore> {
  const directory = cacheDirectory(place);
  if (directory === undefined) return memoryStore();
  const isWritable = await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
  return isWritable ? openSqliteStore(join(directory, FILE)) : memoryStore();
}

const progress =
  (output: Output) =>
  ({ done, total, perSecond }: { done: number; total: number; perSecond?: number }): void => {
    if (!output.isInteractive || total === 0) return;
    const speed = perSecond === undefined ? '' : `, ${Math.round(perSecond)} a second`;
    output.err(
      `\rreading the log: ${done} of ${total} facts (${Math.floor((100 * done) / total)} %)${speed}`,
    );
  };

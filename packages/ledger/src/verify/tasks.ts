/** What the verification of a log in a directory consists of: tasks that know nothing of each other, for any thread. */
import {
  type EventLog,
  LogError,
  openSqliteLog,
  type Problem,
  type RangeReport,
  structureProblems,
  verifyRange,
  verifyStream,
} from '@apledger/event-log';
import {
  CacheUnusable,
  CannotFold,
  checkIndex,
  checkStore,
  openSqliteStore,
  openUnwritableStore,
  type ReadModelStore,
} from '@apledger/projections';
import { repack } from './repack.ts';

export type Task =
  | { readonly kind: 'range'; readonly after: number; readonly upTo: number }
  /** Revisions of one stream, both included. */
  | { readonly kind: 'stream'; readonly stream: string; readonly from: number; readonly to: number }
  /** Tables and indexes of the log's file. */
  | { readonly kind: 'structure' }
  /** Every state that the read model keeps, made again. */
  | { readonly kind: 'read-model'; readonly path: string }
  /** Every piece of the index over the facts, made again. */
  | { readonly kind: 'fact-index'; readonly path: string };

export type Result = { readonly range: RangeReport } | { readonly problems: readonly Problem[] };

/** Why the log could not be read, as a LogError says it. */
export interface Failed {
  readonly failed: Pick<LogError, 'code' | 'path' | 'reason'>;
}

/** Carries out tasks on the log in the directory, one after the other. */
export class Tasks {
  readonly #directory: string;
  #log: Promise<EventLog> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async run(task: Task): Promise<Result> {
    if (task.kind === 'structure') return { problems: structureProblems(this.#directory) };
    this.#log ??= openSqliteLog({ directory: this.#directory, readOnly: true });
    const log = await this.#log;
    if (task.kind === 'stream') return { range: await end(verifyStream(log, task, repack)) };
    if (task.kind === 'range') return { range: await end(verifyRange(log, task, repack)) };
    try {
      if (task.kind === 'fact-index') return { problems: await checkIndex(log, task.path) };
      return { problems: await checkReadModel(log, task.path) };
    } catch (error) {
      // What is wrong with the log is found where its facts are read; here it is the reason why nothing can be compared.
      return { problems: [notCompared(error, task.kind)] };
    }
  }

  async close(): Promise<void> {
    await (await this.#log)?.close();
  }
}

async function checkReadModel(log: EventLog, path: string): Promise<readonly Problem[]> {
  const store = storeToCheck(path);
  if (store === undefined) return [];
  try {
    return await end(checkStore(log, store));
  } finally {
    store.close();
  }
}

/** Undefined for a cache that no question would use: of another layout, or damaged, where it cannot be made again. */
function storeToCheck(path: string): ReadModelStore | undefined {
  try {
    return openSqliteStore(path);
  } catch (error) {
    if (!(error instanceof CacheUnusable)) throw error;
  }
  try {
    return openUnwritableStore(path);
  } catch (error) {
    if (error instanceof CacheUnusable) return undefined;
    throw error;
  }
}

/** Throws what is no matter of the log's content. */
function notCompared(error: unknown, kind: 'read-model' | 'fact-index'): Problem {
  const isOfLog = error instanceof CannotFold || (error instanceof LogError && error.code === 'corrupted');
  if (!isOfLog) throw error;
  const what = kind === 'read-model' ? 'the read model' : 'the index over the facts';
  const problem = `${what} cannot be compared with a log that cannot be folded: ${error instanceof LogError ? error.reason : error.message}`;
  return { stream: '', revision: -1, position: error.position ?? 0, problem };
}

async function end<T>(steps: AsyncGenerator<unknown, T>): Promise<T> {
  let step = await steps.next();
  while (!step.done) step = await steps.next();
  return step.value;
}

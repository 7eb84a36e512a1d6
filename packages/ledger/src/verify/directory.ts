/**
 * Verifies a log in a directory of this machine, on all cores: ranges of positions go to as many threads as there are cores, and beside
 * them the structure of the file, the read model and the index over the facts. What the threads report is joined here.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  type EventLog,
  joinVerification,
  LogError,
  type NotedHead,
  type Problem,
  type RangeReport,
  type Verification,
} from '@apledger/event-log';
import { type Failed, type Result, type Task, Tasks } from './tasks.ts';

/** Facts of a task: about two seconds. Below, a thread costs more than it saves. */
const RANGE_FACTS = 50_000;

export interface DirectoryOptions {
  readonly directory: string;
  /** The files of read model and index over the facts, which need not be there. */
  readonly readModel: string;
  readonly factIndex: string;
  readonly noted: readonly NotedHead[];
  readonly onProgress: (text: string) => void;
}

/** Throws LogError for what is no matter of the log's content, and what the read model's fold throws. */
export async function verifyDirectory(log: EventLog, options: DirectoryOptions): Promise<Verification> {
  const { directory, noted, onProgress } = options;
  const lastPosition = await log.lastPosition();
  const ranges: RangeReport[] = [];
  const others: Problem[] = [];
  let facts = 0;
  await carryOut(directory, tasksUpTo(lastPosition, options), (result, index) => {
    if ('range' in result) {
      ranges[index] = result.range;
      facts += result.range.facts;
      onProgress(`verifying: ${facts} of ${lastPosition} facts`);
    } else others.push(...result.problems);
  });
  onProgress('');
  const found = await joinVerification(
    log,
    ranges.filter((range) => range !== undefined),
    noted,
  );
  return { ...found, problems: [...found.problems, ...others] };
}

export interface StreamPart {
  readonly stream: string;
  /** Revisions, both included. */
  readonly from: number;
  readonly to: number;
}

/** Recomputes one stream of the log in the directory, from a revision to another. Reports on its parts, in order. Throws LogError. */
export async function verifyStreamIn(
  directory: string,
  { stream, from, to }: StreamPart,
  onProgress: (text: string) => void,
): Promise<readonly RangeReport[]> {
  const tasks: Task[] = [];
  for (let next = from; next <= to; next += RANGE_FACTS)
    tasks.push({ kind: 'stream', stream, from: next, to: Math.min(next + RANGE_FACTS - 1, to) });
  const ranges: RangeReport[] = [];
  let facts = 0;
  await carryOut(directory, tasks, (result, index) => {
    if (!('range' in result)) return;
    ranges[index] = result.range;
    facts += result.range.facts;
    onProgress(`verifying ${stream}: ${facts} of ${to - from + 1} facts`);
  });
  onProgress('');
  return ranges;
}

/** The long ones first. */
function tasksUpTo(lastPosition: number, { readModel, factIndex }: DirectoryOptions): readonly Task[] {
  const tasks: Task[] = [{ kind: 'structure' }];
  if (existsSync(factIndex)) tasks.push({ kind: 'fact-index', path: factIndex });
  if (existsSync(readModel)) tasks.push({ kind: 'read-model', path: readModel });
  for (let after = 0; after < lastPosition; after += RANGE_FACTS)
    tasks.push({ kind: 'range', after, upTo: Math.min(after + RANGE_FACTS, lastPosition) });
  return tasks;
}

async function carryOut(
  directory: string,
  tasks: readonly Task[],
  done: (result: Result, index: number) => void,
): Promise<void> {
  const queue = [...tasks.entries()];
  const ranges = tasks.filter(({ kind }) => kind === 'range' || kind === 'stream').length;
  if (ranges > 1) {
    const threads = Array.from({ length: Math.min(availableParallelism(), queue.length) }, () =>
      inThread(directory, queue, done),
    );
    await Promise.all(threads);
    return;
  }
  const here = new Tasks(directory);
  try {
    for (const [index, task] of queue) done(await here.run(task), index);
  } finally {
    await here.close();
  }
}

/** One thread, until the queue is empty. */
function inThread(
  directory: string,
  queue: [number, Task][],
  done: (result: Result, index: number) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: directory });
  let index = -1;
  const next = (): void => {
    const task = queue.shift();
    if (task === undefined) worker.postMessage('end');
    else {
      index = task[0];
      worker.postMessage(task[1]);
    }
  };
  const fail = (error: Error): void => {
    queue.length = 0;
    reject(error);
    void worker.terminate();
  };
  worker.on('message', (result: Result | Failed) => {
    if ('failed' in result) {
      const { code, path, reason } = result.failed;
      return fail(new LogError(code, path, reason));
    }
    done(result, index);
    return next();
  });
  worker.once('error', fail);
  worker.once('exit', () => resolve());
  next();
  return promise;
}

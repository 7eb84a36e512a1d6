/** Recomputes the leaves of a log on all cores: threads take runs of it, and what they find is put in order again. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { EvidenceError, HASH_BYTES } from '@apledger/evidence';
import type { FoundLeaf } from './check.ts';

/** Facts, or positions where no fact is known, in one run. */
const RUN = 8192;
/** Runs that wait to be put in order, for each thread. */
const AHEAD = 3;
/** Positions may have gaps so wide that runs of them would be empty: then the log is one run. */
const MAX_RUNS = 1_000_000;

/** What a thread opens. */
export interface LeavesTask {
  /** Of the log. */
  readonly url: string;
  readonly directory?: string | undefined;
}

export interface Run {
  readonly number: number;
  readonly after: number;
  readonly upTo: number;
}

/** Leaves of a run, in columns. */
export interface RunOfLeaves {
  readonly number: number;
  readonly hashes: Uint8Array;
  readonly names: readonly string[];
  readonly streams: readonly number[];
  readonly revisions: readonly number[];
  readonly positions: readonly number[];
  /** Why the rest of the run cannot be read. */
  readonly fault: string | undefined;
}

export interface ParallelOptions extends LeavesTask {
  /** Ends of full tiles, as the sealer noted them; any ascending positions will do. */
  readonly marks: readonly number[];
  readonly lastPosition: number;
  /** Gets the position reached. */
  readonly onProgress?: (position: number) => void;
}

/** The leaves of the whole log, in order, some thousands at a time. Throws EvidenceError at a fact that cannot be read. */
export async function* recomputeLeaves(options: ParallelOptions): AsyncGenerator<readonly FoundLeaf[], void> {
  const runs = runsOf(options);
  const { url, directory } = options;
  const pool = new Pool({ url, directory }, Math.min(availableParallelism(), runs.length));
  try {
    const waiting: Promise<RunOfLeaves>[] = [];
    let next = 0;
    for (let number = 0; number < runs.length; number++) {
      for (; next < runs.length && next - number < pool.size * AHEAD; next++) {
        const run = runs[next];
        if (run !== undefined) waiting.push(pool.take(run));
      }
      const found = await waiting.shift();
      if (found === undefined) break;
      yield leavesIn(found);
      if (found.fault !== undefined) throw new EvidenceError(found.fault);
      options.onProgress?.(runs[number]?.upTo ?? 0);
    }
  } finally {
    await pool.close();
  }
}

function runsOf({ marks, lastPosition }: ParallelOptions): readonly Run[] {
  const ends = marks.filter((_, i) => (i + 1) % 32 === 0);
  const last = ends.at(-1) ?? 0;
  if ((lastPosition - last) / RUN < MAX_RUNS)
    for (let end = last + RUN; end < lastPosition; end += RUN) ends.push(end);
  if (lastPosition > 0 && ends.at(-1) !== lastPosition) ends.push(lastPosition);
  return ends.map((upTo, number) => ({ number, after: ends[number - 1] ?? 0, upTo }));
}

function leavesIn({ hashes, names, streams, revisions, positions }: RunOfLeaves): readonly FoundLeaf[] {
  const all = Buffer.from(hashes.buffer, hashes.byteOffset, hashes.length);
  return positions.map((position, i) => ({
    position,
    stream: names[streams[i] ?? 0] ?? '',
    revision: revisions[i] ?? 0,
    hash: all.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  }));
}

/** Threads that take runs in turn. */
class Pool {
  readonly #workers: readonly Worker[];
  readonly #answers = new Map<number, PromiseWithResolvers<RunOfLeaves>>();
  #turn = 0;

  constructor(task: LeavesTask, size: number) {
    this.#workers = Array.from({ length: size }, () => {
      const worker = new Worker(new URL('leaves-worker.ts', import.meta.url), { workerData: task });
      worker.on('message', (found: RunOfLeaves) => this.#answers.get(found.number)?.resolve(found));
      worker.on('error', (error) => {
        for (const { reject } of this.#answers.values()) reject(error);
      });
      return worker;
    });
  }

  get size(): number {
    return this.#workers.length;
  }

  take(run: Run): Promise<RunOfLeaves> {
    const answer = Promise.withResolvers<RunOfLeaves>();
    answer.promise.catch(() => undefined); // the one who awaits it hears of it
    this.#answers.set(run.number, answer);
    this.#workers[this.#turn++ % this.#workers.length]?.postMessage(run);
    return answer.promise.finally(() => this.#answers.delete(run.number));
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const ended = once(worker, 'exit').catch(() => undefined);
        worker.postMessage('stop');
        await ended;
      }),
    );
  }
}

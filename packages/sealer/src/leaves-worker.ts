/** A thread that recomputes leaves of runs of the log; see parallel.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type EventLog, openLog } from '@apledger/event-log';
import { HASH_BYTES } from '@apledger/evidence';
import { errorText } from '@apledger/text';
import { Leaves } from './leaves.ts';
import type { LeavesTask, Run, RunOfLeaves } from './parallel.ts';

const { url, directory }: LeavesTask = workerData;
const log = await openLog(url, { readOnly: true, ...(directory !== undefined && { directory }) });

parentPort?.on('message', async (run: Run | 'stop') => {
  if (run === 'stop') {
    await log.close();
    parentPort?.close();
    return;
  }
  const found = await leavesOf(log, run);
  parentPort?.postMessage(found, [found.hashes.buffer as ArrayBuffer]);
});

async function leavesOf(log: EventLog, { number, after, upTo }: Run): Promise<RunOfLeaves> {
  const leaves = new Leaves();
  const names = new Map<string, number>();
  const hashes: Buffer[] = [];
  const [streams, revisions, positions]: [number[], number[], number[]] = [[], [], []];
  let fault: string | undefined;
  try {
    for await (const fact of log.readAll({ after, upTo })) {
      const { stream, revision, position } = fact;
      if (!leaves.knows(stream) && revision > 0)
        for await (const before of log.readStream(stream, { from: revision - 1, to: revision - 1 }))
          leaves.begin(stream, before.revision, before.hash);
      hashes.push(leaves.next(fact));
      if (!names.has(stream)) names.set(stream, names.size);
      streams.push(names.get(stream) ?? 0);
      revisions.push(revision);
      positions.push(position);
    }
  } catch (error) {
    fault = errorText(error);
  }
  const all = new Uint8Array(hashes.length * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) all.set(hash, i * HASH_BYTES);
  return { number, hashes: all, names: [...names.keys()], streams, revisions, positions, fault };
}

/** A thread that verifies: takes a task, answers with its result, takes the next one. */
import { parentPort, workerData } from 'node:worker_threads';
import { LogError } from '@apledger/event-log';
import { type Failed, type Result, type Task, Tasks } from './tasks.ts';

/** Classes of errors do not cross threads. */
async function answer(task: Task): Promise<Result | Failed> {
  try {
    return await tasks.run(task);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { failed: { code: error.code, path: error.path, reason: error.reason } };
  }
}

const tasks = new Tasks(String(workerData));
parentPort?.on('message', async (task: Task | 'end') => {
  if (task === 'end') {
    await tasks.close();
    parentPort?.close();
  } else parentPort?.postMessage(await answer(task));
});

/** The thread that reads: the kernel may let a read wait for minutes, and link and spool must go on. */
import { parentPort, workerData } from 'node:worker_threads';
import { Reader, type ReaderOptions, type Scope } from './reader.ts';
import { type Reading, writeReading } from './reading.ts';

// Half of the files of queues are not there; to note where that was found out takes longer than to find it out.
Error.stackTraceLimit = 0;

const { options, reading } = workerData as { readonly options: ReaderOptions; readonly reading: Reading };
const reader = new Reader(options, (path) => writeReading(reading, path));

/** The last answer but for the host, as text. */
let answered = '';

parentPort?.on('message', (scope: Scope) => {
  try {
    const sight = reader.read(scope);
    const rest = JSON.stringify({ ...sight, host: undefined });
    // Nothing is copied from thread to thread, once a second, that the other one has.
    parentPort?.postMessage(sight.host === undefined && rest === answered ? {} : { sight });
    answered = rest;
  } catch (error) {
    parentPort?.postMessage({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
});

/** The reader in its thread. */
import { Worker } from 'node:worker_threads';
import type { ReaderOptions, Scope, Sight } from './reader.ts';
import { newReading, readReading } from './reading.ts';

/** Reads the host. */
export interface HostReader {
  /** One at a time. Rejects with what went wrong in the reader. */
  read(scope: Scope): Promise<Sight>;
  /** The file that is read at the moment, or was read last. */
  readonly file: string;
  close(): Promise<void>;
}

export function startReader(options: ReaderOptions): HostReader {
  const reading = newReading();
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./reader-worker.${extension}`, import.meta.url), {
    workerData: { options, reading },
    // What one look leaves behind is collected early: it stays small, and a second of waiting does not matter.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  worker.unref();
  let waiting: PromiseWithResolvers<Sight> | undefined;
  let isOver = false;
  let last: Sight | undefined;
  worker.on('message', (answer: { readonly sight?: Sight; readonly error?: string }) => {
    if (answer.sight !== undefined) last = answer.sight;
    // Neither of the two: it is all as in the answer before, and so nothing of the host is new.
    if (answer.error !== undefined || last === undefined) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.sight ?? { ...last, host: undefined });
  });
  worker.on('error', (error) => waiting?.reject(error));
  worker.on('exit', () => {
    isOver = true;
    waiting?.reject(new Error('the reader has ended'));
  });
  return {
    async read(scope) {
      if (isOver) throw new Error('the reader has ended');
      waiting = Promise.withResolvers();
      worker.ref();
      worker.postMessage(scope);
      try {
        return await waiting.promise;
      } finally {
        waiting = undefined;
        worker.unref();
      }
    },
    get file() {
      return readReading(reading);
    },
    async close() {
      isOver = true;
      waiting?.reject(new Error('the reader has ended'));
      // A thread that the kernel lets wait ends only when it is let go.
      worker.terminate().catch(() => undefined);
    },
  };
}

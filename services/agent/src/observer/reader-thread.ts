/** The reader in its thread. */
import { once } from 'node:events';
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
  });
  worker.unref();
  return {
    async read(scope) {
      worker.ref();
      worker.postMessage(scope);
      try {
        const [answer] = (await once(worker, 'message')) as [
          { readonly sight?: Sight; readonly error?: string },
        ];
        if (answer.sight === undefined) throw new Error(answer.error);
        return answer.sight;
      } finally {
        worker.unref();
      }
    },
    get file() {
      return readReading(reading);
    },
    async close() {
      await worker.terminate();
    },
  };
}

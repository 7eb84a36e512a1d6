/** What `cat` and `echo >` do, many times, in a process that serves none of the files. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { seconds, serve } from './measure.ts';

export interface Io {
  readonly path: string;
  readonly count: number;
  /** What is written, by turns. */
  readonly texts: readonly string[];
}

await serve({
  /** Open, read, close: a second. */
  read: async ({ path, count }: Io): Promise<number> => {
    const buffer = Buffer.alloc(4096);
    const taken = await seconds(() => {
      for (let n = 0; n < count; n++) {
        const file = openSync(path, 'r');
        readSync(file, buffer);
        closeSync(file);
      }
    });
    return count / taken;
  },

  /** Open with O_TRUNC, write, close: a second. */
  write: async ({ path, count, texts }: Io): Promise<number> => {
    const taken = await seconds(() => {
      for (let n = 0; n < count; n++) {
        const file = openSync(path, 'w');
        writeSync(file, texts[n % texts.length] ?? '');
        closeSync(file);
      }
    });
    return count / taken;
  },
});

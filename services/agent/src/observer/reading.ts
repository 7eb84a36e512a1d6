/** The file that the reader's thread reads at the moment: while it waits, this is how another thread learns for what. */

/** Length, then the path. */
export type Reading = SharedArrayBuffer;

const MAX_PATH = 1000;

/** Room for the length and the bytes of one path. */
export const newReading = (): Reading => new SharedArrayBuffer(4 + MAX_PATH);

/** The thread is about to read this file. */
export function writeReading(reading: Reading, path: string): void {
  const length = Buffer.from(reading, 4).write(path, 'latin1');
  Atomics.store(new Int32Array(reading, 0, 1), 0, length);
}

/** The file that the thread reads, seen from another thread. */
export const readReading = (reading: Reading): string =>
  Buffer.from(reading, 4, Atomics.load(new Int32Array(reading, 0, 1), 0)).toString('latin1');

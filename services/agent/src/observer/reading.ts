/** The file that the reader's thread reads at the moment: while it waits, this is how another thread learns for what. */

/** Length, then the path. */
export type Reading = SharedArrayBuffer;

const MAX_PATH = 1000;

export const newReading = (): Reading => new SharedArrayBuffer(4 + MAX_PATH);

export function writeReading(reading: Reading, path: string): void {
  const length = Buffer.from(reading, 4).write(path, 'latin1');
  Atomics.store(new Int32Array(reading, 0, 1), 0, length);
}

export const readReading = (reading: Reading): string =>
  Buffer.from(reading, 4, Atomics.load(new Int32Array(reading, 0, 1), 0)).toString('latin1');

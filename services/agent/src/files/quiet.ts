/** Files that may be there or not, or may not be ours to read: what cannot be read is undefined. */
import { readdirSync, readFileSync } from 'node:fs';

/** The text of a file. */
export const textOf = (path: string): string | undefined => tried(() => readFileSync(path, 'utf8'));

/** The names in a folder. */
export const namesIn = (folder: string): readonly string[] | undefined => tried(() => readdirSync(folder));

/** What the work gives; undefined where the system refuses it. */
export function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

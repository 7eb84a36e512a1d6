/**
 * Where in the database's log our events lie, so that nobody searches for them among the events of others: where they
 * end, and what need not be looked through before them and between them.
 *
 * Known from what was read; kept in a file for the next process when there is a directory. The file names an event up
 * to which everything was looked at, by its place and id: when that event is not there any more, the database is
 * another one or an older copy, and the file counts for nothing.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './protocol.ts';

/** An event of $all, ours or not. */
export interface Mark extends Place {
  readonly id: string;
}

export interface KnownBounds {
  /** Position of our last event up to `looked`, 0 when there is none. */
  readonly last: number;
  /** The event up to which all were looked at. */
  readonly looked: Mark;
  /** Long runs of others' events: behind our event at a position (0: from the start) none of ours up to a place. */
  readonly skips: readonly (readonly [after: number, commit: number, prepare: number])[];
}

export class BoundsFile {
  readonly #path: string | undefined;

  constructor(directory: string | undefined, place: string, prefix: string) {
    const name = createHash('sha256').update(`${place}\n${prefix}`).digest('hex').slice(0, 16);
    if (directory !== undefined) mkdirSync(directory, { recursive: true });
    this.#path = directory === undefined ? undefined : join(directory, `kurrentdb-${name}.json`);
  }

  /** What a process before this one knew; undefined when nothing was kept, or nothing that can be read. */
  read(): KnownBounds | undefined {
    if (this.#path === undefined) return undefined;
    try {
      const found: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      return isBounds(found) ? found : undefined;
    } catch {
      return undefined;
    }
  }

  /** Never fails: what cannot be kept is searched for again. */
  write(bounds: KnownBounds): void {
    if (this.#path === undefined) return;
    try {
      writeFileSync(`${this.#path}.new`, JSON.stringify(bounds));
      renameSync(`${this.#path}.new`, this.#path);
    } catch {
      // as if there were no directory
    }
  }
}

function isBounds(value: unknown): value is KnownBounds {
  if (typeof value !== 'object' || value === null || !('last' in value && 'looked' in value)) return false;
  const { last, looked } = value;
  if (!Number.isSafeInteger(last) || !isMark(looked)) return false;
  if (!('skips' in value && Array.isArray(value.skips))) return false;
  return value.skips.every(
    (skip) => Array.isArray(skip) && skip.length === 3 && skip.every(Number.isSafeInteger),
  );
}

function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  if (!('commit' in value && 'prepare' in value && 'id' in value)) return false;
  return [value.commit, value.prepare].every(Number.isSafeInteger) && typeof value.id === 'string';
}

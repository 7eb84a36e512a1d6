/** Packed pages from commits: the frames are stored as a reader wants them, but for stream number and position. */

import { cutPage, MAX_PAGE_BYTES, MAX_PAGE_FACTS } from '../packed.ts';
import type { PackedPage } from '../port.ts';
import { positionOf } from './names.ts';
import type { CommitRecord } from './record.ts';

/** A run of facts, by position or by revision, both ends included. */
type FactRange =
  | { readonly by: 'position'; readonly first: number; readonly last: number }
  | { readonly by: 'revision'; readonly first: number; readonly last: number };

/** Numbers for the names of streams, as long as a log is open. */
export class StreamNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly nameOf = (number: number): string => this.#names[number] ?? '';

  of(stream: string): number {
    const known = this.#numbers.get(stream);
    if (known !== undefined) return known;
    const number = this.#names.push(stream) - 1;
    this.#numbers.set(stream, number);
    return number;
  }
}

/** Pages of the facts of commits that lie in the range. */
export async function* pagesOf(
  runs: AsyncIterable<readonly CommitRecord[]>,
  range: FactRange,
  numbers: StreamNumbers,
): AsyncGenerator<PackedPage, void, undefined> {
  let commits: CommitRecord[] = [];
  let facts = 0;
  let bytes = 0;
  for await (const run of runs) {
    for (const commit of run) {
      if (!touches(commit, range)) continue;
      commits.push(commit);
      facts += commit.count;
      bytes += commit.framesLength;
      if (facts < MAX_PAGE_FACTS && bytes < MAX_PAGE_BYTES) continue;
      yield page(commits, range, numbers);
      commits = [];
      facts = 0;
      bytes = 0;
    }
  }
  if (commits.length > 0) yield page(commits, range, numbers);
}

function page(commits: readonly CommitRecord[], range: FactRange, numbers: StreamNumbers): PackedPage {
  const bytes = Buffer.allocUnsafe(commits.reduce((total, commit) => total + commit.framesLength, 0));
  let at = 0;
  for (const commit of commits) {
    commit.copyFrames(bytes, at, numbers.of(commit.stream));
    at += commit.framesLength;
  }
  const { first, last, by } = range;
  const head = commits.at(0);
  const tail = commits.at(-1);
  if (head === undefined || tail === undefined) throw new TypeError('a page without commits');
  const whole = markOf(head, by, 0) >= first && markOf(tail, by, tail.count - 1) <= last;
  const kept = whole ? bytes : cutPage(bytes, (fact) => fact[by] >= first && fact[by] <= last);
  const lastIndex = Math.min(tail.count - 1, last - markOf(tail, by, 0));
  return { bytes: kept, streamName: numbers.nameOf, lastPosition: positionOf(tail.sequence, lastIndex) };
}

/** Whether some fact of the commit lies in the range. */
function touches(commit: CommitRecord, { by, first, last }: FactRange): boolean {
  return markOf(commit, by, commit.count - 1) >= first && markOf(commit, by, 0) <= last;
}

function markOf(commit: CommitRecord, by: FactRange['by'], index: number): number {
  return by === 'position' ? positionOf(commit.sequence, index) : commit.firstRevision + index;
}

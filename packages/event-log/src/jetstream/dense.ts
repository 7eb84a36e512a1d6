/**
 * Notices an event that is lost: the revisions of each stream are dense, so a commit whose first revision is not the
 * next one of its stream shows a gap, whoever made it.
 */

import type { LogError } from '../errors.ts';
import type { CommitRecord } from './record.ts';

/** Commits in order, and the sequence that reading has reached with them: there may be messages that are no commits. */
export interface Run {
  readonly commits: readonly CommitRecord[];
  readonly reached: number;
}

/**
 * Reads all streams from a sequence on. A gap is read again from the last message before it, once; if it is there again
 * that is LogError `corrupted`, which says where. From the first sequence on every stream has to begin at revision 0;
 * from any other one, what came before its first commit is not known.
 */
export async function* dense(
  read: (from: number) => AsyncIterable<Run>,
  from: number,
): AsyncGenerator<Run, void, undefined> {
  const revisions = new Map<string, number>();
  const expected = ({ stream, firstRevision }: CommitRecord): number =>
    revisions.get(stream) ?? (from <= 1 ? 0 : firstRevision);
  let next = from;
  let suspect: CommitRecord | undefined;
  for (;;) {
    let gap: CommitRecord | undefined;
    for await (const run of read(next)) {
      let end = 0;
      for (const commit of run.commits) {
        if (commit.firstRevision !== expected(commit)) {
          gap = commit;
          break;
        }
        revisions.set(commit.stream, commit.lastRevision + 1);
        end += 1;
      }
      const whole = gap === undefined ? run : upTo(run, end, next - 1);
      next = whole.reached + 1;
      if (gap === undefined || end > 0) yield whole;
      if (gap !== undefined) break;
    }
    if (gap === undefined) return;
    if (gap.sequence === suspect?.sequence) throw missing(gap, expected(gap));
    suspect = gap;
  }
}

function upTo({ commits }: Run, end: number, before: number): Run {
  const whole = commits.slice(0, end);
  return { commits: whole, reached: whole.at(-1)?.sequence ?? before };
}

/** Reading may go on with the commit behind the gap. */
function missing(commit: CommitRecord, revision: number): LogError {
  const before = commit.firstPosition - 1;
  return commit.broken(`revision ${revision} is missing before it`, {
    position: before,
    lastPosition: before,
  });
}

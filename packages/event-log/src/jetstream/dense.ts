/**
 * Notices an event that is lost on the way to a reader of all streams, no matter who lost it.
 *
 * All messages of the JetStream stream are the log's, and none is ever deleted, so their sequences are dense: one that
 * does not come is asked for again at once, and order is kept. What cannot be had shows in the revisions of its stream,
 * which are dense too.
 */

import type { CommitRecord, Stored } from './record.ts';

/** Runs of messages from a sequence on; where one is missing, it is read again from there, once. */
export async function* contiguous(
  read: (from: number) => AsyncIterable<readonly Stored[]>,
  from: number,
): AsyncGenerator<readonly Stored[], void, undefined> {
  let next = from;
  /** Sequence that did not come at the second reading either: there is no such message. */
  let absent = 0;
  for (;;) {
    let isWhole = true;
    for await (const run of read(next)) {
      const end = gapIn(run, next, absent);
      const whole = end === undefined ? run : run.slice(0, end);
      next = (whole.at(-1)?.sequence ?? next - 1) + 1;
      if (whole.length > 0) yield whole;
      isWhole = end === undefined;
      if (!isWhole) break;
    }
    if (isWhole) return;
    absent = next;
  }
}

/** Index of the first message of a run that does not follow the one before it. */
function gapIn(run: readonly Stored[], first: number, absent: number): number | undefined {
  let expected = first;
  for (let index = 0; index < run.length; index++) {
    const sequence = run[index]?.sequence ?? 0;
    if (sequence !== expected && expected !== absent) return index;
    expected = sequence + 1;
  }
  return undefined;
}

/** The revisions of all streams that one reading meets. */
export class Revisions {
  readonly #next = new Map<string, number>();
  readonly #isFromStart: boolean;

  /** A reading from message 1 meets every stream at revision 0; for any other, the first commit of each is taken as it is. */
  constructor(from: number) {
    this.#isFromStart = from <= 1;
  }

  /** Throws LogError `corrupted` when a revision is missing before a commit; reading may go on with the commit. */
  follow(commit: CommitRecord): void {
    const { stream, firstRevision, firstPosition, lastRevision } = commit;
    const expected = this.#next.get(stream) ?? (this.#isFromStart ? 0 : firstRevision);
    if (firstRevision !== expected) {
      const before = firstPosition - 1;
      const reason = `revision ${expected} is missing before it`;
      throw commit.broken(reason, { position: before, lastPosition: before });
    }
    this.#next.set(stream, lastRevision + 1);
  }
}

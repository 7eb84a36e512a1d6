/** Commits that fit into a message each. */
import type { Fact } from '@apledger/events';
import type { DraftCommit } from '@apledger/observe';

/** A request to the ledger holds 128 KiB. */
const MAX_BYTES = 64 * 1024;

/** The draft, or several with its facts in their order where they are too many for one message. */
export function pieces(draft: DraftCommit): readonly DraftCommit[] {
  const runs: Fact[][] = [[]];
  let bytes = 0;
  for (const fact of draft.facts) {
    const size = JSON.stringify(fact).length;
    if (bytes + size > MAX_BYTES && bytes > 0) {
      runs.push([]);
      bytes = 0;
    }
    runs.at(-1)?.push(fact);
    bytes += size;
  }
  return runs.map((facts) => ({ ...draft, facts }));
}

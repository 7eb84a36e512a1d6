/** What was observed as commits: numbered, and so small that each fits into a message. */
import type { Commit } from '@apledger/agent-protocol';
import type { Fact } from '@apledger/events';
import { type DraftCommit, factsOf } from '@apledger/observe';
import type { Contents } from './contents.ts';

/** A request to the ledger holds 128 KiB. */
const MAX_BYTES = 64 * 1024;

/** The commits that follow on those of the spool. What went wrong with it is reported in the first of them. */
export function commitsOf(contents: Contents, drafts: readonly DraftCommit[]): Commit[] {
  let sequence = contents.last;
  return drafts.flatMap(pieces).map((draft, index) => {
    sequence += 1;
    const facts = [...factsOf(draft, contents.epoch, sequence)];
    if (index === 0) facts.splice(1, 0, ...troubles(contents));
    return { sequence, occurredAt: draft.occurredAt, actor: draft.actor, facts };
  });
}

function troubles({ dropped, lost }: Contents): readonly Fact[] {
  const facts: Fact[] = [];
  if (lost !== null) facts.push({ type: 'ObservationIncomplete', data: { what: 'spool', reason: lost } });
  if (dropped !== null) facts.push({ type: 'ObservationsDropped', data: dropped });
  return facts;
}

/** The draft, or several with its facts in their order where they are too many for one message. */
function pieces(draft: DraftCommit): readonly DraftCommit[] {
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

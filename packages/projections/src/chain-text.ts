/** Whether the facts that an answer rests on are those that were written, in words. */
import type { Chain } from '@apledger/api';
import { counted } from '@apledger/text';

/** What is to be said of the chain of a host that an answer up to this position rests on; undefined when all of it is as it was written. */
export function chainText({ upTo, problems }: Chain, position: number): string | undefined {
  if (problems.length > 0) return `the log is ${problemsText(problems)}`;
  return upTo < position
    ? `the hashes of its facts are being recomputed, so far up to position ${upTo}; ask again to have them all`
    : undefined;
}

/** At least one: how many there are, and the first. */
export function problemsText(problems: Chain['problems']): string {
  const [{ stream, revision, position, problem } = NO_PROBLEM] = problems;
  const first = `${stream || 'log'}, revision ${revision}, position ${position}: ${problem}`;
  const count = counted(problems.length, 'problem');
  return `NOT AS IT WAS WRITTEN, ${count} (apledger verify lists them), the first: ${first}`;
}

const NO_PROBLEM = { stream: '', revision: 0, position: 0, problem: '' };

/** The results of the mutants as a section of docs/machines.md. */

import { whyEquivalent } from './equivalent.ts';
import type { Verdict } from './judge.ts';
import type { Mutant } from './mutate.ts';

export interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

const BEGIN = '<!-- mutants -->\n';
const END = '<!-- end of mutants -->';

const WORDS = {
  refusal: 'a refusal',
  matrix: 'a matrix or a binding',
  states: 'its state',
  vector: 'a step',
};

function resultOf({ mutant, verdict }: Result): string {
  if (verdict.kind === 'killed') return `${WORDS[verdict.what]} in ${verdict.by}`;
  return `equivalent: ${whyEquivalent(mutant) ?? 'NO: it survived'}`;
}

/** True when the mutant is neither told by an answer nor equivalent. */
export const isMissed = ({ mutant, verdict }: Result): boolean =>
  verdict.kind === 'crash' || (verdict.kind === 'survived' && whyEquivalent(mutant) === undefined);

/** The document with these results between its markers. */
export function withResults(document: string, results: readonly Result[]): string {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error('the document has no place for the mutants');
  const judged = results.filter(({ verdict }) => verdict.kind !== 'never asked');
  const unasked = results.filter(({ verdict }) => verdict.kind === 'never asked');
  const rows = judged.map((result) => `| ${result.mutant.name} | ${resultOf(result)} |`);
  const pairs = [...new Set(unasked.map(({ mutant }) => `\`${mutant.pair}\``))];
  const text = [
    `${judged.length} mutants, of which ${judged.filter(({ verdict }) => verdict.kind === 'killed').length} give another answer.`,
    '',
    '| mutant | told by |',
    '|---|---|',
    ...rows,
    '',
    `No command makes the driver ask about these pairs of state and event: ${pairs.join(', ')}.`,
  ];
  return `${before}${BEGIN}\n${text.join('\n')}\n\n${END}${after}`;
}

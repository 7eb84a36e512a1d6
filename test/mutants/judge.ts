/** Runs mutants against scenarios and vectors until one gives another answer than the driver does. */

import { replayVector, type Vector } from '@apledger/cli/conform';
import { type Mutant, type Pair, pairsAskedBy } from './mutate.ts';
import type { Answer, Scenario } from './scenarios.ts';

export type Verdict =
  /** `by` = where, `what` = which answer differed. */
  | { readonly kind: 'killed'; readonly by: string; readonly what: keyof Answer | 'vector' }
  /** Nothing that any history does makes the driver ask about this pair. */
  | { readonly kind: 'never asked' }
  /** Some history throws, and none gives another answer. */
  | { readonly kind: 'crash' }
  | { readonly kind: 'survived' };

/** A history, what the machines are asked about in it, and how to find a difference. */
interface Case {
  readonly name: string;
  readonly pairs: ReadonlySet<Pair>;
  /** The answer that differs now, `crash`, or undefined. */
  differs(): Promise<keyof Answer | 'vector' | 'crash' | undefined>;
}

/** Learns the right answers, so it must be made while no mutant is in place. */
export async function scenarioCase(scenario: Scenario): Promise<Case> {
  const right: Answer[] = [];
  const pairs = await pairsAskedBy(() => {
    right.push(...scenario.run());
  });
  return { name: scenario.name, pairs, differs: async () => differingAnswer(scenario, right) };
}

const KINDS = ['refusal', 'matrix', 'states'] as const;

/** A state that differs alone does not end the search: a refusal or a matrix may follow from it. */
function differingAnswer(scenario: Scenario, right: readonly Answer[]): keyof Answer | 'crash' | undefined {
  let weakest: 'states' | undefined;
  let at = 0;
  try {
    for (const answer of scenario.run()) {
      const expected = right[at++];
      const kind = KINDS.find((each) => answer[each] !== expected?.[each]);
      if (kind === 'refusal' || kind === 'matrix') return kind;
      weakest ??= kind;
    }
  } catch {
    return weakest ?? 'crash';
  }
  return weakest;
}

export async function vectorCase(vector: Vector): Promise<Case> {
  const name = `vector ${vector.id}`;
  const pairs = await pairsAskedBy(async () => {
    const { mismatch } = await replayVector(vector);
    if (mismatch !== undefined) throw new Error(`${name} differs without a mutant`);
  });
  return {
    name,
    pairs,
    differs: async () => {
      try {
        return (await replayVector(vector)).mismatch === undefined ? undefined : 'vector';
      } catch {
        return 'crash';
      }
    },
  };
}

/** What happens to a mutant: the first strong answer counts, then a state, then a crash. */
export async function judge(mutant: Mutant, cases: readonly Case[]): Promise<Verdict> {
  const concerned = cases.filter(({ pairs }) => pairs.has(mutant.pair));
  if (concerned.length === 0) return { kind: 'never asked' };
  const undo = mutant.inject();
  let verdict: Verdict = { kind: 'survived' };
  try {
    for (const { name, differs } of concerned) {
      const what = await differs();
      if (what === 'crash') {
        if (verdict.kind === 'survived') verdict = { kind: 'crash' };
      } else if (what !== undefined) {
        verdict =
          verdict.kind === 'killed' && what === 'states' ? verdict : { kind: 'killed', by: name, what };
        if (what !== 'states') break;
      }
    }
  } finally {
    undo();
  }
  return verdict;
}

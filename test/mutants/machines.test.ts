/** The machines govern: each of their mutants makes the driver answer differently. In full: `npm run mutants -- machines`. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inRepository } from '../cli/support.ts';
import { judge, scenarioCase } from './judge.ts';
import { allMutants } from './mutate.ts';
import { isMissed, type Result } from './report.ts';
import { scenarios } from './scenarios.ts';

describe('a machine that is wrong in one place', async () => {
  const cases: Awaited<ReturnType<typeof scenarioCase>>[] = [];
  for (const scenario of scenarios()) cases.push(await scenarioCase(scenario));
  const results: Result[] = [];
  for (const mutant of allMutants()) results.push({ mutant, verdict: await judge(mutant, cases) });

  it('makes the driver give another answer, or is equivalent for a reason', () => {
    expect(results.length).toBeGreaterThan(400);
    expect(results.filter(isMissed).map(({ mutant, verdict }) => `${verdict.kind}: ${mutant.name}`)).toEqual(
      [],
    );
  });

  it('is asked about, wherever a transition was removed or weakened', () => {
    const unasked = results.filter(
      ({ mutant, verdict }) => mutant.kind !== 'transition added' && verdict.kind === 'never asked',
    );
    expect(unasked.map(({ mutant }) => mutant.name)).toEqual([]);
  });

  it('is listed in docs/machines.md (if not: npm run mutants -- machines)', () => {
    const document = readFileSync(inRepository('docs/machines.md'), 'utf8');
    const judged = results.filter(({ verdict }) => verdict.kind !== 'never asked');
    const rows = document.split('\n').filter((line) => /^\| (?:guest|adapter-plug|queue): /.test(line));
    // The document holds those too that only a vector asks about.
    const listed = new Set(rows.map((row) => row.split(' | ')[0]?.slice(2)));
    expect(judged.map(({ mutant }) => mutant.name).filter((name) => !listed.has(name))).toEqual([]);
  });

  it('leaves the right machine behind', async () => {
    for (const { name, differs } of cases) expect(await differs(), name).toBeUndefined();
  });
});

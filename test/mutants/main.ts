/** `npm run mutants -- machines`: judges every mutant of the machines and writes the results into docs/machines.md. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readVectors, type Vector } from '@apledger/cli/conform';
import { judge, scenarioCase, vectorCase } from './judge.ts';
import { allMutants } from './mutate.ts';
import { isMissed, type Result, withResults } from './report.ts';
import { scenarios } from './scenarios.ts';

const VECTORS_OF_A_FILE = 5;
const vectorFolder = new URL('../vectors/', import.meta.url);
const documentUrl = new URL('../../docs/machines.md', import.meta.url);

async function chosenVectors(): Promise<Vector[]> {
  const chosen: Vector[] = [];
  for (const file of readdirSync(vectorFolder, { recursive: true }).map(String).sort()) {
    if (!file.endsWith('.gz')) continue;
    let count = 0;
    for await (const { vector } of readVectors(new URL(file, vectorFolder).pathname)) {
      if (count++ === VECTORS_OF_A_FILE) break;
      chosen.push(vector);
    }
  }
  return chosen;
}

async function main(what: string | undefined): Promise<number> {
  if (what !== 'machines') {
    console.error('usage: npm run mutants -- machines');
    return 2;
  }
  // One after the other: what a case asks the machines is watched while it runs.
  const cases = [];
  for (const scenario of scenarios()) cases.push(await scenarioCase(scenario));
  for (const vector of await chosenVectors()) cases.push(await vectorCase(vector));
  const results: Result[] = [];
  for (const mutant of allMutants()) results.push({ mutant, verdict: await judge(mutant, cases) });
  writeFileSync(documentUrl, withResults(readFileSync(documentUrl, 'utf8'), results));
  const missed = results.filter(isMissed);
  for (const { mutant, verdict } of missed) console.error(`${verdict.kind}: ${mutant.name}`);
  const judged = results.filter(({ verdict }) => verdict.kind !== 'never asked').length;
  console.log(`${judged} mutants judged, ${missed.length} missed; see docs/machines.md`);
  return missed.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv[2]);

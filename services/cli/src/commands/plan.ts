/** `apledger plan FILE`: the steps that bring a host to the state that a file asks for; nothing is recorded. */
import { writeFile } from 'node:fs/promises';
import { type DesiredHost, type Planned, parseDesired, planFile } from '@apledger/changes';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { HostState } from '@apledger/host';
import { hostNames, type Ledger, type Place } from '@apledger/ledger';
import { inputText, unusable } from '../input.ts';
import { hostAsked, noHost, withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';
import { planText } from './plan-text.ts';

interface PlanOptions extends Place {
  readonly json?: boolean;
  readonly out?: string;
}

/** As every command that plans takes it. */
export const outOption = {
  out: {
    type: 'string',
    value: 'plan',
    description: 'keep the plan in this file, for apledger apply; - for standard output',
  },
} as const;

/** Prints the plan; the exit status is 1 when it is not to be carried out, and 2 when the file cannot be read. */
async function plan(path: string, options: PlanOptions, output: Output): Promise<number> {
  const desired = await readDesired(path);
  return withLedger(options, output, async (ledger) => {
    const state = await ledger.state(desired.host);
    if (state === undefined)
      throw new Failure(2, `${path}: ${noHost(desired.host, await hostNames(ledger))}`);
    return showPlanned(planFile(state, desired), state, options, output);
  });
}

/** Prints what was planned, and keeps it where that was asked for. Resolves with the exit status. */
export async function showPlanned(
  made: Planned,
  { position }: HostState,
  { out, json: isJson }: Pick<PlanOptions, 'out' | 'json'>,
  output: Output,
): Promise<number> {
  const isGood = made.problems.length === 0;
  if (out === '-') {
    if (made.plan === null) output.err(planText(made, position));
    else output.out(documentText(made.plan));
    return isGood ? 0 : 1;
  }
  output.out(isJson ? jsonLine({ ...made, position }) : planText(made, position));
  if (out === undefined || made.plan === null) return isGood ? 0 : 1;
  await writeFile(out, documentText(made.plan)).catch((error: unknown) => {
    throw unusable(out, error, '--out');
  });
  const kept = `Kept as ${out}, plan ${made.plan.planHash.slice(0, 12)}. To carry it out: apledger apply ${out}`;
  if (!isJson) output.out(`\n${line(kept)}`);
  return 0;
}

const documentText = (plan: object): string => `${JSON.stringify(plan, null, 2)}\n`;

/** The host that was named, or the only one, as it is. Throws Failure for none. */
export async function stateAsked(ledger: Ledger, host: string | undefined): Promise<HostState> {
  const name = await hostAsked(ledger, host);
  const state = await ledger.state(name);
  if (state === undefined) throw new Failure(1, noHost(name, await hostNames(ledger)));
  return state;
}

/** Throws Failure, a line for each problem with its place. */
async function readDesired(path: string): Promise<DesiredHost> {
  const read = parseDesired(await inputText(path));
  if ('desired' in read) return read.desired;
  throw new Failure(
    2,
    read.problems.map(({ line, column, problem }) => `${path}:${line}:${column}: ${problem}`),
  );
}

export const planCommand = command({
  name: 'plan',
  summary: 'plan the steps that bring a host to the state that a file asks for; nothing is recorded',
  positionals: [
    { name: 'file', description: 'a desired state in YAML (docs/changes.md), - for standard input' },
  ],
  options: { ...place, ...outOption, ...json },
  examples: [
    'apledger plan prod7.yaml',
    'apledger plan prod7.yaml --out tonight.plan',
    'apledger export prod7 | apledger plan -',
  ],
  run: ({ file, ...options }, { output }) => plan(file, options, output),
});

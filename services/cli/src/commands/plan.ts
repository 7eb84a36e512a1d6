/** `apledger plan FILE`: the steps that bring a host to the state that a file asks for; nothing is recorded. */
import { type DesiredHost, type Plan, parseDesired, planOf } from '@apledger/changes';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { hostNames, type Place } from '@apledger/ledger';
import { visible } from '@apledger/text';
import { inputText } from '../input.ts';
import { noHost, withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

interface PlanOptions extends Place {
  readonly json?: boolean;
}

/** Prints the plan; the exit status is 1 when it is not to be carried out, and 2 when the file cannot be read. */
async function plan(path: string, options: PlanOptions, output: Output): Promise<number> {
  const desired = await readDesired(path);
  return withLedger(options, output, async (ledger) => {
    const state = await ledger.state(desired.host);
    if (state === undefined)
      throw new Failure(2, `${path}: ${noHost(desired.host, await hostNames(ledger))}`);
    const made = planOf(state, desired);
    const position = state.position;
    output.out(options.json ? jsonLine({ ...made, position }) : planText(made, position));
    return made.problems.length > 0 ? 1 : 0;
  });
}

/** Throws Failure, a line for each problem with its place. */
async function readDesired(path: string): Promise<DesiredHost> {
  const read = parseDesired(await inputText(path));
  if ('desired' in read) return read.desired;
  throw new Failure(
    2,
    read.problems.map(({ line, column, problem }) => `${path}:${line}:${column}: ${problem}`).join('\n'),
  );
}

function planText(made: Plan, position: number): string {
  const { host, driver, steps, problems, warnings, back } = made;
  const lines = [
    `Plan for host ${host}, driver ${driver}, as of position ${position}. Nothing of this is recorded.`,
    '',
    ...(problems.length > 0 ? refusedText(made) : steps.length === 0 ? ['Nothing has to be done.'] : []),
    ...(problems.length > 0 ? [] : stepsText(made)),
    ...warnings.map((warning) => `Note: ${warning}`),
    ...(problems.length > 0 || steps.length === 0
      ? []
      : ['', `The way back. It gives back assignments, not what a reset has wiped:`]),
    ...(problems.length > 0 ? [] : back.map(({ step, text }) => `${String(step).padStart(3)}  ${text}`)),
  ];
  return lines.map((text) => line(visible(text))).join('');
}

function refusedText({ steps, problems }: Plan): string[] {
  return [
    'This plan is not to be carried out:',
    ...problems.flatMap(({ step, problem, help }) => [
      `  ${step === null ? '' : `step ${step}: `}${problem}`,
      ...(help === '' ? [] : [`    ${help}`]),
    ]),
    ...(steps.length === 0 ? [] : ['', 'The steps until then:']),
    ...steps.map(({ step, text }) => `${String(step).padStart(3)}  ${text}`),
  ];
}

function stepsText({ steps, lost, gained, hostQueues, interruptions, handovers }: Plan): string[] {
  const list = (queues: readonly string[]): string => queues.join(', ');
  return [
    ...steps.map(({ step, text }) => `${String(step).padStart(3)}  ${text}`),
    '',
    ...lost.map(({ guest, queues }) => `Guest ${guest} would lose ${list(queues)}.`),
    ...gained.map(({ guest, queues }) => `Guest ${guest} would gain ${list(queues)}.`),
    ...(hostQueues.lost.length > 0 ? [`The host would lose ${list(hostQueues.lost)}.`] : []),
    ...(hostQueues.gained.length > 0 ? [`The host would gain ${list(hostQueues.gained)}.`] : []),
    ...interruptions.map(
      ({ guest, queues, from, until }) =>
        `Guest ${guest} would be without ${list(queues)} from step ${from} ${until === null ? 'on' : `to step ${until}`}, as the file allows.`,
    ),
    ...handovers.map(
      ({ queue, from, to, step }) =>
        `${queue} would come from guest ${from} to ${to === 'host' ? 'the host' : `guest ${to}`} in step ${step} without a reset, as the file allows.`,
    ),
  ];
}

export const planCommand = command({
  name: 'plan',
  summary: 'plan the steps that bring a host to the state that a file asks for; nothing is recorded',
  positionals: [
    { name: 'file', description: 'a desired state in YAML (docs/changes.md), - for standard input' },
  ],
  options: { ...place, ...json },
  examples: ['apledger plan prod7.yaml', 'apledger export prod7 | apledger plan -'],
  run: ({ file, ...options }, { output }) => plan(file, options, output),
});

/** `apledger run FILE`: a script of the kernel documentation's shell examples, on simulated hosts. */
import { hostname, userInfo } from 'node:os';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { openMemoryLog } from '@apledger/event-log';
import { type Ledger, LogLedger, type Place } from '@apledger/ledger';
import { parseScript, ScriptError, type Step } from '@apledger/script';
import { visibleLines } from '@apledger/text';
import { inputName, inputText } from '../input.ts';
import { Interpreter, type StepResult } from '../interpreter.ts';
import { hostsAsked, using, withLedger } from '../ledger.ts';
import { json, writtenPlace } from '../options.ts';
import { refusalLines } from '../refusal-lines.ts';

interface RunOptions extends Place {
  readonly json?: boolean;
  readonly host?: string;
  /** Print every line before it is carried out, as `sh -x` does. */
  readonly trace?: boolean;
}

/** Carries out a script; the exit status is 1 when any step did not end as it had to. */
export async function run(file: string, options: RunOptions, output: Output): Promise<number> {
  const steps = readSteps(file, await inputText(file));
  const work = (ledger: Ledger): Promise<number> => runSteps(ledger, file, steps, options, output);
  const { data, log, server } = options;
  if (data !== undefined || log !== undefined || server !== undefined)
    return withLedger(options, output, work, { readOnly: false });
  const status = await using(new LogLedger({ log: openMemoryLog() }), work);
  output.note('apledger run: nothing was kept; --data DIR appends to a log\n');
  return status;
}

function readSteps(file: string, script: string): Step[] {
  try {
    return parseScript(script);
  } catch (error) {
    if (error instanceof ScriptError)
      throw new Failure(2, `${inputName(file)}: ${error.message}. Nothing was carried out.`);
    throw error;
  }
}

async function runSteps(
  ledger: Ledger,
  file: string,
  steps: readonly Step[],
  { host, json, trace }: RunOptions,
  output: Output,
): Promise<number> {
  const name = file === '-' ? 'stdin' : file;
  const hosts = await hostsAsked(ledger, host);
  const [only] = hosts;
  const interpreter = new Interpreter({
    ledger,
    user: `${userInfo().username}@${hostname()}`,
    name,
    ...(only !== undefined && hosts.length === 1 ? { host: only } : {}),
  });
  let status = 0;
  for (const step of steps) {
    if (trace) output.err(line(`+ ${step.source}`));
    const result = await interpreter.run(step);
    if (!result.asExpected) status = 1;
    if (json) output.out(jsonLine(asJson(result)));
    else print(result, name, output);
  }
  return status;
}

const asJson = ({ step, errno, output, message, refusal, isBlocked, facts, asExpected }: StepResult) => ({
  line: step.line,
  op: step.source,
  errno,
  output,
  ...(message === '' ? {} : { message }),
  ...(refusal === undefined
    ? {}
    : { explanation: refusal.explanation, conflicts: refusal.conflicts, remedy: refusal.remedy }),
  ...(isBlocked ? { blocked: true } : {}),
  asExpected,
  events: facts,
});

/** As a shell: output, then the complaint; the driver's reasons follow, indented. */
function print(
  { step, output: text, message, refusal, isBlocked, asExpected, errno }: StepResult,
  name: string,
  output: Output,
): void {
  output.out(visibleLines(text));
  if (message !== '') output.err(line(`${name}: line ${step.line}: ${message}`));
  if (refusal !== undefined) output.err(refusalLines(refusal));
  if (isBlocked)
    output.err(line(`${name}: line ${step.line}: the writer sleeps until the guest closes the mdev`));
  if (!asExpected && errno === null)
    output.err(line(`${name}: line ${step.line}: succeeded, but ! says that it must fail`));
}

export const runCommand = command({
  name: 'run',
  summary: 'run a script in the shell spelling of the kernel documentation; - reads standard input',
  positionals: [{ name: 'file', description: 'the script' }],
  options: {
    ...writtenPlace,
    host: {
      type: 'string',
      value: 'name',
      description: 'what the steps are about until the script names another one (default: the only host)',
    },
    trace: { type: 'boolean', short: 'x', description: 'print every line before it is carried out' },
    ...json,
  },
  examples: [
    'apledger run examples/01-three-guests.sh',
    'apledger run -x script.sh --data ledger',
    'apledger run - < script.sh',
    'apledger run --host zlp1 --server https://ledger.example:8642 script.sh',
  ],
  run: ({ file, ...options }, { output }) => run(file, options, output),
});

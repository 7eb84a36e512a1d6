/** `apledger run FILE`: a script of the kernel documentation's shell examples, on simulated hosts. */
import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import type { CommandHandler } from '@apledger/command-handler';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { hostOf } from '@apledger/events';
import { parseScript, ScriptError, type Step } from '@apledger/script';
import { cacheDirectory, type LogPlace, withHandler, withLog } from './data.ts';
import { Failure } from './failure.ts';
import { jsonLine, type Output } from './output.ts';
import { Interpreter, type StepResult } from './script/interpreter.ts';

export interface RunOptions extends LogPlace {
  readonly json?: boolean;
  /** Print every line before it is carried out, as `sh -x` does. */
  readonly trace?: boolean;
}

/** Carries out a script; the exit status is 1 when any step did not end as it had to. */
export async function run(file: string, options: RunOptions, output: Output): Promise<number> {
  const steps = readSteps(file, await readScript(file));
  const place = options.data === undefined && options.log === undefined ? undefined : options;
  const work = (log: EventLog): Promise<number> =>
    withHandler(log, place && cacheDirectory(place), (handler) =>
      runSteps({ log, handler }, file, steps, options, output),
    );
  return place === undefined ? work(openMemoryLog()) : withLog(place, { readOnly: false }, work);
}

async function readScript(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure(2, `${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function readSteps(file: string, script: string): Step[] {
  try {
    return parseScript(script);
  } catch (error) {
    if (error instanceof ScriptError)
      throw new Failure(2, `${file}: ${error.message}. Nothing was carried out.`);
    throw error;
  }
}

async function runSteps(
  { log, handler }: { readonly log: EventLog; readonly handler: CommandHandler },
  file: string,
  steps: readonly Step[],
  { json, trace }: RunOptions,
  output: Output,
): Promise<number> {
  const name = file === '-' ? 'stdin' : file;
  const heads = await log.heads();
  const [only] = heads;
  const interpreter = new Interpreter({
    handler,
    user: `${userInfo().username}@${hostname()}`,
    name,
    ...(only !== undefined && heads.length === 1 ? { host: hostOf(only.stream) ?? only.stream } : {}),
  });
  let status = 0;
  for (const step of steps) {
    if (trace) output.err(`+ ${step.source}\n`);
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
  output.out(text);
  if (message !== '') output.err(`${name}: line ${step.line}: ${message}\n`);
  if (refusal !== undefined)
    output.err(
      `    ${refusal.errno}: ${refusal.explanation}\n${refusal.remedy === '' ? '' : `    ${refusal.remedy}\n`}`,
    );
  if (isBlocked)
    output.err(`${name}: line ${step.line}: the writer sleeps until the guest closes the mdev\n`);
  if (!asExpected && errno === null)
    output.err(`${name}: line ${step.line}: succeeded, but ! says that it must fail\n`);
}

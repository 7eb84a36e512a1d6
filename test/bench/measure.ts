/**
 * How figures are taken here: several rounds in which every contender has its turn, forwards and backwards, so that a slow minute of a
 * shared machine hits all of them; then the median of the rounds, and ratios only between figures of one round.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './table.ts';

/** The middle value; the mean of the two middle ones when their number is even. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which the share `q` of the values lies, interpolated; NaN for no values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? Number.NaN;
  return low + (high - low) * (at - Math.floor(at));
}

/** Seconds that the work takes. */
export async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** One of several that do the same job; gives how much it did per second. */
export interface Contender<Name extends string = string> {
  readonly name: Name;
  readonly perSecond: () => Promise<number>;
}

/** Figures by contender; index = round. */
export type Rounds<Name extends string = string> = ReadonlyMap<Name, readonly number[]>;

/** Runs the contenders in rounds: A B C, C B A, A B C and so on. */
export async function takeRounds<Name extends string>(
  rounds: number,
  contenders: readonly Contender<Name>[],
  label: string,
): Promise<Rounds<Name>> {
  const figures = new Map<Name, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, perSecond } of round % 2 === 0 ? contenders : contenders.toReversed()) {
      progress(`${label}, round ${round + 1} of ${rounds}: ${name}`);
      figures.get(name)?.push(await perSecond());
    }
  }
  return figures;
}

/** Median of the ratios of each round; undefined when one of the two was not measured. */
export function ratio<Name extends string>(rounds: Rounds<Name>, of: Name, to: Name): number | undefined {
  const divisors = rounds.get(to);
  const values = rounds.get(of);
  if (divisors === undefined || values === undefined) return undefined;
  return median(values.map((value, round) => value / (divisors[round] ?? Number.NaN)));
}

/** Says on stderr what is being done. */
export function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

/** The row, said at once as well: the next one may take minutes. */
export function announced(row: Row): Row {
  progress(`${row.bench}: ${row.what}: ${row.value}`);
  return row;
}

/** What a task gave, and the most memory that its process ever had resident. */
export interface Alone<T> {
  readonly result: T;
  readonly peakMb: number;
}

/** Tasks of a module that runs in a process of its own. */
export type Tasks = Readonly<Record<string, (input: never) => Promise<unknown>>>;

/** Runs one task of a module of this folder in a fresh process, so that neither its memory nor its heap is anybody else's. */
export function runAlone<T>(module: string, task: string, input: unknown): Promise<Alone<T>> {
  return new Promise((resolve, reject) => {
    // stdout is for the table alone; peers print to it as they like.
    const child = fork(join(import.meta.dirname, module), [task, JSON.stringify(input)], {
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let answer: Alone<T> | undefined;
    child.on('message', (message) => {
      answer = message as Alone<T>;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (answer !== undefined && code === 0) resolve(answer);
      else reject(new Error(`${module} ${task} ended with ${signal ?? `status ${code}`}`));
    });
  });
}

/** In the module that `runAlone` names: carries out the task that was asked for. */
export async function serve(tasks: Tasks): Promise<void> {
  const [name = '', input = 'null'] = process.argv.slice(2);
  const task = tasks[name];
  if (task === undefined || process.send === undefined) throw new Error(`no task ${name} here`);
  const result = await task(JSON.parse(input) as never);
  process.send({ result, peakMb: peakMb() }, undefined, {}, () => process.disconnect());
}

/**
 * Most resident memory of this process so far. Linux hands `maxRSS` on from the process that forked this one, as far as it was larger;
 * `VmHWM` begins anew with each program.
 */
function peakMb(): number {
  if (process.platform === 'linux') {
    const peak = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (peak !== undefined) return Number(peak) / 1024;
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** Work on the whole log: one of each kind at a time. Who names a run asks again until it is done, and waits no longer at a time than proxies do. */
import { Problem } from '@apledger/api';
import type { LogLedger } from '../log-ledger.ts';
import { withinTime } from '../within-time.ts';

/** Below what clients and proxies wait for an answer. */
const WAIT_MS = 20_000;
/** So long its result is kept for one who named the run and has not come for it. */
const KEPT_MS = 600_000;

interface Run {
  readonly id: string | undefined;
  readonly result: Promise<unknown>;
  isOver: boolean;
}

const runs = new WeakMap<LogLedger, Map<string, Run>>();

/**
 * Begins the work, or waits on for the run that has this id. Throws Problem: `overloaded` while the same work is under way for somebody
 * else, `not-done` to one who named the run, when it takes longer.
 */
export async function alone<T>(
  ledger: LogLedger,
  name: string,
  id: string | undefined,
  work: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  const known = runs.get(ledger) ?? new Map<string, Run>();
  runs.set(ledger, known);
  const before = known.get(name);
  const isOurs = before !== undefined && id !== undefined && before.id === id;
  if (before?.isOver === false && !isOurs)
    throw new Problem(503, 'overloaded', `A ${name} is under way already; ask again when it is done.`);
  const run = isOurs ? before : begin(known, name, id, work);
  const result = run.result as Promise<T>;
  return id === undefined ? result : withinTime(result, waitMs, () => notDone(name, ledger.progress));
}

function begin(
  known: Map<string, Run>,
  name: string,
  id: string | undefined,
  work: () => Promise<unknown>,
): Run {
  const run: Run = { id, result: work(), isOver: false };
  const forget = (): void => {
    if (known.get(name) === run) known.delete(name);
  };
  const ended = (): void => {
    run.isOver = true;
    if (id === undefined) forget();
    else setTimeout(forget, KEPT_MS).unref();
  };
  known.set(name, run);
  run.result.then(ended, ended);
  return run;
}

function notDone(name: string, progress: string): Problem {
  const where = progress === '' ? '' : ` (${progress})`;
  return new Problem(504, 'not-done', `The ${name} is under way${where}. Ask again with the same run.`);
}

/** `apledger lab guest|card|hardware|scan`: what no file of sysfs can do, to a host that another process may show. */
import { hostname, userInfo } from 'node:os';
import { Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { type Ledger, lastPosition, type Place } from '@apledger/ledger';
import { Interpreter } from '../interpreter.ts';
import { hostAsked, withLogLedger } from '../ledger.ts';
import { refusalLines } from '../refusal-lines.ts';
import { stepOf } from './words.ts';

export interface ActOptions extends Place {
  /** May be left out while the log has one host only. */
  readonly host?: string;
  readonly json?: boolean;
}

/** Carries out one line of a script, given as words; the exit status is 1 when it was refused. */
export async function act(words: readonly string[], options: ActOptions, output: Output): Promise<number> {
  const step = stepOf(words);
  return withLogLedger(options, output, async (ledger) => {
    const host = await labHost(ledger, options.host);
    const user = `${userInfo().username}@${hostname()}`;
    const interpreter = new Interpreter({ ledger, user, name: 'lab', host });
    const { errno, message, refusal, isBlocked, facts } = await interpreter.run(step);
    if (options.json) output.out(jsonLine({ host, op: step.source, errno, ...refusal, isBlocked, facts }));
    else if (errno !== null) output.err(line(`apledger: ${message}`));
    if (!options.json && refusal !== undefined) output.err(refusalLines(refusal));
    return errno === null ? 0 : 1;
  });
}

async function labHost(ledger: Ledger, host: string | undefined): Promise<string> {
  if ((await lastPosition(ledger)) === 0)
    throw new Failure(2, 'The log has no host yet: apledger lab mount HOST makes one.');
  return hostAsked(ledger, host);
}

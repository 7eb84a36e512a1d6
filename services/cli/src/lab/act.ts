/** `apledger lab guest|card|hardware|scan`: what no file of sysfs can do, to a host that another process may show. */
import { hostname, userInfo } from 'node:os';
import { Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { hostNames, type Place } from '@apledger/ledger';
import { Interpreter } from '../interpreter.ts';
import { withLogLedger } from '../ledger.ts';
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
    const hosts = await hostNames(ledger);
    const host = options.host ?? (hosts.length === 1 ? hosts[0] : undefined);
    if (host === undefined || !hosts.includes(host)) throw new Failure(2, noHost(options.host, hosts));
    const user = `${userInfo().username}@${hostname()}`;
    const interpreter = new Interpreter({ ledger, user, name: 'lab', host });
    const { errno, message, refusal, isBlocked, facts } = await interpreter.run(step);
    if (options.json) output.out(jsonLine({ host, op: step.source, errno, ...refusal, isBlocked, facts }));
    else if (errno !== null) output.err(line(`apledger: ${message}`));
    if (!options.json && refusal !== undefined) output.err(refusalLines(refusal));
    return errno === null ? 0 : 1;
  });
}

function noHost(asked: string | undefined, hosts: readonly string[]): string {
  if (hosts.length === 0) return 'the log has no host yet: apledger lab mount HOST makes one';
  const known = `there ${hosts.length === 1 ? 'is' : 'are'} ${hosts.join(', ')}`;
  return asked === undefined ? `which host? --host NAME; ${known}` : `there is no host ${asked}; ${known}`;
}

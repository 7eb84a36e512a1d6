/** `apledger what-if STEP...`: what steps would do, now or at a past moment; nothing is recorded. */
import type { WhatIf } from '@apledger/what-if';
import { Failure } from '../failure.ts';
import { type Ledger, type Place, withLedger } from '../ledger/ledger.ts';
import { jsonLine, type Output } from '../output.ts';
import { parseMoment } from './moment.ts';
import { whatIfText } from './what-if-text.ts';

export interface WhatIfOptions extends Place {
  readonly host?: string;
  readonly at?: string;
  readonly json?: boolean;
}

/** Prints the answer; the exit status is 1 when any step would be refused or would make its writer sleep. */
export async function whatIf(
  steps: readonly string[],
  options: WhatIfOptions,
  output: Output,
): Promise<number> {
  return withLedger(options, output, async (ledger) => {
    const answer = await answered(ledger, steps, options);
    output.out(options.json ? jsonLine(answer) : whatIfText(answer));
    return answer.steps.some(({ outcome }) => outcome === 'refused' || outcome === 'blocked') ? 1 : 0;
  });
}

async function answered(ledger: Ledger, steps: readonly string[], options: WhatIfOptions): Promise<WhatIf> {
  const { at } = options;
  const hosts = await ledger.hosts();
  const host = options.host ?? (hosts.length === 1 ? hosts[0] : undefined);
  const there = hosts.length === 0 ? 'The log has none.' : `There are ${hosts.join(', ')}.`;
  if (host === undefined) throw new Failure(2, `Which host? Name it with --host. ${there}`);
  if (!hosts.includes(host)) throw new Failure(2, `There is no host ${host}. ${there}`);
  const moment = at === undefined ? {} : { moment: await parseMoment('--at', at, ledger) };
  const answer = await ledger.whatIf({ host, steps, ...moment });
  if (answer === undefined) throw new Failure(2, `There was no host ${host} at ${at}.`);
  return answer;
}

/** `apledger what-if STEP...`: what steps would do, now or at a past moment; nothing is recorded. */
import type { WhatIf } from '@apledger/api';
import { command, Failure, type Output } from '@apledger/command-line';
import type { Ledger, Place } from '@apledger/ledger';
import { inputText } from '../input.ts';
import { answerLine, hostAsked, ifKnown, withLedger } from '../ledger.ts';
import { MOMENT, parseMoment, usedText } from '../moment.ts';
import { json, place } from '../options.ts';
import { whatIfText } from './what-if-text.ts';

interface WhatIfOptions extends Place {
  readonly host?: string;
  readonly at?: string;
  readonly json?: boolean;
}

/** Prints the answer; the exit status is 1 when any step would be refused or would make its writer sleep. */
async function whatIf(words: readonly string[], options: WhatIfOptions, output: Output): Promise<number> {
  const steps = (await Promise.all(words.map(stepsIn))).flat();
  return withLedger(options, output, async (ledger) => {
    const answer = await answered(ledger, steps, options);
    output.out(options.json ? answerLine(ledger, answer) : whatIfText(answer, usedIn(answer)));
    return answer.steps.some(({ outcome }) => outcome === 'refused' || outcome === 'blocked') ? 1 : 0;
  });
}

/** A step as it stands, or the lines of standard input, without comments. */
async function stepsIn(word: string): Promise<readonly string[]> {
  if (word !== '-') return [word];
  return (await inputText(word)).split('\n').filter((step) => !/^\s*(?:#|$)/.test(step));
}

async function answered(ledger: Ledger, steps: readonly string[], options: WhatIfOptions): Promise<WhatIf> {
  const { at } = options;
  const host = await hostAsked(ledger, options.host);
  const moment = at === undefined ? {} : await parseMoment('--at', at, ledger);
  const answer = await ifKnown(ledger.ask('whatIf', { host, steps, ...moment }));
  if (answer === undefined) throw new Failure(1, `There was no host ${host} at ${usedText(moment)}.`);
  return answer;
}

/** The moment that was asked for, in words. */
const usedIn = ({ asOf }: WhatIf): string => (asOf === undefined ? '' : `${usedText(asOf)}, `);

export const whatIfCommand = command({
  name: 'what-if',
  summary:
    'say what steps, each a line as in a script, would do to a host, and to who uses it; nothing is recorded',
  positionals: [
    {
      name: 'step',
      description: "a line of a script, like 'guest stop web'; - reads lines from standard input",
      many: true,
    },
  ],
  options: {
    ...place,
    host: { type: 'string', value: 'name', description: 'the host (default: the only one)' },
    at: { type: 'string', value: 'moment', description: `as of then: ${MOMENT}` },
    ...json,
  },
  examples: [
    "apledger what-if 'card 06 config=0'",
    'apledger what-if - --host zlp1 < steps.sh',
    "apledger what-if --at 30 'guest stop guest1'",
  ],
  run: ({ step, ...options }, { output }) => whatIf(step, options, output),
});

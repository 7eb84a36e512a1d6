/** `apledger what-if STEP...`: what steps would do, now or at a past moment; nothing is recorded. */
import type { WhatIf } from '@apledger/api';
import { command, Failure, type Output } from '@apledger/command-line';
import { GENERATION_NAMES, type Generation } from '@apledger/events';
import type { Ledger, Place } from '@apledger/ledger';
import { inputText } from '../input.ts';
import { answerLine, hostAsked, ifKnown, withLedger } from '../ledger.ts';
import { MOMENT, parseMoment, usedText } from '../moment.ts';
import { json, place } from '../options.ts';
import { upgradeText } from './upgrade-text.ts';
import { whatIfText } from './what-if-text.ts';

interface WhatIfOptions extends Place {
  readonly host?: string;
  readonly at?: string;
  readonly driver?: Generation;
  readonly json?: boolean;
}

/** Prints the answer; the exit status is 1 when any step would be refused or would make its writer sleep. */
async function whatIf(words: readonly string[], options: WhatIfOptions, output: Output): Promise<number> {
  const { driver } = options;
  if ((driver === undefined) === (words.length === 0)) throw new Failure(2, 'Give either steps or --driver.');
  const steps = (await Promise.all(words.map(stepsIn))).flat();
  return withLedger(options, output, async (ledger) => {
    if (driver !== undefined) return rehearsed(driver, options, ledger, output);
    const answer = await answered(ledger, steps, options);
    output.out(options.json ? answerLine(ledger, answer) : whatIfText(answer, usedIn(answer)));
    return answer.steps.some(({ outcome }) => outcome === 'refused' || outcome === 'blocked') ? 1 : 0;
  });
}

/** Prints what another generation of the driver would do with the host; the exit status is 1 when that is not the same. */
async function rehearsed(
  driver: Generation,
  { host, at, json: isJson }: WhatIfOptions,
  ledger: Ledger,
  output: Output,
): Promise<number> {
  if (at !== undefined)
    throw new Failure(2, 'With --driver, the host is taken as it is now: leave out --at.');
  const answer = await ledger.ask('upgrade', { host: await hostAsked(ledger, host), driver });
  output.out(isJson ? answerLine(ledger, answer) : upgradeText(answer));
  return answer.refused.length + answer.guests.length + answer.mdevs.length === 0 ? 0 : 1;
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
/** A position stands in the answer anyway. */
const usedIn = ({ asOf }: WhatIf): string =>
  asOf === undefined || 'position' in asOf ? '' : `${usedText(asOf)}, `;

export const whatIfCommand = command({
  name: 'what-if',
  summary:
    'say what steps, each a line as in a script, would do to a host, and to who uses it; nothing is recorded',
  positionals: [
    {
      name: 'step',
      description: "a line of a script, like 'guest stop web'; - reads lines from standard input",
      many: true,
      optional: true,
    },
  ],
  options: {
    ...place,
    host: { type: 'string', value: 'name', description: 'the host (default: the only one)' },
    at: { type: 'string', value: 'moment', description: `as of then: ${MOMENT}` },
    driver: {
      type: 'string',
      value: 'generation',
      choices: GENERATION_NAMES,
      description: 'instead of steps: what this generation of the driver would do with the host',
    },
    ...json,
  },
  examples: [
    "apledger what-if 'card 06 config=0'",
    'apledger what-if - --host zlp1 < steps.sh',
    "apledger what-if --at 30 'guest stop guest1'",
    'apledger what-if --driver 7.3',
  ],
  run: ({ step, ...options }, { output }) => whatIf(step, options, output),
});

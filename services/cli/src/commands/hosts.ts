/** `apledger hosts`: which hosts there are, now or at a moment, each with its last fact. */
import type { HostHead } from '@apledger/api';
import { command, jsonLine, line, type Output } from '@apledger/command-line';
import { hostHeads, orLaterText, type Place } from '@apledger/ledger';
import { withLedger } from '../ledger.ts';
import { MOMENT, parseGiven, usedText } from '../moment.ts';
import { json, place } from '../options.ts';

interface HostsOptions extends Place {
  readonly at?: string;
  readonly find?: string;
  readonly json?: boolean;
}

async function hosts({ at, find, json, ...where }: HostsOptions, output: Output): Promise<number> {
  return withLedger(where, output, async (ledger) => {
    const moment = (await parseGiven('--at', at, ledger)) ?? {};
    const asked = { ...moment, ...(find !== undefined && { find }) };
    const heads = await hostHeads(ledger, asked);
    const when = at === undefined ? '' : ` at ${usedText(moment)}`;
    if (json) for (const head of heads) output.out(jsonLine(head));
    else if (heads.length === 0)
      output.note(line(`There is no host${find === undefined ? '' : ` with ${find} in its name`}${when}.`));
    else {
      if (when !== '') output.note(line(`As it was${when}.`));
      const width = Math.max(...heads.map(({ host }) => host.length));
      for (const head of heads) output.out(headLine(head, width));
    }
    return 0;
  });
}

const headLine = (head: HostHead, width: number): string =>
  line(
    `${head.host.padEnd(width)}  revision ${head.revision}, position ${head.position}, ${head.occurredAt}${orLaterText(head)}`,
  );

export const hostsCommand = command({
  name: 'hosts',
  summary: 'print which hosts there are, each with its last fact',
  options: {
    ...place,
    at: { type: 'string', value: 'moment', description: `as of then: ${MOMENT}` },
    find: { type: 'string', value: 'text', description: 'only hosts with this in their name' },
    ...json,
  },
  examples: ['apledger hosts', 'apledger hosts --find prod --at yesterday'],
  run: (options, { output }) => hosts(options, output),
});

/** `apledger diff --from A --to B`: what differs between two moments. */
import { command, Failure, line, type Output } from '@apledger/command-line';
import { isReversed, lastPosition, mayReachText } from '@apledger/ledger';
import { describeChange } from '@apledger/projections/host';
import { answerLine, hostsAsked, ifKnown, withLedger } from '../ledger.ts';
import { MOMENT, parseMoment, requestText, usedSpanText } from '../moment.ts';
import { host, json, place } from '../options.ts';
import type { SpanOptions } from './replay.ts';

interface DiffOptions extends SpanOptions {
  readonly from: string;
}

async function diff({ host, from, to, json, ...where }: DiffOptions, output: Output): Promise<number> {
  return withLedger(where, output, async (ledger) => {
    const first = await parseMoment('--from', from, ledger);
    const last =
      to === undefined ? { position: await lastPosition(ledger) } : await parseMoment('--to', to, ledger);
    const span = { from: requestText(first), to: requestText(last) };
    if (isReversed(first, last)) throw new Failure(2, `--from ${from} lies after --to ${to ?? 'now'}.`);
    const names = await hostsAsked(ledger, host);
    output.note(line(`What differs ${usedSpanText(first, last)}:`));
    for (const name of names) {
      // A host that was not there at either moment has not changed.
      const found = await ifKnown(ledger.ask('diff', { host: name, ...span }));
      const changes = found?.changes ?? [];
      for (const reach of json ? [] : [found?.fromMayReach, found?.toMayReach])
        if (reach !== undefined) output.err(line(`${name}: ${mayReachText(reach)}`));
      if (json) output.out(answerLine(ledger, { host: name, from: first, to: last, ...found, changes }));
      else for (const change of changes) output.out(line(`${name}: ${describeChange(change)}`));
    }
    return 0;
  });
}

export const diffCommand = command({
  name: 'diff',
  summary: 'print what differs between two moments',
  options: {
    ...place,
    ...host,
    from: { type: 'string', value: 'moment', required: true, description: MOMENT },
    to: { type: 'string', value: 'moment', description: 'the other moment (default: now)' },
    ...json,
  },
  examples: ['apledger diff --from 5', "apledger diff --from '2026-11-17 09:14' --to '2026-11-18'"],
  run: (options, { output }) => diff(options, output),
});

/** `apledger diff --from A --to B`: what differs between two moments. */
import { diffViews } from '@apledger/projections';
import { describeChange } from '@apledger/projections/host';
import { Failure } from '../failure.ts';
import { withLedger } from '../ledger/ledger.ts';
import { jsonLine, line, type Output } from '../output.ts';
import { parseMoment } from './moment.ts';
import type { SpanOptions } from './replay.ts';

export async function diff({ host, from, to, json, ...place }: SpanOptions, output: Output): Promise<number> {
  if (from === undefined) throw new Failure(2, 'diff needs --from, a position or a time.');
  return withLedger(place, output, async (ledger) => {
    const first = await parseMoment('--from', from, ledger);
    const last =
      to === undefined ? { position: await ledger.lastPosition() } : await parseMoment('--to', to, ledger);
    const hosts = await ledger.hosts();
    if (host !== undefined && !hosts.includes(host)) throw new Failure(1, `There is no host ${host}.`);
    for (const name of host === undefined ? hosts : [host]) {
      const changes = diffViews(await ledger.hostAt(name, first), await ledger.hostAt(name, last));
      if (json) output.out(jsonLine({ host: name, changes }));
      else for (const change of changes) output.out(line(`${name}: ${describeChange(change)}`));
    }
    return 0;
  });
}

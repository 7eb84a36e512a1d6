/** `apledger diff --from A --to B`: what differs between two moments. */
import { diffViews } from '@apledger/projections';
import { describeChange } from '@apledger/projections/host';
import { Failure } from '../failure.ts';
import { jsonLine, type Output } from '../output.ts';
import { parseMoment } from './moment.ts';
import { withLedger } from './read-model.ts';
import type { SpanOptions } from './replay.ts';

export async function diff({ host, from, to, json, ...place }: SpanOptions, output: Output): Promise<number> {
  if (from === undefined) throw new Failure(2, 'diff needs --from, a position or a time.');
  return withLedger(place, output, async ({ log, readModel }) => {
    const first = await parseMoment('--from', from, log);
    const last =
      to === undefined ? { position: await log.lastPosition() } : await parseMoment('--to', to, log);
    const hosts = await readModel.hosts();
    if (host !== undefined && !hosts.includes(host)) throw new Failure(1, `There is no host ${host}.`);
    for (const name of host === undefined ? hosts : [host]) {
      const changes = diffViews(await readModel.hostAt(name, first), await readModel.hostAt(name, last));
      if (json) output.out(jsonLine({ host: name, changes }));
      else for (const change of changes) output.out(`${name}: ${describeChange(change)}\n`);
    }
    return 0;
  });
}

/** `apledger rebuild`: forgets the read model and folds the whole log again. */
import { command, jsonLine, line } from '@apledger/command-line';
import { counted } from '@apledger/text';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

export const rebuildCommand = command({
  name: 'rebuild',
  summary: 'forget the read model and fold the whole log again',
  options: { ...place, ...json },
  examples: ['apledger rebuild', 'apledger rebuild --server http://127.0.0.1:8642 --json'],
  run: (options, { output }) =>
    withLedger(options, output, async (ledger) => {
      const rebuilt = await ledger.ask('rebuild', {});
      const { position, hosts, milliseconds, kept } = rebuilt;
      if (options.json) output.out(jsonLine(rebuilt));
      else if (kept !== false)
        output.out(
          line(
            `Rebuilt the matrices of ${counted(hosts, 'host')} up to position ${position} in ${milliseconds} ms.`,
          ),
        );
      if (kept === false)
        output.err(
          line('apledger: nothing was rebuilt: there is no data directory here that this user can write to'),
        );
      return kept === false ? 2 : 0;
    }),
});

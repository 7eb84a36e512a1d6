/** `apledger rebuild`: forgets the read model and folds the whole log again. */
import { type Place, withLedger } from '../ledger/ledger.ts';
import { jsonLine, line, type Output } from '../output.ts';

export async function rebuild(options: Place & { readonly json?: boolean }, output: Output): Promise<number> {
  const started = performance.now();
  return withLedger(options, output, async (ledger) => {
    await ledger.rebuild();
    const position = await ledger.lastPosition();
    const hosts = (await ledger.hosts()).length;
    const milliseconds = Math.round(performance.now() - started);
    if (options.json) output.out(jsonLine({ position, hosts, milliseconds }));
    else
      output.out(
        line(`Rebuilt the matrices of ${hosts} hosts up to position ${position} in ${milliseconds} ms.`),
      );
    return 0;
  });
}

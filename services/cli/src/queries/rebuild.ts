/** `apledger rebuild`: forgets the read model and folds the whole log again. */
import type { LogPlace } from '../data.ts';
import { jsonLine, type Output } from '../output.ts';
import { withLedger } from './read-model.ts';

export async function rebuild(
  options: LogPlace & { readonly json?: boolean },
  output: Output,
): Promise<number> {
  const started = performance.now();
  return withLedger(
    options,
    output,
    async ({ log, readModel }) => {
      const position = await log.lastPosition();
      const hosts = (await readModel.hosts()).length;
      const milliseconds = Math.round(performance.now() - started);
      if (options.json) output.out(jsonLine({ position, hosts, milliseconds }));
      else
        output.out(
          `Rebuilt the matrices of ${hosts} hosts up to position ${position} in ${milliseconds} ms.\n`,
        );
      return 0;
    },
    { rebuild: true },
  );
}

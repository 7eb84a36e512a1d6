/** `npm start`: the founding document's worked example, into a durable log, and the matrices rebuilt from that log. */
import { fileURLToPath } from 'node:url';
import { command, line, type Output } from '@apledger/command-line';
import { openSqliteLog } from '@apledger/event-log';
import { dataDirectory, type Place } from '@apledger/ledger';
import { logPlace } from '../options.ts';
import { run } from './run.ts';
import { show } from './show.ts';
import { verify } from './verify.ts';

const EXAMPLE = fileURLToPath(new URL('../../../../examples/01-three-guests.sh', import.meta.url));

async function demo(options: Place, output: Output): Promise<number> {
  const data = dataDirectory(options);
  if (await isEmpty(data)) {
    output.out(line(`Playing examples/01-three-guests.sh into the log in ${data}:`));
    output.out('\n');
    const status = await run(EXAMPLE, { data, trace: true }, output);
    if (status !== 0) return status;
  } else {
    output.out(line(`The log in ${data} is kept as it is.`));
  }
  output.out('\nThe matrices, rebuilt from the log:\n\n');
  for (const thing of ['host', 'mdev', 'guest'] as const) {
    await show(thing, undefined, { data }, output);
    output.out('\n');
  }
  const status = await verify({ data }, output);
  output.out(`
Try:  npx apledger replay --data ${data}
      npx apledger show guest guest1 --data ${data}
      npx apledger what-if --data ${data} 'card 06 config=0'
      npx apledger run examples/03-hot-plug.sh
`);
  return status;
}

async function isEmpty(directory: string): Promise<boolean> {
  const log = await openSqliteLog({ directory });
  try {
    return (await log.lastPosition()) === 0;
  } finally {
    await log.close();
  }
}

export const demoCommand = command({
  name: 'demo',
  summary: 'play the worked example of the founding document, unless the log has facts already',
  options: logPlace,
  examples: ['apledger demo --data /tmp/apledger'],
  run: (options, { output }) => demo(options, output),
});

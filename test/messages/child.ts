/**
 * The processes that tests kill: `node child.ts relay DIRECTORY URL` relays a log and prints the positions that are acknowledged;
 * `node child.ts subscribe URL FILE [NAME]` writes the position of each fact as a line to a file and to its output. Without a name the
 * file is its memory: it goes on behind the last line. With one the broker's is.
 */
import { appendFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
import { openSqliteLog } from '@apledger/event-log';
import { relay, subscribe } from '@apledger/messages/nats';
import { connectNats } from '@apledger/nats';
import { natsServers } from '@apledger/nats/address';

const [, , task, ...args] = process.argv;
if (task === 'relay') await relayAll(args[0] ?? '', args[1] ?? '');
else await writeDown(args[0] ?? '', args[1] ?? '', args[2]);

async function relayAll(directory: string, url: string): Promise<void> {
  const log = await openSqliteLog({ directory, readOnly: true });
  const { signal } = new AbortController();
  await relay({
    log,
    server: natsServers(url),
    signal,
    onState: (state) => {
      if (state.state === 'acknowledged') writeSync(1, `${state.position}\n`);
    },
  });
}

async function writeDown(url: string, file: string, name: string | undefined): Promise<void> {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const position = Number(lines.at(-2) ?? 0);
  const connection = await connectNats(natsServers(url), 'child');
  const facts = await subscribe({
    connection,
    ...(name === undefined ? { from: { position } } : { name, from: 'start' as const }),
  });
  for await (const { recorded } of facts) {
    appendFileSync(file, `${recorded.position}\n`);
    writeSync(1, `${recorded.position}\n`);
  }
}

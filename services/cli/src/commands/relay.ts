/** `apledger relay`: publishes the facts of a log on NATS until it is told to stop. */

import { join } from 'node:path';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { cacheDirectory, openPlacedLog, type Place } from '@apledger/ledger';
import { noteInFile, noteName, type RelayState, relay as relayLog } from '@apledger/messages/nats';
import { type NatsOptions, natsOptions, serverOf } from '../nats.ts';
import { logPlace } from '../options.ts';

interface RelayCommandOptions extends NatsOptions, Place {
  readonly replicas?: string;
}

/** Runs until `signal`; what is on its way then is waited for. */
async function relay(options: RelayCommandOptions, output: Output, signal: AbortSignal): Promise<number> {
  const server = serverOf(options);
  const { stream, replicas = '1' } = options;
  if (replicas !== '1' && replicas !== '3')
    throw new Failure(2, `--replicas ${replicas}: a stream has 1 copy, or 3.`);
  const say = (text: string): void => output.err(line(`apledger relay: ${text}`));
  const remark = (text: string): void => output.note(line(`apledger relay: ${text}`));
  const log = await openPlacedLog(options, { readOnly: true });
  const directory = cacheDirectory(options);
  try {
    await relayLog({
      log,
      server,
      signal,
      replicas: Number(replicas),
      ...(stream !== undefined && { stream }),
      ...(directory !== undefined && { note: noteInFile(join(directory, noteName(stream))) }),
      onState: reporter(say, output),
    });
    remark('stopped');
    return 0;
  } finally {
    await log.close();
  }
}

/** Says what changed: a broker that stays away is mentioned once. */
function reporter(say: (text: string) => void, output: Output): (state: RelayState) => void {
  let last = '';
  return (state) => {
    if (state.state === 'acknowledged') output.progress(`published up to position ${state.position}`);
    const text = describe(state);
    if (text === undefined || text === last) return;
    last = text;
    say(text);
  };
}

function describe(state: RelayState): string | undefined {
  switch (state.state) {
    case 'publishing':
      return `publishing the facts after position ${state.after}`;
    case 'waiting':
      return `waiting: ${state.reason}`;
    case 'not-published':
      return `the fact at position ${state.position} cannot be published: ${state.reason}; a dead letter in its place records the reason`;
    case 'acknowledged':
      return undefined;
  }
}

export const relayCommand = command({
  name: 'relay',
  summary: 'publish the facts of the log on NATS JetStream, until SIGTERM',
  options: {
    ...natsOptions,
    ...logPlace,
    replicas: {
      type: 'string',
      value: 'n',
      description: 'copies of the stream when it is created: 1 or 3 (default: 1)',
    },
  },
  examples: ['apledger relay --nats nats://127.0.0.1:4222'],
  run: (options, { output, signal }) => relay(options, output, signal),
});

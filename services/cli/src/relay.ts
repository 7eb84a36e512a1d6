/** `apledger relay`: publishes the facts of a log on NATS until it is told to stop. */
import { type RelayState, relay as relayLog } from '@apledger/relay';
import { type LogPlace, withLog } from './data.ts';
import { Failure } from './failure.ts';
import { connectionOptions, type NatsOptions, natsUrl } from './nats.ts';
import { line, type Output } from './output.ts';

export interface RelayCommandOptions extends NatsOptions, LogPlace {
  readonly replicas?: string;
}

/** Runs until `signal`; what is on its way then is waited for. */
export async function relay(
  options: RelayCommandOptions,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const url = natsUrl(options);
  const { stream, replicas = '1' } = options;
  if (replicas !== '1' && replicas !== '3')
    throw new Failure(2, `--replicas ${replicas}: a stream has 1 copy, or 3.`);
  const say = (text: string): void => output.err(line(`apledger relay: ${text}`));
  return withLog(options, { readOnly: true }, async (log) => {
    await relayLog({
      log,
      url,
      connection: connectionOptions(options),
      signal,
      replicas: Number(replicas),
      ...(stream !== undefined && { stream }),
      onState: reporter(say),
    });
    say('stopped');
    return 0;
  });
}

/** Says what changed: a broker that stays away is mentioned once. */
function reporter(say: (text: string) => void): (state: RelayState) => void {
  let last = '';
  return (state) => {
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
      return `the fact at position ${state.position} cannot be published: ${state.reason}; a letter says so in its place`;
    case 'acknowledged':
      return undefined;
  }
}

/** `--nats` and `--creds`: the way to a NATS server, for the commands that need one. */
import { Failure, type Options } from '@apledger/command-line';
import { natsServers, type ServerOptions } from '@apledger/nats/address';
import { errorText } from '@apledger/text';

export interface NatsOptions {
  readonly nats?: string;
  readonly creds?: string;
  readonly stream?: string;
}

/** The options of every command that uses NATS. */
export const natsOptions = {
  nats: {
    type: 'string',
    value: 'url',
    description:
      'nats://[user:password@]host:port, or @FILE that holds it (default: $NATS_URL, else nats://localhost:4222)',
  },
  creds: { type: 'string', value: 'file', description: 'credentials as nsc writes them' },
  stream: {
    type: 'string',
    value: 'name',
    description: 'JetStream stream of the facts (default: APLEDGER)',
  },
} as const satisfies Options;

/** `--nats`, else $NATS_URL, else the usual place; with `--creds`. Throws Failure(2) when that is no address. */
export function serverOf({ nats, creds }: NatsOptions): ServerOptions {
  try {
    return natsServers(nats ?? process.env.NATS_URL ?? 'nats://localhost:4222', { creds });
  } catch (error) {
    throw new Failure(2, `--nats: ${errorText(error)}.`);
  }
}

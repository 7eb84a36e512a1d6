/** `--nats` and `--creds`: the way to a NATS server, for the commands that need one. */
import { readFileSync } from 'node:fs';
import { Failure, type Options } from '@apledger/command-line';
import { credsAuthenticator, type NodeConnectionOptions } from '@nats-io/transport-node';

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
    description: 'nats://[user:password@]host:port (default: $NATS_URL, else nats://localhost:4222)',
  },
  creds: { type: 'string', value: 'file', description: 'credentials as nsc writes them' },
  stream: {
    type: 'string',
    value: 'name',
    description: 'JetStream stream of the facts (default: APLEDGER)',
  },
} as const satisfies Options;

/** `--nats`, else $NATS_URL, else the usual place. */
export const natsUrl = ({ nats }: NatsOptions): string =>
  nats ?? process.env.NATS_URL ?? 'nats://localhost:4222';

/** What the client needs beside the URL. Throws Failure(2) when the file cannot be read. */
export function connectionOptions({ creds }: NatsOptions): NodeConnectionOptions {
  if (creds === undefined) return {};
  try {
    return { authenticator: credsAuthenticator(readFileSync(creds)) };
  } catch (error) {
    throw new Failure(2, `--creds ${creds}: ${error instanceof Error ? error.message : error}.`);
  }
}

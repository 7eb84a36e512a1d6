/** The arguments of the program, and what they ask for. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Options as Definitions, Failure, type Values } from '@apledger/command-line';
import { dataDirectory, type Place } from '@apledger/ledger';
import { type ConnectionFiles, natsServers, type ServerOptions } from '@apledger/nats/address';
import type { SignerOptions } from '@apledger/sealer';
import { errorText } from '@apledger/text';
import { type AccessConfiguration, readAccessConfiguration } from './access/configuration.ts';
import { bindAddress } from './http/loopback.ts';
import { readTlsFiles, type TlsFiles } from './http/tls.ts';

const DEFAULT_PORT = 8642;
const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url));

export const definitions = {
  data: {
    type: 'string',
    value: 'dir',
    description: 'data directory (default: $APLEDGER_DATA, else ./apledger-data)',
  },
  log: {
    type: 'string',
    value: 'url',
    description:
      'the log, when it is not in the data directory: nats://…, kurrentdb://…, sqlite:DIR, or @FILE that holds it (default: $APLEDGER_LOG)',
  },
  host: {
    type: 'string',
    value: 'address',
    default: '127.0.0.1',
    description: 'address to listen on; beyond loopback with --access, --tls-cert and --tls-key only',
  },
  port: {
    type: 'string',
    value: 'n',
    description: `port to listen on, 0 = any free one (default: $APLEDGER_PORT, else ${DEFAULT_PORT})`,
  },
  console: {
    type: 'string',
    value: 'dir',
    description: "the console's built files (default: services/console/dist)",
  },
  seal: { type: 'boolean', default: true, description: 'do not seal the log, docs/evidence.md' },
  signer: {
    type: 'string',
    value: 'dir',
    description:
      'where the key is and what was signed last; outside the log and its backups (default: $APLEDGER_SIGNER, else the data directory with -signer behind)',
  },
  signWith: {
    type: 'string',
    value: 'how',
    description:
      'a key that is elsewhere: agent, agent:SOCKET or command:PROGRAM (default: the file key in --signer)',
  },
  origin: {
    type: 'string',
    value: 'name',
    description:
      'name of the log in checkpoints, when its key is made (default: apledger/ and part of the key)',
  },
  policy: {
    type: 'string',
    value: 'file',
    description: 'witnesses of the log and their addresses, docs/evidence.md',
  },
  nats: {
    type: 'string',
    value: 'url',
    description:
      'also serve on NATS, docs/nats-service.md: nats://[user:password@]host:port[,host:port…], or @FILE that holds it (default: $NATS_URL)',
  },
  relay: {
    type: 'boolean',
    default: true,
    description: 'with --nats: do not publish the facts there; one instance at a log is enough',
  },
  stream: {
    type: 'string',
    value: 'name',
    description: 'JetStream stream to which the facts are published (default: APLEDGER)',
  },
  creds: { type: 'string', value: 'file', description: 'credentials for the broker, as nsc writes them' },
  ca: { type: 'string', value: 'file', description: 'TLS: certificates to trust, PEM' },
  cert: { type: 'string', value: 'file', description: 'TLS: certificate of this client, PEM' },
  key: { type: 'string', value: 'file', description: 'TLS: key of that certificate, PEM' },
  access: {
    type: 'string',
    value: 'file',
    description: 'everybody signs in, and may do what roles allow: docs/access.md',
  },
  tlsCert: { type: 'string', value: 'file', description: 'serve HTTPS: certificate of this service, PEM' },
  tlsKey: { type: 'string', value: 'file', description: 'serve HTTPS: key of that certificate, PEM' },
  mtlsPort: {
    type: 'string',
    value: 'n',
    description: 'a second port for programs that show a certificate of the CA that --access names',
  },
  trustRequestInfo: {
    type: 'boolean',
    description:
      'the asker over NATS is the one that the broker names (Nats-Request-Info); see the trust model',
  },
} as const satisfies Definitions;

export interface Options {
  /** Holds the read model, and the log unless `log` names another. */
  readonly place: Place;
  readonly host: string;
  readonly port: number;
  readonly console: string;
  /** Undefined: the log is not sealed here. */
  readonly signer: SignerOptions | undefined;
  /** Text of the policy. */
  readonly policy: string | undefined;
  readonly broker: ServerOptions | undefined;
  readonly relays: boolean;
  readonly stream: string | undefined;
  readonly trustsRequestInfo: boolean;
  readonly access: AccessConfiguration | undefined;
  readonly tls: TlsFiles | undefined;
  readonly mtlsPort: number | undefined;
}

/** What the arguments ask for. Throws Failure(2) for what they cannot mean. */
export function optionsOf(given: Values<typeof definitions, []>, env: NodeJS.ProcessEnv): Options {
  const { data, log, creds, ca, cert, key } = given;
  const url = given.nats ?? env.NATS_URL;
  const access = given.access === undefined ? undefined : readAccessConfiguration(given.access);
  const tls = tlsOf(given.tlsCert, given.tlsKey);
  return {
    place: { data, log },
    access,
    tls,
    mtlsPort: mtlsPortOf(given.mtlsPort, tls, access),
    host: bindAddress(given.host, access !== undefined && tls !== undefined),
    port: portOf(given.port ?? env.APLEDGER_PORT),
    console: given.console ?? CONSOLE,
    signer: given.seal ? signerOf({ data, log }, given, env) : undefined,
    policy: given.policy === undefined ? undefined : textOf(given.policy),
    broker: url === undefined ? undefined : brokerOf(url, { creds, ca, cert, key }),
    relays: given.relay,
    stream: streamOf(given.stream),
    trustsRequestInfo: given.trustRequestInfo,
  };
}

const signerOf = (
  place: Place,
  { signer, signWith, origin }: Values<typeof definitions, []>,
  env: NodeJS.ProcessEnv,
): SignerOptions => ({
  directory: signer ?? env.APLEDGER_SIGNER ?? `${dataDirectory(place)}-signer`,
  origin,
  signWith,
});

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(2, `--policy ${path}: ${errorText(error)}`, error);
  }
}

function brokerOf(url: string, files: ConnectionFiles): ServerOptions {
  try {
    return natsServers(url, files);
  } catch (error) {
    throw new Failure(2, `--nats: ${errorText(error)}`, error);
  }
}

/** As JetStream names streams. */
function streamOf(name: string | undefined): string | undefined {
  if (name === undefined || /^[^\s.*>/\\]{1,64}$/.test(name)) return name;
  throw new Failure(
    2,
    `--stream ${name}: no name of a JetStream stream; it has no space, dot, *, >, / or \\.`,
  );
}

function tlsOf(cert: string | undefined, key: string | undefined): TlsFiles | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return readTlsFiles({ cert, key });
  throw new Failure(2, '--tls-cert and --tls-key belong together: give both, or none for HTTP on loopback.');
}

function mtlsPortOf(
  text: string | undefined,
  tls: TlsFiles | undefined,
  access: AccessConfiguration | undefined,
): number | undefined {
  if (text === undefined) return undefined;
  if (tls !== undefined && access?.ca !== undefined) return portOf(text, '--mtls-port');
  throw new Failure(
    2,
    '--mtls-port takes --tls-cert, --tls-key, and an --access file whose certificates.ca names the CA.',
  );
}

function portOf(text: string | undefined, option = '--port'): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Failure(
    2,
    `${option} ${text}: not a port. Write a number from 0 to 65535; 0 takes any free one.`,
  );
}

/** The arguments of the program. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type ConnectionFiles, natsServers, type ServerOptions } from '@apledger/nats/address';
import { Failure } from './failure.ts';
import { bindAddress } from './http/loopback.ts';

const DEFAULT_PORT = 8642;
const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url));

export const USAGE = `apledger ledger: the ledger as a service, docs/http-api.md

  --data DIR             data directory (default: $APLEDGER_DATA, else ./apledger-data)
  --log URL              the log, when it is not in the data directory: nats://…, kurrentdb://…, sqlite:DIR
  --host ADDRESS         loopback address to listen on (default: 127.0.0.1)
  --port N               port to listen on, 0 = any free one (default: $APLEDGER_PORT, else ${DEFAULT_PORT})
  --console DIR          the console's built files (default: services/console/dist)
  --nats URL             also serve on NATS, docs/nats-service.md: nats://[user:password@]host:port[,host:port…] (default: $NATS_URL)
  --no-relay             with --nats: do not publish the facts there; one instance at a log is enough
  --creds FILE           credentials for the broker, as nsc writes them
  --ca, --cert, --key FILE   TLS: whom to trust, and who this is
  --trust-request-info   who asks over NATS is what the broker says (Nats-Request-Info); see the trust model
  --help`;

export interface Options {
  /** Holds the read model, and the log unless `log` names another. */
  readonly directory: string;
  readonly log: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly console: string;
  readonly broker: ServerOptions | undefined;
  readonly relays: boolean;
  readonly trustsRequestInfo: boolean;
}

/** What the arguments ask for; undefined = help. Throws Failure(2) for what they cannot mean. */
export function optionsOf(args: readonly string[], env: NodeJS.ProcessEnv): Options | undefined {
  const given = parsed(args);
  if (given.help) return undefined;
  const { log, data, creds, ca, cert, key } = given;
  const url = given.nats ?? env.NATS_URL;
  const directory = log?.startsWith('sqlite:')
    ? decodeURIComponent(log.slice('sqlite:'.length))
    : (data ?? env.APLEDGER_DATA ?? 'apledger-data');
  return {
    directory,
    log,
    host: bindAddress(given.host),
    port: portOf(given.port ?? env.APLEDGER_PORT),
    console: given.console ?? CONSOLE,
    broker: url === undefined ? undefined : brokerOf(url, { creds, ca, cert, key }),
    relays: !given['no-relay'],
    trustsRequestInfo: given['trust-request-info'],
  };
}

function brokerOf(url: string, files: ConnectionFiles): ServerOptions {
  try {
    return natsServers(url, files);
  } catch (error) {
    throw new Failure(2, `--nats: ${error instanceof Error ? error.message : error}`, error);
  }
}

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Failure(2, `--port ${text}: not a port. Write a number from 0 to 65535; 0 takes any free one.`);
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: text,
        log: text,
        host: { type: 'string', default: '127.0.0.1' },
        port: text,
        console: text,
        nats: text,
        'no-relay': flag,
        creds: text,
        ca: text,
        cert: text,
        key: text,
        'trust-request-info': flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new Failure(2, `${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

/** `apledger agent`: the command line of the agent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { natsServers } from '@apledger/nats/address';
import { errorText } from '@apledger/text';
import { runAgent, SpoolUnusable } from './agent.ts';
import { checkFeatures } from './health/check.ts';
import { httpLedger } from './link/http-ledger.ts';
import type { RemoteLedger } from './link/ledger.ts';
import { LinkRefused } from './link/link.ts';
import { type Roots, WRITER_SOCKET } from './roots.ts';
import { processWriter, socketWriter } from './writer/client.ts';
import type { Writer } from './writer/protocol.ts';

const root = (dir: string) =>
  ({ type: 'string', value: 'dir', description: `read this instead of ${dir}`, default: dir }) as const;
const file = (description: string) => ({ type: 'string', value: 'file', description }) as const;

export const agentCommand = command({
  name: 'agent',
  summary: 'watch this host and carry out its commands: what happens here is sent to a ledger',
  options: {
    host: { type: 'string', value: 'name', description: 'name of this host in the ledger', required: true },
    ledger: {
      type: 'string',
      value: 'url',
      description:
        'the ledger service: https://HOST:PORT, or nats://[user:password@]HOST:PORT where it answers there',
      required: true,
    },
    spool: {
      type: 'string',
      value: 'dir',
      description: 'keeps what the ledger has not got yet',
      default: '/var/lib/apledger-agent',
    },
    tokenFile: file('a token of role agent for this host'),
    cert: file('client certificate instead of a token, PEM'),
    key: file('its key, PEM'),
    ca: file("who signs the ledger's certificate, PEM"),
    writer: {
      type: 'string',
      value: 'socket',
      description: 'socket of the writer (default: RUN/apledger-writer.sock)',
    },
    spawnWriter: {
      type: 'boolean',
      description: 'start the writer for each command, with the rights of this process',
      conflicts: 'writer',
    },
    check: {
      type: 'boolean',
      description: 'say what the agent can do here and what each part lacks; nothing is watched or sent',
    },
    json: { type: 'boolean', description: 'with --check: print one JSON object a line' },
    metrics: file('keep figures for Prometheus in this file, for the textfile collector of node_exporter'),
    takeOver: {
      type: 'boolean',
      description: 'once: the agent that watched this host before is gone for good',
    },
    unbounded: {
      type: 'boolean',
      description:
        'read matrix and guest_matrix also where no ap_config bounds them: safe while no mdev has more than 511 queues',
    },
    sysfs: root('/sys'),
    proc: root('/proc'),
    etc: root('/etc'),
    dev: root('/dev'),
    run: root('/run'),
  },
  examples: [
    'apledger agent --host zlp1 --ledger https://ledger.example:8642 --token-file /etc/apledger-agent/token',
    'apledger agent --host zlp1 --ledger http://127.0.0.1:8642 --spool /tmp/spool --spawn-writer',
  ],
  run: async (options, { output, signal }) => {
    const { host, sysfs, proc, etc, dev, run, takeOver, spool, metrics } = options;
    if (options.check) return printCheck({ sysfs, proc, etc, dev, run }, options, output);
    const report = (text: string): void => output.err(line(`apledger agent: ${text}`));
    try {
      const ledger = await ledgerOf(options);
      const writer = writerOf(options);
      const roots = { sysfs, proc, etc, dev, run };
      const readsUnbounded = options.unbounded;
      await runAgent(
        {
          ...{ host, roots, spoolDirectory: spool, ledger, writer, takeOver, report, readsUnbounded },
          metricsFile: metrics,
        },
        signal,
      );
      return 0;
    } catch (error) {
      if (error instanceof LinkRefused || error instanceof SpoolUnusable)
        throw new Failure(2, error.message, error);
      throw error;
    }
  },
});

/** Status 0: all of it works; 1: something is missing; 2: the host cannot be watched. */
function printCheck(
  roots: Roots,
  { writer, json }: { readonly writer?: string; readonly json?: boolean },
  output: Output,
): number {
  const features = checkFeatures(roots, { writer: writer ?? join(roots.run, WRITER_SOCKET) });
  for (const feature of features) {
    if (json) output.out(jsonLine(feature));
    else output.out(line(`${feature.works.padEnd(6)} ${feature.feature}: ${feature.why}`));
  }
  if (features[0]?.works === 'no') return 2;
  return features.some(({ works }) => works !== 'yes') ? 1 : 0;
}

interface LedgerOptions {
  readonly host: string;
  readonly ledger: string;
  readonly tokenFile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** Throws Failure for what cannot be used. */
async function ledgerOf({
  host,
  ledger: url,
  tokenFile,
  cert,
  key,
  ca,
}: LedgerOptions): Promise<RemoteLedger> {
  if ((cert === undefined) !== (key === undefined)) throw new Failure(2, '--cert and --key belong together');
  const token = tokenFile && textOf(tokenFile).trim();
  try {
    if (/^(?:nats|tls):/.test(url)) {
      // A client of its own, which only those load who use it.
      const { natsLedger } = await import('./link/nats-ledger.ts');
      return natsLedger({ server: natsServers(url, { ca, cert, key }), host, token });
    }
    return httpLedger({
      url,
      host,
      token,
      certificate: cert && key ? { cert: textOf(cert), key: textOf(key) } : undefined,
      ca: ca && textOf(ca),
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(2, `--ledger: ${errorText(error)}`, error);
  }
}

interface WriterOptions {
  readonly writer?: string;
  readonly spawnWriter: boolean;
  readonly sysfs: string;
  readonly run: string;
}

function writerOf({ writer, spawnWriter, sysfs, run }: WriterOptions): Writer {
  if (!spawnWriter) return socketWriter(writer ?? join(run, WRITER_SOCKET));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const program = fileURLToPath(new URL(`writer/main.${extension}`, import.meta.url));
  return processWriter([process.execPath, ...process.execArgv, program, '--sysfs', sysfs, '--run', run]);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(2, errorText(error), error);
  }
}

/** The program: `node services/ledger/src/main.ts --data DIR`, in a clone `npm run ledger -- …`. */

import { readFileSync } from 'node:fs';
import type { Server as TlsServer } from 'node:tls';
import { Problem } from '@apledger/api';
import { command, Failure, guardOutput, processOutput, runCommand } from '@apledger/command-line';
import { LogError } from '@apledger/event-log';
import {
  dataDirectory,
  type LogLedger,
  logName,
  logUrlOf,
  Mover,
  openLogLedger,
  tileFilesOf,
} from '@apledger/ledger';
import { BrokerError } from '@apledger/nats';
import { errorCode, errorText, visibleLines } from '@apledger/text';
import type { FastifyInstance } from 'fastify';
import { type Edge, openEdge } from './access/edge.ts';
import { type SealerThread, startSealer } from './evidence/sealer-thread.ts';
import { listenForCertificates, type MtlsListener } from './http/mtls.ts';
import { buildServer } from './http/server.ts';
import { readTlsFiles, secureOptions } from './http/tls.ts';
import { joinBroker, type Membership } from './nats/membership.ts';
import { RelayStanding } from './nats/relay-standing.ts';
import { definitions, type Options, optionsOf } from './options.ts';
import { LongQuestions } from './thread/long-questions.ts';

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

/** How long those that came before the signal are waited for. */
const DRAIN_MS = 20_000;

/** A line of the service's own output. More lines of one message, as of a stack, are indented: none can pass for a message of its own. */
const logged = (text: string): string => `apledger ledger: ${visibleLines(text).replaceAll('\n', '\n    ')}`;
const say = (text: string): void => console.log(logged(text));
const complain = (text: string): void => console.error(logged(text));

/** Serves until a signal, or until the broker ends it; resolves with the exit status. */
const service = command({
  name: 'apledger ledger',
  summary: 'The ledger as a service, docs/http-api.md',
  options: definitions,
  run: (given) => start(optionsOf(given, process.env)),
});

async function start(options: Options): Promise<number> {
  const { place, access, tls, console } = options;
  // Logs on servers are read over a connection, which leaves room between pages.
  const isHere = place.log === undefined || /^sqlite:/i.test(place.log);
  const elsewhere = isHere ? new LongQuestions({ place, report: complain }) : undefined;
  const ledger = await openLogLedger(place, {
    keepsViews: true,
    report: complain,
    isControlled: access !== undefined,
    onSearch: say,
    ...(elsewhere !== undefined && { elsewhere }),
  });
  try {
    await ledger.views();
    elsewhere?.start();
    const sealer = sealerOf(options);
    ledger.sealerState = () => sealer?.state();
    const ending = new AbortController();
    const moving = new Mover(ledger).run(ending.signal);
    try {
      const edge = access && (await openEdge(ledger, access, complain));
      const standing = new RelayStanding();
      const server = await buildServer({
        ledger,
        console,
        report: complain,
        relay: standing,
        ...(edge !== undefined && { edge }),
        ...(tls !== undefined && { tls }),
      });
      try {
        return await serve(server, ledger, edge, { ...options, standing });
      } finally {
        await server.close();
      }
    } finally {
      ending.abort();
      await moving;
      await sealer?.stop();
    }
  } finally {
    await elsewhere?.close();
    await ledger.close();
  }
}

function sealerOf({ place, signer, policy }: Options): SealerThread | undefined {
  // Another thread cannot see into a log that is in this one's memory.
  if (signer === undefined || place.log?.startsWith('memory:')) return undefined;
  const directory = dataDirectory(place);
  const task = { url: logUrlOf(place), directory, tlog: tileFilesOf(directory).directory, signer, policy };
  return startSealer(task, { say, report: complain });
}

async function serve(
  server: FastifyInstance,
  ledger: LogLedger,
  edge: Edge | undefined,
  options: Options & { readonly standing: RelayStanding },
): Promise<number> {
  const { broker, place } = options;
  const membership =
    broker === undefined
      ? undefined
      : await joinBroker({
          ...options,
          broker,
          ledger,
          edge,
          report: complain,
          directory: dataDirectory(place),
        });
  const url = await listen(server, options).catch(async (error: unknown) => {
    await membership?.drain(); // whom nobody can ask over HTTP shall not be asked over NATS
    throw error;
  });
  const mtls = await listenMtls(server, options);
  // A supervisor that reads that it is ready may send signals at once.
  const onHangup = (): void => renewTls(server, mtls, options);
  process.on('SIGHUP', onHangup);
  const signalled = endSignal();
  const onBroker = membership === undefined ? '' : ` as ${membership.id} on ${membership.place}`;
  say(`ready${onBroker} at ${url}, log ${logName(place)}`);
  if (mtls !== undefined) say(`programs with certificates at port ${mtls.port}`);
  if (options.access === undefined)
    say(
      'nobody signs in: everybody who reaches it may do everything, so it listens on loopback only (docs/access.md)',
    );
  say(`console ${url}, API ${url}openapi.json`);
  say(`ask it: npx apledger show host --server ${url.slice(0, -1)}`);
  try {
    return await untilEnd(server, membership, signalled);
  } finally {
    process.off('SIGHUP', onHangup);
    await mtls?.close();
  }
}

function listenMtls(
  server: FastifyInstance,
  { host, mtlsPort: port, tls, access }: Options,
): Promise<MtlsListener> | undefined {
  const ca = access?.ca;
  if (port === undefined || tls === undefined || ca === undefined) return undefined;
  return listenForCertificates(server, { host, port, tls, ca }).catch((error: unknown) => {
    throw new Failure(2, `--mtls-port ${port}: ${errorText(error)}`, error);
  });
}

/** Certificates are replaced while the service runs; those that cannot be used leave it as it was. */
function renewTls(server: FastifyInstance, mtls: MtlsListener | undefined, { tls }: Options): void {
  if (tls === undefined) {
    complain('SIGHUP: there is no TLS to renew');
    return;
  }
  try {
    const files = readTlsFiles(tls.paths);
    (server.server as unknown as TlsServer).setSecureContext(secureOptions(files));
    mtls?.renew(files);
    say('SIGHUP: serving with the certificate that is in the files now');
  } catch (error) {
    complain(`SIGHUP: the old certificate stays: ${errorText(error)}`);
  }
}

/** Listens; resolves with the URL that browsers take. Throws Failure(2) when the port is not to be had. */
async function listen(server: FastifyInstance, { host, port, tls }: Options): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const reason =
      errorCode(error) === 'EADDRINUSE' ? 'another program listens there (EADDRINUSE)' : String(error);
    throw new Failure(2, `--port ${port}: ${reason}; choose another, or 0 for any free one`, error);
  }
  const bound = server.server.address();
  const found = typeof bound === 'object' && bound !== null ? bound.port : port;
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${found}/`;
}

/** Resolves with the signal that asks for the end. */
function endSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  // The second one is meant for a program that does not end: its default is to do so.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  return promise;
}

async function untilEnd(
  server: FastifyInstance,
  broker: Membership | undefined,
  signalled: Promise<NodeJS.Signals>,
): Promise<number> {
  const broken = broker?.ended().then((reason) => ({ reason }));
  const end = await Promise.race(broken === undefined ? [signalled] : [signalled, broken]);
  if (typeof end === 'object')
    throw new Failure(1, `the service has ended: ${end.reason ?? 'the connection was closed'}`);
  say(`${end}: answering what has come`);
  await drained(server, broker);
  say('ended');
  return 0;
}

async function drained(server: FastifyInstance, broker: Membership | undefined): Promise<void> {
  const expired = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    complain(`gave up waiting for open connections after ${DRAIN_MS} ms`);
    server.server.closeAllConnections();
    expired.resolve();
  }, DRAIN_MS);
  const closed = Promise.race([server.close(), expired.promise]).finally(() => clearTimeout(timer));
  await Promise.all([closed, broker?.drain()]);
}

guardOutput({ name: 'apledger ledger', goesOn: true });
try {
  const context = { output: processOutput, signal: new AbortController().signal };
  process.exitCode = await runCommand(service, process.argv.slice(2), context, version);
} catch (error) {
  const isForPeople =
    error instanceof Failure ||
    error instanceof LogError ||
    error instanceof BrokerError ||
    error instanceof Problem;
  complain(isForPeople ? error.message : String(error instanceof Error ? error.stack : error));
  process.exitCode = error instanceof Failure ? error.status : 2;
}

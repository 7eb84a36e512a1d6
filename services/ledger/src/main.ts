/** The program: `node services/ledger/src/main.ts --data DIR --nats URL`, in a clone `npm run ledger -- …`. */
import { parseArgs } from 'node:util';
import { LogError } from '@apledger/event-log';
import { connectTo, withoutLogin } from './connection.ts';
import { Failure } from './failure.ts';
import { openLedger } from './ledger.ts';
import { LedgerService } from './service.ts';

const USAGE = `apledger ledger: commands and queries on NATS, docs/nats-service.md

  --data DIR             data directory (default: $APLEDGER_DATA, else ./apledger-data)
  --log URL              the log, when it is not in the data directory: nats://…, kurrentdb://…, sqlite:DIR
  --nats URL             the broker: nats://[user:password@]host:port[,host:port…] (default: $NATS_URL)
  --creds FILE           credentials for the broker, as nsc writes them
  --ca, --cert, --key FILE   TLS: whom to trust, and who this is
  --trust-request-info   who asks is what the broker says (Nats-Request-Info); see the trust model
  --help`;

const say = (line: string): void => console.log(`apledger ledger: ${line}`);
const complain = (line: string): void => console.error(`apledger ledger: ${line}`);

/** Serves until a signal, or until the broker ends it; resolves with the exit status. */
async function main(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const url = options.nats ?? process.env.NATS_URL;
  if (url === undefined) throw new Failure(2, 'which broker? --nats nats://host:port');
  const directory = directoryOf(options);
  const ledger = await openLedger({
    directory,
    ...(options.log === undefined ? {} : { log: options.log }),
    trustsRequestInfo: options['trust-request-info'],
    report: complain,
  });
  try {
    const { creds, ca, cert, key } = options;
    const broker = { url, credsFile: creds, caFile: ca, certFile: cert, keyFile: key };
    const connection = await connectTo(broker);
    const service = await LedgerService.serve({ ledger, connection, report: complain }).catch(
      async (error) => {
        await connection.close();
        throw error;
      },
    );
    say(`ready as ${service.id} on ${withoutLogin(url)}, log ${withoutLogin(options.log ?? directory)}`);
    ledger.follow();
    return await untilEnd(service);
  } finally {
    await ledger.close();
  }
}

/** As for the command `apledger`: the log's own directory, else that of `--data`. */
function directoryOf({ log, data }: { readonly log?: string; readonly data?: string }): string {
  if (log?.startsWith('sqlite:')) return decodeURIComponent(log.slice('sqlite:'.length));
  return data ?? process.env.APLEDGER_DATA ?? 'apledger-data';
}

async function untilEnd(service: LedgerService): Promise<number> {
  const told = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // The second one is meant for a program that does not end: its default is to do so.
    process.once(signal, () => told.resolve(signal));
  }
  const end = await Promise.race([told.promise, service.ended().then((reason) => ({ reason }))]);
  if (typeof end === 'object')
    throw new Failure(1, `the service has ended: ${end.reason ?? 'the connection was closed'}`);
  say(`${end}: answering what has come`);
  await service.drain();
  say('ended');
  return 0;
}

function optionsOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: text,
        log: text,
        nats: text,
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

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isForPeople = error instanceof Failure || error instanceof LogError || error instanceof TypeError;
  complain(isForPeople ? error.message : String(error instanceof Error ? error.stack : error));
  process.exitCode = error instanceof Failure ? error.status : 2;
}

/**
 * The log in KurrentDB against the official client by itself, in the same round on the same server: appending one event
 * a commit, batched, with 1, 16 and 64 writers, and reading all of it.
 *
 * Against the cluster that KURRENTDB_URL names; otherwise against the fake of the tests in a process of its own, which
 * says how much the adapter costs beside the client, and nothing about a database.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type EventLog, type NewFact, openKurrentLog } from '@apledger/event-log';
import { EventStoreDBClient, jsonEvent, NO_STREAM, streamNameFilter } from '@eventstore/db-client';
import { type Bench, sized } from './context.ts';
import { ordinaryFacts } from './history.ts';
import { median, progress, type Rounds, ratio, seconds, takeRounds } from './measure.ts';
import { type Row, range, short, times } from './table.ts';

const ROUNDS = 3;
const WRITERS = [1, 16, 64] as const;
/** Appends of a round, for each writer; fewer writers wait longer. */
const APPENDS = { 1: 1_000, 16: 4_000, 64: 8_000 } as const;

const FAKE = new URL('../fakes/kurrentdb/main.ts', import.meta.url).pathname;

interface Server {
  readonly connectionString: string;
  readonly label: string;
  stop(): void;
}

async function server(): Promise<Server> {
  const real = process.env.KURRENTDB_URL;
  if (real !== undefined) return { connectionString: real, label: 'KURRENTDB_URL', stop: () => {} };
  progress('kurrentdb: no KURRENTDB_URL, so this is THE FAKE of the tests, not a KurrentDB');
  const fake: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', FAKE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (fake.stdout === null) throw new Error('the fake has an output');
  const [connectionString] = (await once(createInterface({ input: fake.stdout }), 'line')) as [string];
  return { connectionString, label: 'THE FAKE', stop: () => void fake.kill('SIGKILL') };
}

export const kurrentDb: Bench = async (context) => {
  const { connectionString, label, stop } = await server();
  const prefix = `bench${randomUUID()}-`;
  const log = await openKurrentLog({ connectionString, prefix });
  const client = EventStoreDBClient.connectionString(connectionString);
  const facts = ordinaryFacts(1000);
  const rows: Row[] = [];
  try {
    for (const writers of WRITERS) {
      const count = sized(context, APPENDS[writers]);
      const what = `append, ${writers} writer${writers === 1 ? '' : 's'}, ${label}`;
      const rounds = await takeRounds(
        ROUNDS,
        [
          { name: 'apledger', perSecond: () => appends(log, facts, writers, count) },
          { name: 'official client', perSecond: () => clientAppends(client, facts, writers, count) },
        ],
        `kurrentdb, ${what}`,
      );
      rows.push(...rowsOf(rounds, what));
    }
    const total = await factsOf(log);
    const what = `read all, ${label}`;
    const rounds = await takeRounds(
      ROUNDS,
      [
        { name: 'apledger', perSecond: async () => total / (await seconds(() => factsOf(log))) },
        {
          name: 'official client',
          perSecond: async () => total / (await seconds(() => clientReads(client, prefix, total))),
        },
      ],
      `kurrentdb, ${what}`,
    );
    return [...rows, ...rowsOf(rounds, what)];
  } finally {
    await log.close();
    await client.dispose();
    stop();
  }
};

let streams = 0;

/** Each writer has a stream of its own and one append under way at any time. */
async function each(writers: number, count: number, write: (stream: string, n: number) => Promise<unknown>) {
  const times = Math.ceil(count / writers);
  const writer = async (stream: string): Promise<void> => {
    for (let n = 0; n < times; n++) await write(stream, n);
  };
  const taken = await seconds(() =>
    Promise.all(Array.from({ length: writers }, () => writer(`host-${streams++}`))),
  );
  return (times * writers) / taken;
}

function appends(log: EventLog, facts: readonly NewFact[], writers: number, count: number): Promise<number> {
  return each(writers, count, async (stream, n) => {
    const commandId = randomUUID();
    const expected = n === 0 ? 'none' : n - 1;
    const chosen = facts.slice(n % facts.length, (n % facts.length) + 1);
    await log.append({ stream, expected, commandId, actor: 'bench', correlation: commandId, facts: chosen });
  });
}

/** The same data, with as much beside it as a fact of ours has. */
function clientAppends(
  client: EventStoreDBClient,
  facts: readonly NewFact[],
  writers: number,
  count: number,
): Promise<number> {
  const name = randomUUID();
  return each(writers, count, async (stream, n) => {
    const fact = facts[n % facts.length];
    if (fact === undefined) return;
    const { packed, ...envelope } = fact;
    const metadata = { hash: '0'.repeat(64), packed: Buffer.from(packed).toString('base64') };
    const data = { ...envelope, stream, actor: 'bench', cause: name, correlation: name, id: name };
    const expectedRevision = n === 0 ? NO_STREAM : BigInt(n - 1);
    const event = jsonEvent({ type: fact.type, data: JSON.parse(JSON.stringify(data)), metadata });
    await client.appendToStream(`raw-${name}-${stream}`, event, { expectedRevision });
  });
}

async function factsOf(log: EventLog): Promise<number> {
  let count = 0;
  for await (const _ of log.readAll()) count += 1;
  return count;
}

async function clientReads(client: EventStoreDBClient, prefix: string, total: number): Promise<void> {
  let seen = 0;
  const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: [prefix] }) });
  for await (const _ of subscription) if (++seen === total) break;
  await subscription.unsubscribe();
}

function rowsOf(rounds: Rounds<'apledger' | 'official client'>, what: string): Row[] {
  return [...rounds].map(([name, values]) => {
    const share = name === 'apledger' ? ratio(rounds, 'apledger', 'official client') : undefined;
    const text = times(share, 'official client');
    return {
      bench: 'kurrentdb',
      what: `${name}, ${what}`,
      value: `${short(median(values))}/s`,
      spread: range(values),
      ...(text === undefined ? {} : { ratio: text }),
      figures: { perSecond: median(values), ...(share === undefined ? {} : { ratio: share }) },
    };
  });
}

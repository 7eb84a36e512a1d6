/**
 * The HTTP service: questions and commands a second and what one of them takes, beside bare fastify routes that send and take the same;
 * and facts to many clients of the stream, beside server-sent events as one writes them by hand.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { type EventLog, openSqliteLog } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { type Bench, type Context, sized } from './context.ts';
import { newFact } from './history.ts';
import { type Ask, load, type Served, StreamReader, served } from './http-load.ts';
import { median, progress, quantile, type Rounds, ratio, takeRounds } from './measure.ts';
import { grouped, type Row, range, short, times } from './table.ts';
import { largeHost, Walk } from './walk.ts';

const LEDGER = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const BARE = new URL('http-bare.ts', import.meta.url).pathname;
const ROUNDS = 5;
const CONNECTIONS = 32;
const QUESTIONS = 4000;
const COMMANDS = 2000;
const HOSTS = 64;
const CLIENTS = 500;
const FACTS = 1000;
/** Facts of one commit of the stream's bench. */
const COMMIT = 20;

const NAMES = {
  bareGet: 'bare fastify, GET the same object',
  now: 'a host now',
  past: 'a host at a position',
  page: '100 facts',
  barePost: 'bare fastify, POST an object',
  command: `a command, ${HOSTS} hosts`,
} as const;
type Name = (typeof NAMES)[keyof typeof NAMES];

export const http: Bench = async (context) => {
  const directory = mkdtempSync(join(context.scratch, 'http-'));
  const view = await fill(directory);
  const file = join(directory, 'view.json');
  const ledger = await served(LEDGER, '--data', directory, '--port', '0');
  writeFileSync(
    file,
    await (await fetch(`http://127.0.0.1:${ledger.port}/api/v1/hosts/${view.host}`)).text(),
  );
  const bare = await served(BARE, file);
  try {
    return [
      ...(await requests(context, ledger, bare, view)),
      ...(await fanOut(context, directory, ledger, bare)),
    ];
  } finally {
    await Promise.all([ledger.end(), bare.end()]);
  }
};

interface Filled {
  /** 16 adapters, 85 domains, up to 60 mdevs. */
  readonly host: string;
  readonly position: number;
}

/** One large host in use, and small ones that take commands. */
async function fill(directory: string): Promise<Filled> {
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  const handler = new CommandHandler(log);
  const shape = largeHost('7.3');
  const walk = new Walk(shape, 1);
  for (let n = 0; n < 3000; n++) {
    const { command } = walk.step();
    await handler.submit({ host: shape.host, command, actor: 'bench' });
  }
  const position = Math.floor((await log.lastPosition()) / 2);
  for (let n = 0; n < HOSTS; n++)
    await handler.submit({ host: `small${n}`, command: small(`small${n}`), actor: 'bench' });
  await log.close();
  return { host: shape.host, position };
}

const small = (host: string): Command => ({
  type: 'RegisterHost',
  host,
  driver: '7.3',
  hardware: {
    qci: true,
    apxa: true,
    maxAdapter: 15,
    maxDomain: 15,
    adapters: [4, 5],
    domains: [4, 5],
    controlDomains: [],
    cards: [],
  },
  boot: { apmask: null, aqmask: null },
});

async function requests(
  context: Context,
  ledger: Served,
  bare: Served,
  { host, position }: Filled,
): Promise<Row[]> {
  const latencies = new Map<Name, number[][]>();
  const contender = (name: Name, to: Served, count: number, ask: (n: number) => Ask) => ({
    name,
    perSecond: async () => {
      const loaded = await load(to.port, { count: sized(context, count), connections: CONNECTIONS }, ask);
      latencies.set(name, [...(latencies.get(name) ?? []), [...loaded.latencies]]);
      return loaded.perSecond;
    },
  });
  const api = '/api/v1';
  const body = JSON.stringify({ type: 'ScanBus' });
  const rounds: Rounds<Name> = await takeRounds(
    ROUNDS,
    [
      contender(NAMES.bareGet, bare, QUESTIONS, () => ({ path: '/object' })),
      contender(NAMES.now, ledger, QUESTIONS, () => ({ path: `${api}/hosts/${host}` })),
      contender(NAMES.past, ledger, QUESTIONS, (n) => ({
        path: `${api}/hosts/${host}?position=${position - (n % 500)}`,
      })),
      contender(NAMES.page, ledger, QUESTIONS, () => ({ path: `${api}/events?limit=100&after=${position}` })),
      contender(NAMES.barePost, bare, COMMANDS, () => ({ method: 'POST', path: '/object', body })),
      contender(NAMES.command, ledger, COMMANDS, (n) => ({
        method: 'POST',
        path: `${api}/hosts/small${n % HOSTS}/commands`,
        body,
      })),
    ],
    'http',
  );
  return Object.values(NAMES).map((name): Row => {
    const values = rounds.get(name) ?? [];
    const of = (q: number): number => median((latencies.get(name) ?? []).map((each) => quantile(each, q)));
    const yardstick = name === NAMES.command ? NAMES.barePost : NAMES.bareGet;
    const isYardstick = name === NAMES.barePost || name === NAMES.bareGet;
    const to = isYardstick ? undefined : ratio(rounds, name, yardstick);
    const text = times(to, yardstick.split(',')[0] ?? yardstick);
    return {
      bench: 'http',
      what: name,
      value: `${short(median(values))}/s, p50 ${of(0.5).toFixed(2)}, p99 ${of(0.99).toFixed(2)} ms`,
      spread: range(values),
      ...(text === undefined ? {} : { ratio: text }),
      figures: {
        perSecond: median(values),
        p50Ms: of(0.5),
        p99Ms: of(0.99),
        ...(to === undefined ? {} : { ratio: to }),
      },
    };
  });
}

/** Deliveries a second: every client gets every fact. */
async function fanOut(context: Context, directory: string, ledger: Served, bare: Served): Promise<Row[]> {
  const clients = sized(context, CLIENTS);
  const facts = sized(context, FACTS);
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  const apledger = `apledger, ${clients} clients`;
  const byHand = `server-sent events by hand, ${clients} clients`;
  const sample = JSON.stringify(await lastFact(log));
  let id = 0;
  const rounds = await takeRounds(
    ROUNDS,
    [
      {
        name: apledger,
        perSecond: async () => {
          const after = await log.lastPosition();
          const end = after + facts;
          return delivered(
            ledger.port,
            `/api/v1/events/stream?after=${after}`,
            clients,
            facts,
            `id: ${end}\n`,
            () => append(log, facts),
          );
        },
      },
      {
        name: byHand,
        perSecond: async () => {
          const [from, to] = [id + 1, id + facts];
          id = to;
          return delivered(bare.port, '/stream', clients, facts, `id: ${to}\n`, async () => {
            for (let at = from; at <= to; at += COMMIT)
              await fetch(`http://127.0.0.1:${bare.port}/publish`, {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify({ from: at, to: Math.min(at + COMMIT - 1, to), data: sample }),
              });
          });
        },
      },
    ],
    'http, stream',
  );
  await log.close();
  const to = ratio(rounds, apledger, byHand);
  return [apledger, byHand].map((name): Row => {
    const values = rounds.get(name) ?? [];
    const text = name === apledger ? times(to, 'by hand') : undefined;
    return {
      bench: 'http',
      what: `${grouped(facts)} facts, ${name}`,
      value: `${short(median(values))} deliveries/s`,
      spread: range(values),
      ...(text === undefined ? {} : { ratio: text }),
      figures: {
        perSecond: median(values),
        ...(text === undefined || to === undefined ? {} : { ratio: to }),
      },
    };
  });
}

async function delivered(
  port: number,
  path: string,
  clients: number,
  facts: number,
  last: string,
  publish: () => Promise<void>,
): Promise<number> {
  const readers = Array.from({ length: clients }, () => new StreamReader(port, path));
  await Promise.all(readers.map((reader) => reader.saw('caught-up')));
  const started = performance.now();
  const all = Promise.all(readers.map((reader) => reader.saw(last)));
  await publish();
  await all;
  const perSecond = (clients * facts * 1000) / (performance.now() - started);
  for (const reader of readers) reader.close();
  return perSecond;
}

async function append(log: EventLog, facts: number): Promise<void> {
  for (let done = 0; done < facts; done += COMMIT) {
    const commandId = crypto.randomUUID();
    await log.append({
      stream: 'host-small0',
      expected: 'any',
      commandId,
      actor: 'bench',
      correlation: commandId,
      facts: Array.from({ length: Math.min(COMMIT, facts - done) }, () =>
        newFact({ type: 'BusScanned', data: { scans: 1 } }, new Date().toISOString()),
      ),
    });
  }
}

async function lastFact(log: EventLog): Promise<unknown> {
  const end = await log.lastPosition();
  for await (const fact of log.readAll({ after: end - 1 })) return fact;
  progress('the log is empty');
  return {};
}

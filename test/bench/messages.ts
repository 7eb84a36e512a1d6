/**
 * Facts on NATS: the relay against a client that only publishes, and how long a command takes to reach a subscriber.
 *
 * The yardstick for the relay is a pipeline of the very same messages, made beforehand: acknowledged over one shared inbox (the fastest
 * way known), as many on their way as the relay has, on the same server in the same round. That for the latency is a
 * bare message there and back on the same two connections.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { type EventLog, openSqliteLog } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { type FactMessage, factMessage, PUBLISHED_SUBJECTS } from '@apledger/messages';
import { relay, subscribe } from '@apledger/messages/nats';
import { connectNats } from '@apledger/nats';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { createInbox, MsgHdrsImpl, type NatsConnection } from '@nats-io/transport-node';
import { natsProgram, startNats } from '../support/nats.ts';
import { type Bench, type Context, sized } from './context.ts';
import { median, progress, quantile, type Rounds, ratio, takeRounds } from './measure.ts';
import { aim, grouped, type Row, range, short, times } from './table.ts';

const ROUNDS = 5;
const FACTS = 60_000;
const COMMANDS = 2000;
const WINDOW = 4096;
const RELAY_AIM = 0.8;
const STREAM = 'APLEDGER';
const HOST = 'bench';
const registration: Command = {
  type: 'RegisterHost',
  host: HOST,
  driver: '7.3',
  hardware: {
    qci: true,
    apxa: true,
    maxAdapter: 255,
    maxDomain: 255,
    adapters: [5],
    domains: [4],
    controlDomains: [],
    cards: [],
  },
  boot: { apmask: null, aqmask: null },
};

export const messages: Bench = async (context) => {
  const program = natsProgram();
  if ('missing' in program) {
    progress(program.missing);
    return [];
  }
  const server = await startNats({ program, folder: join(context.scratch, 'nats') });
  const directory = join(context.scratch, 'messages');
  const log = await openSqliteLog({ directory });
  const connection = await connectNats({ servers: server.url }, 'bench');
  try {
    const broker: Broker = { url: server.url, connection, manager: await jetstreamManager(connection) };
    return [...(await throughput(context, broker, log)), ...(await latency(context, broker, log))];
  } finally {
    await connection.close();
    await log.close();
    await server.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
};

interface Broker {
  readonly url: string;
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
}

async function throughput(context: Context, broker: Broker, log: EventLog): Promise<readonly Row[]> {
  const count = sized(context, FACTS);
  await fill(log, count);
  const prepared: FactMessage[] = [];
  for await (const fact of log.readAll()) {
    const message = factMessage(fact, undefined);
    if (message !== undefined) prepared.push(message);
  }
  const perSecond = async (work: () => Promise<void>): Promise<number> => {
    await broker.manager.streams.delete(STREAM).catch(() => undefined);
    await broker.manager.streams.add({ name: STREAM, subjects: [...PUBLISHED_SUBJECTS] });
    const start = performance.now();
    await work();
    return (count / (performance.now() - start)) * 1000;
  };
  const rounds: Rounds<'raw' | 'relay'> = await takeRounds(
    ROUNDS,
    [
      { name: 'raw', perSecond: () => perSecond(() => publishAll(broker.connection, prepared)) },
      { name: 'relay', perSecond: () => perSecond(() => relayUpTo(broker, log, count)) },
    ],
    'messages',
  );
  const share = ratio(rounds, 'relay', 'raw');
  const row = (name: 'raw' | 'relay', what: string): Row => ({
    bench: 'messages',
    what: `${what}, ${grouped(count)} facts`,
    value: `${short(median(rounds.get(name) ?? []))} facts/s`,
    spread: range(rounds.get(name) ?? []),
    figures: { factsPerSecond: median(rounds.get(name) ?? []), ...(share !== undefined && { ratio: share }) },
  });
  const shown = times(share, 'raw');
  return [
    row('raw', 'JetStream, publish pipelined'),
    {
      ...row('relay', 'relay from SQLite to JetStream'),
      ...(shown !== undefined && { ratio: shown }),
      ...aim(`>= ${RELAY_AIM} x raw`, share, (figure) => figure >= RELAY_AIM),
    },
  ];
}

const fill = async (log: EventLog, count: number): Promise<void> => {
  for (let at = 0; at < count; at += 1000) {
    const facts = Array.from({ length: Math.min(1000, count - at) }, (_, n) => ({
      type: 'AdapterAssigned',
      version: 1,
      occurredAt: new Date().toISOString(),
      data: { mdev: `00000000-0000-4000-8000-${String(n % 64).padStart(12, '0')}`, adapters: [n % 256] },
      packed: new Uint8Array(0),
    }));
    const commandId = crypto.randomUUID();
    await log.append({
      stream: 'host-zlp1',
      expected: 'any',
      commandId,
      actor: 'bench',
      correlation: 'bench',
      facts,
    });
  }
};

/** Every message acknowledged, `WINDOW` at most on their way. */
async function publishAll(connection: NatsConnection, prepared: readonly FactMessage[]): Promise<void> {
  const inbox = createInbox();
  let acknowledged = 0;
  let wake = (): void => undefined;
  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (_error, message) => {
      if (message.json<{ error?: unknown }>().error !== undefined) throw new Error(message.string());
      acknowledged += 1;
      wake();
    },
  });
  const room = (below: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (sent - acknowledged <= below) resolve();
      };
      wake();
    });
  let sent = 0;
  for (const { subject, headers, body } of prepared) {
    if (sent - acknowledged >= WINDOW) await room(WINDOW / 2);
    const record: Record<string, string[]> = { 'Nats-Msg-Id': [headers['ce-id'] ?? ''] };
    for (const name in headers) record[name] = [headers[name] ?? ''];
    connection.publish(subject, body, { headers: MsgHdrsImpl.fromRecord(record), reply: `${inbox}.${sent}` });
    sent += 1;
  }
  await room(0);
  subscription.unsubscribe();
}

async function relayUpTo({ url }: Broker, log: EventLog, position: number): Promise<void> {
  const ending = new AbortController();
  await relay({
    log,
    server: { servers: url },
    signal: ending.signal,
    onState: (state) => {
      if (state.state === 'acknowledged' && state.position >= position) ending.abort();
    },
  });
}

async function latency(
  context: Context,
  { url, connection }: Broker,
  log: EventLog,
): Promise<readonly Row[]> {
  const count = sized(context, COMMANDS);
  const ending = new AbortController();
  const relaying = relay({ log, server: { servers: url }, signal: ending.signal });
  const other = await connectNats({ servers: url }, 'bench');
  const bare = await bareRoundTrips(connection, other, count);
  const facts = await subscribe({ connection: other, types: ['BusScanned'] });
  const arriving = facts[Symbol.asyncIterator]();
  const handler = new CommandHandler(log);
  const first = arriving.next();
  await handler.submit({ host: HOST, command: registration, actor: 'bench' });
  await first;
  const heard: number[] = [];
  const append: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    const next = arriving.next();
    await handler.submit({ host: HOST, command: { type: 'ScanBus' }, actor: 'bench' });
    append.push(performance.now() - start);
    await next;
    heard.push(performance.now() - start);
  }
  ending.abort();
  await relaying;
  await other.close();
  const row = (what: string, values: readonly number[], against?: string): Row => ({
    bench: 'messages',
    what,
    value: `p50 ${quantile(values, 0.5).toFixed(2)} ms, p99 ${quantile(values, 0.99).toFixed(2)} ms`,
    ...(against !== undefined && { ratio: against }),
    figures: { p50Ms: quantile(values, 0.5), p99Ms: quantile(values, 0.99) },
  });
  const share = quantile(heard, 0.5) / quantile(bare, 0.5);
  return [
    row('a bare message there and back', bare),
    row('a command until it is durable (SQLite, FULL)', append),
    row('a command until a subscriber has its fact', heard, times(share, 'bare')),
  ];
}

async function bareRoundTrips(
  from: NatsConnection,
  to: NatsConnection,
  count: number,
): Promise<readonly number[]> {
  const subject = createInbox();
  to.subscribe(subject, { callback: (_error, message) => void message.respond(message.data) });
  await to.flush();
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await from.request(subject, 'x');
    times.push(performance.now() - start);
  }
  return times;
}

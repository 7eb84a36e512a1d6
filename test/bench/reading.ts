/** The readers that are measured, each in a process of its own: run by `runAlone`, never imported. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type EventLog, type Moment, openSqliteLog } from '@apledger/event-log';
import { type Fact, streamOf } from '@apledger/events';
import { openReadModel, openSqliteStore, type ReadModel } from '@apledger/projections';
import type { History } from './history.ts';
import { evolve, noMatrices, textOfMatrices } from './json-fold.ts';
import { quantile, seconds, serve } from './measure.ts';
import { type EmmettEvent, type EmmettStore, importEmmett, openEmmett } from './peers.ts';
import { randomFrom } from './walk.ts';

/** What a reader has done. */
export interface Read {
  readonly facts: number;
  readonly seconds: number;
}

export interface EmmettRead extends Read {
  /** By host: its matrices as text. */
  readonly matrices: Readonly<Record<string, string>>;
}

export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Questions before any is timed: the code gets compiled, as in a service that has run for a minute. */
const WARM_UP = 500;
/** Events an append while Emmett's store is filled; SQLite takes no more parameters than that. */
const FILL_BATCH = 2000;

/** All three matrices of every host, from nothing, kept in the data directory. */
async function rebuild({ directory }: History): Promise<Read> {
  return withReadModel(directory, async (readModel) => {
    let facts = 0;
    const taken = await seconds(async () => {
      facts = await readModel.rebuild();
    });
    return { facts, seconds: taken };
  });
}

/** What reading the same log as JSON costs at least, with nothing done about it. */
async function parse({ directory }: History): Promise<Read> {
  const db = new DatabaseSync(join(directory, 'log.sqlite'), { readOnly: true });
  let facts = 0;
  const taken = await seconds(() => {
    for (const { body } of db.prepare('SELECT body FROM commits ORDER BY position').iterate()) {
      facts += (JSON.parse(String(body)) as unknown[]).length;
    }
  });
  db.close();
  return { facts, seconds: taken };
}

/** Fills Emmett's store with the first facts of a log: the same streams, the same data. */
async function fillEmmett({ directory, file, facts }: EmmettInput): Promise<Read> {
  const log = await openSqliteLog({ directory, readOnly: true });
  const { store, close } = await openEmmett(await importEmmett(), file, 'OFF');
  const taken = await seconds(() => fill(log, store, facts));
  close();
  await log.close();
  return { facts, seconds: taken };
}

async function fill(log: EventLog, store: EmmettStore, upTo: number): Promise<void> {
  const waiting = new Map<string, EmmettEvent[]>();
  const versions = new Map<string, number>();
  const flush = async (stream: string, events: EmmettEvent[]): Promise<void> => {
    const version = versions.get(stream) ?? 0;
    await store.appendToStream(stream, events, { expectedStreamVersion: BigInt(version) });
    versions.set(stream, version + events.length);
    waiting.delete(stream);
  };
  for await (const { stream, type, data } of log.readAll({ upTo })) {
    const events = waiting.get(stream) ?? [];
    events.push({ type, data });
    waiting.set(stream, events);
    if (events.length === FILL_BATCH) await flush(stream, events);
  }
  for (const [stream, events] of [...waiting]) await flush(stream, events);
}

interface EmmettInput {
  readonly directory: string;
  readonly file: string;
  readonly facts: number;
  readonly hosts: readonly string[];
}

/** All three matrices of every host from Emmett's store, with its own aggregateStream. */
async function foldEmmett({ file, hosts }: EmmettInput): Promise<EmmettRead> {
  const { store, close } = await openEmmett(await importEmmett(), file, 'FULL');
  const matrices: Record<string, string> = {};
  let facts = 0;
  let taken = 0;
  for (const host of hosts) {
    const start = performance.now();
    const { state, currentStreamVersion } = await store.aggregateStream(streamOf(host), {
      initialState: noMatrices,
      evolve: (matrices_, event) => evolve(matrices_, event as Fact),
    });
    taken += performance.now() - start;
    facts += Number(currentStreamVersion);
    matrices[host] = textOfMatrices(state);
  }
  close();
  return { facts, seconds: taken / 1000, matrices };
}

interface Questions extends History {
  readonly by: 'position' | 'time';
  readonly count: number;
  readonly seed: number;
}

/** How a random host was at random moments, from a read model that has caught up. */
async function timeTravel({
  directory,
  facts,
  hosts,
  from,
  to,
  by,
  count,
  seed,
}: Questions): Promise<Latencies> {
  const random = randomFrom(seed);
  const moment = (): Moment =>
    by === 'position'
      ? { position: 1 + Math.floor(random() * facts) }
      : { time: new Date(from + Math.floor(random() * (to - from))).toISOString() };
  return withReadModel(directory, async (readModel) => {
    await readModel.catchUp();
    const latencies: number[] = [];
    for (let n = -WARM_UP; n < count; n++) {
      const host = hosts[Math.floor(random() * hosts.length)] ?? '';
      const at = moment();
      const start = performance.now();
      await readModel.hostAt(host, at);
      if (n >= 0) latencies.push(performance.now() - start);
    }
    return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
  });
}

async function withReadModel<T>(directory: string, work: (readModel: ReadModel) => Promise<T>): Promise<T> {
  const log = await openSqliteLog({ directory, readOnly: true });
  const readModel = await openReadModel({
    log,
    store: openSqliteStore(join(directory, 'read-model.sqlite')),
  });
  try {
    return await work(readModel);
  } finally {
    readModel.close();
    await log.close();
  }
}

await serve({ rebuild, parse, fillEmmett, foldEmmett, timeTravel });

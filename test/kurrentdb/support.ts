/** What the tests of the KurrentDB log run against: the fake, or the real cluster that KURRENTDB_URL names. */

import { randomUUID } from 'node:crypto';
import { type EventLog, type KurrentOptions, openKurrentLog } from '@apledger/event-log';
import type { StoreUnderTest } from '@apledger/event-log/contract';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, type TestFunction, test } from 'vitest';
import { FakeKurrentDB, type FakeOptions } from '../fakes/kurrentdb/server.ts';

const real = process.env.KURRENTDB_URL;

/** As infra/kurrentdb/compose.yaml sets it: by default a server takes a mebibyte, which is less than a fact may have. */
const MAX_APPEND_SIZE = 15 * 1024 * 1024;

/** Said in the name of the suite, so that nobody mistakes one for the other. */
export const UNDER_TEST =
  real === undefined ? 'THE FAKE, not a KurrentDB' : `a real KurrentDB (KURRENTDB_URL)`;

/** A store that nothing else writes to: a fake of its own, or streams under a prefix of their own. */
export async function beginStore(): Promise<StoreUnderTest> {
  const fake =
    real === undefined ? await new FakeKurrentDB({ maxAppendSize: MAX_APPEND_SIZE }).start() : undefined;
  const options = {
    connectionString: real ?? fake?.connectionString() ?? '',
    prefix: `test${randomUUID()}-`,
  };
  return {
    open: () => openKurrentLog(options),
    dispose: async () => fake?.stop(),
    recipe: { opener: 'openKurrentLog', options },
  };
}

/** A log that loses patience soon. */
export function openFast(options: KurrentOptions): Promise<EventLog> {
  return openKurrentLog({ patienceMs: 1_500, deadlineMs: 5_000, ...options });
}

/** A test of what only the fake can be made to do. */
export function onFake(name: string, work: TestFunction, timeout?: number): void {
  test.skipIf(real !== undefined)(`${name} (against the fake only)`, work, timeout);
}

/** Streams that nothing else writes to, in a database that others may write to as well. */
export interface Database {
  readonly connectionString: string;
  readonly prefix: string;
  open(options?: Partial<KurrentOptions>): Promise<EventLog>;
  /** The official client by itself: somebody else who writes to the same database. */
  stranger(): EventStoreDBClient;
}

const fakes: FakeKurrentDB[] = [];
const logs: EventLog[] = [];
const clients: EventStoreDBClient[] = [];

export async function startFake(options: FakeOptions = {}): Promise<FakeKurrentDB> {
  const fake = await new FakeKurrentDB(options).start();
  fakes.push(fake);
  return fake;
}

/** A log on a fake, closed after the test. */
export async function openOn(fake: FakeKurrentDB, options: Partial<KurrentOptions> = {}): Promise<EventLog> {
  const log = await openFast({ connectionString: fake.connectionString(), ...options });
  logs.push(log);
  return log;
}

export function stranger(connectionString: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(connectionString);
  clients.push(client);
  return client;
}

/** The database under test. */
export async function database(): Promise<Database> {
  const connectionString = real ?? (await startFake()).connectionString();
  const prefix = `test${randomUUID()}-`;
  return {
    connectionString,
    prefix,
    stranger: () => stranger(connectionString),
    open: async (options = {}) => {
      const log = await openFast({ connectionString, prefix, ...options });
      logs.push(log);
      return log;
    },
  };
}

/** Closes what a test has opened; to be called once in a file. */
export function closeAfterEach(): void {
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()));
    await Promise.all(clients.splice(0).map((client) => client.dispose()));
    for (const fake of fakes.splice(0)) fake.stop();
  });
}

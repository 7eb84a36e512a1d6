/**
 * The fake itself, through the official client: what the server documents of appends, reads, subscriptions and
 * deletion. With KURRENTDB_URL the same is asked of a real server, to see that the fake tells the
 * truth.
 */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { all } from '@apledger/event-log/contract/support';
import {
  ANY,
  BACKWARDS,
  END,
  ErrorType,
  EventStoreDBClient,
  eventTypeFilter,
  jsonEvent,
  metastreamOf,
  NO_STREAM,
  type Position,
  STREAM_EXISTS,
  streamNameFilter,
} from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { UNDER_TEST } from './support.ts';

let fake: FakeKurrentDB | undefined;
let client: EventStoreDBClient;
/** A prefix of this test's own. */
let own = '';

beforeEach(async () => {
  const real = process.env.KURRENTDB_URL;
  fake = real === undefined ? await new FakeKurrentDB().start() : undefined;
  client = EventStoreDBClient.connectionString(real ?? fake?.connectionString() ?? '');
  own = `fake${randomUUID()}`;
});
afterEach(async () => {
  await client.dispose();
  fake?.stop();
});

const events = (count: number, type = 'Happened') =>
  Array.from({ length: count }, (_, n) => jsonEvent({ type, data: { n } }));
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const numbers = async (stream: string, options: object = {}) =>
  (await all(client.readStream<{ type: string; data: { n: number } }>(stream, options))).map(
    ({ event }) => event?.data.n,
  );

/** The two ways in which a client appends. */
const ways = [
  ['by BatchAppend', {}],
  ['by Append', { credentials: { username: 'admin', password: 'changeit' } }],
] as const;

describe.each(ways)(`appending to ${UNDER_TEST}, %s`, (_, how) => {
  test('the revision that is expected decides', async () => {
    const append = (expectedRevision: bigint | 'any' | 'no_stream' | 'stream_exists') =>
      client.appendToStream(own, events(2), { expectedRevision, ...how });
    const wrong = { type: ErrorType.WRONG_EXPECTED_VERSION };
    expect(await failure(append(STREAM_EXISTS))).toMatchObject({ ...wrong, actualVersion: 'no_stream' });
    expect(await failure(append(0n))).toMatchObject({ ...wrong, actualVersion: 'no_stream' });
    expect(await append(NO_STREAM)).toMatchObject({ success: true, nextExpectedRevision: 1n });
    expect(await failure(append(NO_STREAM))).toMatchObject({ ...wrong, actualVersion: 1n });
    expect(await failure(append(0n))).toMatchObject({ ...wrong, actualVersion: 1n });
    expect(await failure(append(5n))).toMatchObject({ ...wrong, actualVersion: 1n });
    expect(await append(1n)).toMatchObject({ nextExpectedRevision: 3n });
    expect(await append(STREAM_EXISTS)).toMatchObject({ nextExpectedRevision: 5n });
    expect(await append(ANY)).toMatchObject({ nextExpectedRevision: 7n });
  });

  test('the same events at the same place are written once', async () => {
    const given = events(3);
    const first = await client.appendToStream(own, given, { expectedRevision: NO_STREAM, ...how });
    await client.appendToStream(own, events(1), { expectedRevision: 2n, ...how });
    const again = await client.appendToStream(own, given, { expectedRevision: NO_STREAM, ...how });
    expect(again).toMatchObject({ success: true, nextExpectedRevision: first.nextExpectedRevision });
    const any = await client.appendToStream(own, given, { expectedRevision: ANY, ...how });
    expect(any).toMatchObject({ success: true, nextExpectedRevision: 2n });
    // Elsewhere they are new events, and only some of them at the same place are a conflict.
    const elsewhere = await client.appendToStream(own, given, { expectedRevision: 3n, ...how });
    expect(elsewhere.nextExpectedRevision).toBe(6n);
    const mixed = [...given.slice(0, 1), ...events(1)];
    const conflict = await failure(
      client.appendToStream(own, mixed, { expectedRevision: NO_STREAM, ...how }),
    );
    expect(conflict).toMatchObject({ type: ErrorType.WRONG_EXPECTED_VERSION });
    expect(await numbers(own)).toHaveLength(7);
  });
});

describe(`reading from ${UNDER_TEST}`, () => {
  test('a stream is read both ways, from any revision, up to a count', async () => {
    await client.appendToStream(own, events(5));
    expect(await numbers(own)).toEqual([0, 1, 2, 3, 4]);
    expect(await numbers(own, { fromRevision: 2n, maxCount: 2 })).toEqual([2, 3]);
    expect(await numbers(own, { direction: BACKWARDS, fromRevision: END, maxCount: 2 })).toEqual([4, 3]);
    expect(await numbers(own, { direction: BACKWARDS, fromRevision: 1n })).toEqual([1, 0]);
    expect(await numbers(own, { fromRevision: 9n })).toEqual([]);
    expect(await failure(all(client.readStream(`${own}-none`)))).toMatchObject({
      type: ErrorType.STREAM_NOT_FOUND,
    });
  });

  test('$all is read from a position: forwards with it, backwards before it, never from within an event', async () => {
    await client.appendToStream(own, events(3));
    const positions = (await all(client.readStream(own))).map(({ event }) => event?.position);
    const [, second] = positions;
    if (second === undefined) throw new Error('events have positions');
    expect(second.commit).toBe(second.prepare);
    const ids = async (options: object) =>
      (await all(client.readAll(options))).map(({ event }) => event?.position.commit);
    expect((await ids({ fromPosition: second, maxCount: 2 })).slice(0, 2)).toEqual([
      second.commit,
      positions[2]?.commit,
    ]);
    expect(await ids({ fromPosition: second, direction: BACKWARDS, maxCount: 1 })).toEqual([
      positions[0]?.commit,
    ]);
    const within = { commit: second.commit + 1n, prepare: second.prepare + 1n };
    expect(await failure(ids({ fromPosition: within }))).toMatchObject({ type: ErrorType.UNKNOWN });
  });

  test('a deleted stream reads as absent and goes on at its next revision; a tombstoned one is gone', async () => {
    await client.appendToStream(own, events(2));
    await client.deleteStream(own);
    expect(await failure(all(client.readStream(own)))).toMatchObject({ type: ErrorType.STREAM_NOT_FOUND });
    expect((await client.getStreamMetadata(own)).metadata).toHaveProperty('truncateBefore');
    const again = await client.appendToStream(own, events(1), { expectedRevision: NO_STREAM });
    expect(again.nextExpectedRevision).toBe(2n);
    expect(await numbers(own)).toEqual([0]);
    await client.tombstoneStream(own);
    const gone = { type: ErrorType.STREAM_DELETED };
    expect(await failure(all(client.readStream(own)))).toMatchObject(gone);
    expect(await failure(client.appendToStream(own, events(1)))).toMatchObject(gone);
  });

  test('metadata of a stream are events of its metadata stream, and truncate it', async () => {
    await client.appendToStream(own, events(5));
    await client.setStreamMetadata(own, { truncateBefore: 3 });
    expect(await numbers(own)).toEqual([3, 4]);
    await client.setStreamMetadata(own, { maxCount: 1 });
    expect(await numbers(own)).toEqual([4]);
    expect(await all(client.readStream(metastreamOf(own)))).not.toHaveLength(0);
  });
});

describe(`subscribing to ${UNDER_TEST}`, () => {
  test('a filtered subscription gives history, checkpoints, caught up, and what comes after', async () => {
    await client.appendToStream(`${own}-a`, events(40, 'Wanted'));
    await client.appendToStream(`${own}-b`, events(40, 'Other'));
    const checkpoints: Position[] = [];
    const subscription = client.subscribeToAll({
      filter: streamNameFilter({
        prefixes: [`${own}-a`],
        maxSearchWindow: 10,
        checkpointReached: (_, position) => void checkpoints.push(position),
      }),
    });
    const caughtUp = once(subscription, 'caughtUp').then(() =>
      client.appendToStream(`${own}-a`, events(1, 'Live')),
    );
    const types: (string | undefined)[] = [];
    for await (const { event } of subscription) {
      types.push(event?.type);
      if (event?.type === 'Live') break;
    }
    await subscription.unsubscribe();
    await caughtUp;
    expect(types).toEqual([...Array<string>(40).fill('Wanted'), 'Live']);
    expect(checkpoints.length).toBeGreaterThan(2);
    const commits = checkpoints.map(({ commit }) => commit);
    expect(commits).toEqual(commits.toSorted((a, b) => Number(a - b)));
  });

  test('a subscription to a stream begins after the revision that it names', async () => {
    await client.appendToStream(own, events(4));
    const revisions: bigint[] = [];
    const subscription = client.subscribeToStream(own, { fromRevision: 1n });
    for await (const { event } of subscription) {
      if (event !== undefined) revisions.push(event.revision);
      if (revisions.length === 2) break;
    }
    await subscription.unsubscribe();
    expect(revisions).toEqual([2n, 3n]);
  });

  test('events are filtered by type as well', async () => {
    await client.appendToStream(own, [...events(2, `${own}X`), ...events(2, `${own}Y`)]);
    const seen: (string | undefined)[] = [];
    const subscription = client.subscribeToAll({ filter: eventTypeFilter({ regex: `^${own}Y$` }) });
    for await (const { event } of subscription) {
      seen.push(event?.type);
      if (seen.length === 2) break;
    }
    await subscription.unsubscribe();
    expect(seen).toEqual([`${own}Y`, `${own}Y`]);
  });
});

/** Consumers that share a group: acknowledge, refuse, park, replay, come and go. Against the fake. */

import { consumeKurrent, type EventLog, replayParked, type Work } from '@apledger/event-log';
import { commit, fact, write } from '@apledger/event-log/contract/support';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { openFast } from './support.ts';

let fake: FakeKurrentDB;
let log: EventLog;

beforeEach(async () => {
  fake = await new FakeKurrentDB().start();
  log = await openFast({ connectionString: fake.connectionString() });
});
afterEach(async () => {
  await log.close();
  fake.stop();
});

const place = ({ fact: { stream, revision } }: Work): string => `${stream}/${revision}`;
const group = () => fake.store.groups.get('$all::mailer');
/** Resolves once so many events are parked: an answer is not acknowledged, so it may come a little later. */
const parked = (count: number) => vi.waitFor(() => expect(group()?.parked).toHaveLength(count));

/** Handles what a group hands out until `enough`; gives what was handed out. */
async function consume(
  handle: (work: Work) => Promise<void>,
  enough: (taken: readonly Work[]) => boolean,
  options: { readonly inHand?: number; readonly maxRetries?: number; readonly signal?: AbortSignal } = {},
): Promise<readonly Work[]> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const taken: Work[] = [];
  const connectionString = fake.connectionString();
  for await (const work of consumeKurrent({ connectionString, group: 'mailer', ...options, signal })) {
    taken.push(work);
    await handle(work);
    if (enough(taken)) ended.abort();
  }
  return taken;
}

describe('a group of consumers', () => {
  test('hands each fact to one of them, and facts of one stream to the same one', async () => {
    for (const stream of ['host-a', 'host-b', 'host-c', 'host-d']) await write(log, stream, 10);
    const all = new Set<string>();
    const done = new AbortController();
    const handle = async (work: Work): Promise<void> => {
      await work.ack();
      expect(all.has(place(work))).toBe(false);
      all.add(place(work));
      if (all.size === 80) done.abort();
    };
    const consumers = [1, 2].map(() => consume(handle, () => false, { signal: done.signal }));
    for (const stream of ['host-a', 'host-b', 'host-c', 'host-d']) await write(log, stream, 10);
    const taken = await Promise.all(consumers);
    expect(all.size).toBe(80);
    expect(taken.flat()).toHaveLength(80);
  });

  test('hands out again what was refused, and parks what is refused too often', async () => {
    await write(log, 'host-a', 3);
    const taken = await consume(
      (work) => (work.fact.revision === 1 ? work.retry('not now') : work.ack()),
      (works) => works.length === 5,
      { maxRetries: 2 },
    );
    expect(taken.filter((work) => work.fact.revision === 1).map((work) => work.attempt)).toEqual([1, 2, 3]);
    await parked(1);
    expect(group()?.parked.map(({ event, reason }) => [event.revision, reason])).toEqual([[1, 'not now']]);
  });

  test('sets aside what is parked, and hands it out when it is replayed', async () => {
    await write(log, 'host-a', 2);
    await consume(
      (work) => (work.fact.revision === 0 ? work.park('poison') : work.ack()),
      (works) => works.length === 2,
    );
    await parked(1);
    await replayParked({ connectionString: fake.connectionString(), group: 'mailer', limit: 5 });
    const [again] = await consume(
      (work) => work.ack(),
      (works) => works.length === 1,
    );
    expect(again?.fact.revision).toBe(0);
  });

  test('parks an event that is no fact, with the reason, and goes on', async () => {
    await write(log, 'host-a', 1);
    const other = EventStoreDBClient.connectionString(fake.connectionString());
    await other.appendToStream('apledger-host-a', jsonEvent({ type: 'Intruder', data: {} }));
    await other.dispose();
    await log.append(commit('host-b', 'none', [fact(7)]));
    const taken = await consume(
      (work) => work.ack(),
      (works) => works.length === 2,
    );
    expect(taken.map(place)).toEqual(['host-a/0', 'host-b/0']);
    await parked(1);
    expect(group()?.parked.map(({ reason }) => reason)).toEqual([expect.stringContaining('Intruder')]);
  });

  test('gives to the others what a consumer had in hand when it left', async () => {
    await write(log, 'host-a', 5);
    await consume(
      async () => {},
      (works) => works.length === 3,
      { inHand: 3 },
    );
    const taken = await consume(
      (work) => work.ack(),
      (works) => works.length === 5,
    );
    expect(new Set(taken.map(place)).size).toBe(5);
  });

  test('goes on after a restart of the server: every fact is handled, an answer that came late is no error', async () => {
    await write(log, 'host-a', 20);
    let restarted = false;
    const handled = new Set<string>();
    await consume(
      async (work) => {
        if (work.fact.revision === 7 && !restarted) {
          restarted = true;
          await fake.restart();
        }
        await work.ack();
        handled.add(place(work));
      },
      () => handled.size === 20,
    );
    expect(restarted).toBe(true);
  });

  test('that is deleted ends its consumers with an error', async () => {
    await write(log, 'host-a', 1);
    const other = EventStoreDBClient.connectionString(fake.connectionString());
    const consuming = consume(
      async (work) => {
        await work.ack();
        await other.deletePersistentSubscriptionToAll('mailer');
      },
      () => false,
    );
    await expect(consuming).rejects.toMatchObject({ name: 'LogError', code: 'io' });
    await other.dispose();
    const replay = replayParked({ connectionString: fake.connectionString(), group: 'mailer' });
    await expect(replay).rejects.toMatchObject({ name: 'LogError' });
  });
});

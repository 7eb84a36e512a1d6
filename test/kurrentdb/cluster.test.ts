/** A cluster: who is asked for the leader, and how soon a new one is followed. */

import { all, commit, deliveries, fact, verified, write } from '@apledger/event-log/contract/support';
import { describe, expect } from 'vitest';
import type { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { sized } from '../support/long.ts';
import { closeAfterEach, onFake, openFast, openOn, startFake } from './support.ts';

closeAfterEach();

/** A leader and two followers. */
async function startCluster(): Promise<[FakeKurrentDB, FakeKurrentDB, FakeKurrentDB]> {
  const leader = await startFake();
  const follower = () => startFake({ store: leader.store, follows: leader });
  return [leader, await follower(), await follower()];
}

const naming = (...nodes: readonly FakeKurrentDB[]): string =>
  `kurrentdb+discover://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}?tls=false`;

describe('the leader', () => {
  onFake('is called also when a follower was named', async () => {
    const [leader, follower] = await startCluster();
    const log = await openOn(follower);
    await log.append(commit('host-a', 'none'));
    expect(follower.calls.append).toBe(0);
    expect(leader.calls.append).toBe(1);
    expect((await log.head('host-a'))?.revision).toBe(0);
  });

  onFake('is found by gossip', async () => {
    const [leader, follower] = await startCluster();
    const log = await openOn(leader, { connectionString: naming(follower) });
    await log.append(commit('host-a', 'none'));
    expect(follower.calls.append).toBe(0);
  });

  onFake('is found while a named node is down and another hangs', async () => {
    const [leader, down, hung] = await startCluster();
    down.stop();
    hung.pause();
    const log = await openOn(leader, { connectionString: naming(down, hung, leader) });
    await log.append(commit('host-a', 'none'));
    expect(leader.calls.append).toBe(1);
  });

  onFake('is found through nodes that only gossip told of', async () => {
    const [leader, second, third] = await startCluster();
    const log = await openOn(leader, { connectionString: naming(leader), patienceMs: 10_000 });
    await log.append(commit('host-a', 'none'));
    leader.stop();
    second.lead();
    await log.append(commit('host-a', 0));
    expect([second.calls.append, third.calls.append]).toEqual([1, 0]);
  });

  onFake('that hangs is left as soon as another leads, by appends, reads and subscriptions', async () => {
    const [leader, second, third] = await startCluster();
    const log = await openOn(leader, {
      connectionString: naming(leader, second, third),
      deadlineMs: 60_000,
      patienceMs: 60_000,
    });
    await write(log, 'host-a', 3);
    const live = deliveries(log, 0, (facts) => facts.length === 6);
    leader.pause();
    const appending = write(log, 'host-a', 2);
    const reading = all(log.readStream('host-a'));
    second.lead();
    const startedAt = performance.now();
    await appending;
    // Long before the deadline of the hanging one.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect((await reading).length).toBeGreaterThanOrEqual(3);
    await log.append(commit('host-a', 'any', [fact(5)]));
    expect((await live).facts.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5]);
    leader.resume();
    expect(await verified(log)).toMatchObject({ facts: 6, problems: [] });
    expect(second.calls.append).toBeGreaterThanOrEqual(3);
  });

  onFake('changes while writers write: every acknowledged fact is there once, in order', async () => {
    const nodes = await startCluster();
    const log = await openOn(nodes[0], { connectionString: naming(...nodes), patienceMs: 60_000 });
    const live = deliveries(log, 0, (facts) => facts.length === 200);
    const writing = Promise.all(Array.from({ length: 8 }, (_, n) => write(log, `host-${n}`, 25)));
    for (let round = 1; round <= 6; round++) {
      const [old, next] = [nodes[(round - 1) % 3], nodes[round % 3]] as [FakeKurrentDB, FakeKurrentDB];
      await log.append(commit('host-x', 'any'));
      old.stop();
      next.lead();
      await old.start();
    }
    await writing;
    const received = live.then(({ facts }) => facts.map(({ stream, revision }) => `${stream} ${revision}`));
    expect(new Set(await received).size).toBe(200);
    expect(await verified(log)).toMatchObject({ facts: 206, problems: [] });
  });
});

describe('a quorum that is lost', () => {
  onFake('fails every call under way with an error of its own, and none behind its back', async () => {
    const behind: unknown[] = [];
    const hear = (reason: unknown): void => void behind.push(reason);
    process.on('unhandledRejection', hear);
    try {
      const nodes = await startCluster();
      const log = await openOn(nodes[0], { connectionString: naming(...nodes) });
      await write(log, 'host-a', 1);
      const calls = Array.from({ length: 20 }, (_, n) => [
        log.append(commit(`host-${n}`, 'none')),
        log.lastPosition(),
        all(log.readAll()),
      ]).flat();
      for (const node of nodes) node.stop();
      const results = await Promise.allSettled(calls);
      const failures = results.filter((result) => result.status === 'rejected');
      expect(failures.length).toBeGreaterThan(0);
      for (const { reason } of failures) expect(reason).toMatchObject({ code: 'unreachable' });
      await Promise.all(nodes.map((node) => node.start()));
      expect(await log.append(commit('host-z', 'none'))).toMatchObject({ firstRevision: 0 });
      await expect(openFast({ connectionString: 'kurrentdb://127.0.0.1:1?tls=false' })).rejects.toThrow();
    } finally {
      process.off('unhandledRejection', hear);
    }
    expect(behind).toEqual([]);
  });
});

describe('many calls at once', () => {
  onFake('subscriptions beyond a hundred, and reads beside them, do not hold up appends', async () => {
    const fake = await startFake();
    const log = await openOn(fake, { patienceMs: 60_000 });
    const lives = Array.from({ length: 250 }, () => deliveries(log, 0, (facts) => facts.length === 5));
    await write(log, 'host-a', 5);
    for (const { facts } of await Promise.all(lives)) expect(facts).toHaveLength(5);
    const readings = Array.from({ length: 250 }, () => log.readAll()[Symbol.asyncIterator]());
    await Promise.all(readings.map((reading) => reading.next())); // each has a call open now
    await log.append(commit('host-a', 4));
    await Promise.all(readings.map((reading) => reading.return?.(undefined)));
  });
});

describe('many subscriptions of one process', () => {
  const SUBSCRIPTIONS = sized(1_000, 10_000);

  onFake(`${SUBSCRIPTIONS} of them get every fact, at the cost of one, while appends go on`, async () => {
    const fake = await startFake();
    const log = await openOn(fake, { patienceMs: 60_000 });
    await write(log, 'host-a', 3);
    const after = await log.lastPosition();
    const reads = fake.calls.read;
    const lives = Array.from({ length: SUBSCRIPTIONS }, () =>
      deliveries(log, after, (facts) => facts.length === 10),
    );
    await write(log, 'host-b', 10);
    for (const { facts } of await Promise.all(lives))
      expect(facts.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(fake.calls.read - reads).toBeLessThan(20);
  });

  onFake('one that is too slow for what is kept reads history, and misses nothing', async () => {
    const log = await openOn(await startFake(), { patienceMs: 60_000 });
    const facts = Array.from({ length: 1_000 }, (_, n) => fact(n));
    await log.append(commit('host-a', 'none'));
    const received: number[] = [];
    const ended = new AbortController();
    for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
      if ('caughtUp' in delivery) {
        for (let n = 0; n < 6; n++) await log.append(commit('host-a', 'any', facts));
        continue;
      }
      received.push(delivery.fact.revision);
      if (received.length === 6_001) ended.abort();
    }
    expect(received).toEqual(Array.from({ length: 6_001 }, (_, n) => n));
  });
});

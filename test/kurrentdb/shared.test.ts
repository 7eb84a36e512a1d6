/** A database that others use as well, and servers that lose events: what is read stays right, and cheap. */

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { EventLog } from '@apledger/event-log';
import { all, commit, deliveries, fact, verified, write } from '@apledger/event-log/contract/support';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { errors } from '../fakes/kurrentdb/wire.ts';
import { sized } from '../support/long.ts';
import { closeAfterEach, onFake, openOn, startFake } from './support.ts';

closeAfterEach();

const OTHERS = sized(30_000, 300_000);
/** What a few facts may cost: ours, and what the server looks at until a call is ended. */
const FEW = 3_000;

async function looked<T>(fake: FakeKurrentDB, work: () => Promise<T>): Promise<{ cost: number; result: T }> {
  // What other calls set going is not ours.
  for (let seen = -1; seen !== fake.store.looked; ) {
    seen = fake.store.looked;
    for (let turn = 0; turn < 50; turn++) await setImmediate();
  }
  const before = fake.store.looked;
  const result = await work();
  return { cost: fake.store.looked - before, result };
}

describe('a database that others fill', () => {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'apledger-bounds-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  /** Ten facts with many events of others before and behind them, as an earlier process left them. */
  async function begun(): Promise<FakeKurrentDB> {
    const fake = await startFake();
    fake.store.flood('other', OTHERS);
    const first = await openOn(fake, { directory });
    await write(first, 'host-a', 10);
    expect(await all(first.readAll())).toHaveLength(10);
    fake.store.flood('other', OTHERS);
    await first.lastPosition();
    await first.close();
    return fake;
  }

  onFake(
    'a new process with the same directory finds both ends, reads, follows and appends at the cost of ours',
    async () => {
      const fake = await begun();
      const { cost, result } = await looked(fake, async () => {
        const log = await openOn(fake, { directory });
        const last = await log.lastPosition();
        const facts = await all(log.readAll());
        const live = await deliveries(log, 0, (_, ups) => ups.length === 1);
        await log.append(commit('host-a', 9));
        return { last, facts, live, end: await log.lastPosition() };
      });
      expect(result.facts).toHaveLength(10);
      expect(result.last).toBe(result.facts.at(-1)?.position);
      expect(result.live.facts).toEqual(result.facts);
      expect(result.end).toBeGreaterThan(result.last);
      expect(cost).toBeLessThan(FEW);
    },
  );

  onFake(
    'facts among those of others are read at the cost of ours from the second time on, by the next process too',
    async () => {
      const fake = await begun();
      const log = await openOn(fake, { directory });
      await log.append(commit('host-a', 9));
      fake.store.flood('other', OTHERS);
      await log.append(commit('host-a', 10));
      const whole = await all(log.readAll());
      await log.close();
      for (const handle of [await openOn(fake, { directory }), await openOn(fake, { directory })]) {
        const { cost, result } = await looked(fake, async () => [
          await all(handle.readAll()),
          (await deliveries(handle, 0, (_, ups) => ups.length === 1)).facts,
          await all(handle.readAll({ after: whole[9]?.position ?? 0 })),
        ]);
        expect(result).toEqual([whole, whole, whole.slice(10)]);
        expect(cost).toBeLessThan(3 * FEW);
      }
    },
  );

  onFake('a directory that knows nothing searches once; a log of nothing is as cheap', async () => {
    const fake = await startFake();
    fake.store.flood('other', OTHERS);
    const once = await looked(fake, async () => (await openOn(fake, { directory })).close());
    const log = await openOn(fake, { directory });
    await log.lastPosition();
    const again = await looked(fake, async () => {
      expect(await log.lastPosition()).toBe(0);
      expect(await all(log.readAll())).toEqual([]);
      expect(await deliveries(log, 0, (_, ups) => ups.length === 1)).toMatchObject({ facts: [] });
    });
    expect(once.cost).toBeLessThan(FEW);
    expect(again.cost).toBeLessThan(100);
  });

  onFake('what others added since is looked through once, and what follows is cheap', async () => {
    const fake = await begun();
    const log = await openOn(fake, { directory });
    fake.store.flood('other', OTHERS);
    expect(await log.lastPosition()).toBeGreaterThan(0);
    const { cost } = await looked(fake, async () => {
      await log.lastPosition();
      expect(await all(log.readAll())).toHaveLength(10);
    });
    expect(cost).toBeLessThan(FEW);
  });

  onFake('a directory of another database, or a damaged one, counts for nothing', async () => {
    const fake = await begun();
    const [name = ''] = await readdir(directory);
    const other = await startFake();
    await write(await openOn(other), 'host-b', 3);
    other.stop();
    const { port } = fake;
    fake.stop();
    const moved = await startFake({ store: other.store, port });
    const log = await openOn(moved, { directory });
    expect(await all(log.readAll())).toHaveLength(3);
    await log.close();
    for (const text of ['', '{', '{"last":1}', '{"last":-1,"looked":{"commit":"x"}}']) {
      await writeFile(join(directory, name), text);
      expect(await all((await openOn(moved, { directory })).readAll())).toHaveLength(3);
    }
  });
});

describe('a lost event', () => {
  /** The server gives the second fact of a stream to nobody who reads all, so many times. */
  function lose(fake: FakeKurrentDB, times: number): void {
    const { log } = fake.store;
    let left = times;
    const index = log.findIndex(({ stream, revision }) => stream === 'apledger-host-a' && revision === 1);
    const lost = log[index];
    if (lost === undefined) throw new Error('there are two facts');
    Object.defineProperty(log, index, {
      configurable: true,
      get: () => (left-- > 0 ? { ...lost, stream: 'nowhere' } : lost),
    });
  }

  async function begun(): Promise<{ fake: FakeKurrentDB; log: EventLog }> {
    const fake = await startFake();
    const log = await openOn(fake);
    await write(log, 'host-a', 4);
    await write(log, 'host-b', 4);
    return { fake, log };
  }

  onFake('is read again, by history and by a subscription', async () => {
    for (const read of [
      (log: EventLog) => all(log.readAll()),
      async (log: EventLog) => (await deliveries(log, 0, (facts) => facts.length === 8)).facts,
    ]) {
      const { fake } = await begun();
      const log = await openOn(fake);
      lose(fake, 1);
      expect((await read(log)).map(({ stream, revision }) => `${stream} ${revision}`)).toEqual([
        ...[0, 1, 2, 3].map((revision) => `host-a ${revision}`),
        ...[0, 1, 2, 3].map((revision) => `host-b ${revision}`),
      ]);
    }
  });

  onFake('that stays lost is an error with its place, also in a reading that begins behind it', async () => {
    const { fake, log } = await begun();
    const whole = await all(log.readAll());
    lose(fake, Number.POSITIVE_INFINITY);
    const position = whole[2]?.position;
    for (const handle of [log, await openOn(fake)]) {
      await expect(all(handle.readAll())).rejects.toMatchObject({ code: 'corrupted', position });
      await expect(all(handle.readAll({ after: whole[0]?.position ?? 0 }))).rejects.toMatchObject({
        code: 'corrupted',
        position,
      });
      expect(await all(handle.readAll({ after: position ?? 0 }))).toEqual(whole.slice(3));
    }
  });

  onFake('behind a checkpoint that came too early is no loss when the connection breaks there', async () => {
    const fake = await startFake({ checkpointsEarly: true });
    const log = await openOn(fake, { patienceMs: 20_000 });
    const { log: events } = fake.store;
    await log.append(commit('host-a', 'none', [fact(0)]));
    // The thousandth event considered is a fact: the checkpoint before it names its position.
    fake.store.flood('other', 1_998 - events.length);
    await log.append(commit('host-a', 0, [fact(1)]));
    await write(log, 'host-b', 5);
    let breaks = 3;
    fake.fault = () => undefined;
    const received = await deliveries(
      log,
      0,
      (facts) => facts.length === 7,
      () => {
        if (breaks-- > 0) fake.fault = once(() => errors.notReady());
      },
    );
    expect(received.facts).toEqual(await all(log.readAll()));
    expect(await verified(log)).toMatchObject({ facts: 7, problems: [] });
  });
});

function once<T>(give: () => T): () => T | undefined {
  let left = 1;
  return () => (left-- > 0 ? give() : undefined);
}

/** Streams that others touched: cut, deleted, written to; and a database that others use as well. */

import type { EventLog } from '@apledger/event-log';
import { all, commit, deliveries, fact, fill, verified, write } from '@apledger/event-log/contract/support';
import { jsonEvent } from '@eventstore/db-client';
import { describe, expect, test } from 'vitest';
import {
  closeAfterEach,
  type Database,
  database,
  onFake,
  openOn,
  startFake,
  stranger,
  UNDER_TEST,
} from './support.ts';

closeAfterEach();

/** Every touch that a caller may have of a stream. */
const touches: readonly (readonly [string, (log: EventLog) => Promise<unknown>])[] = [
  ['append at its end', (log) => log.append(commit('host-a', 3))],
  ['append anywhere', (log) => log.append(commit('host-a', 'any'))],
  ['head', (log) => log.head('host-a')],
  ['readStream', (log) => all(log.readStream('host-a'))],
  ['readAll', (log) => all(log.readAll())],
  ['heads', (log) => log.heads()],
];

type Cut = (base: Database) => Promise<unknown>;

const name = (base: Database): string => `${base.prefix}host-a`;

const cuts: readonly (readonly [string, Cut])[] = [
  ['deleted softly', (base) => base.stranger().deleteStream(name(base))],
  ['cut by $tb at its end', (base) => base.stranger().setStreamMetadata(name(base), { truncateBefore: 4 })],
  [
    'cut by $tb in the middle',
    (base) => base.stranger().setStreamMetadata(name(base), { truncateBefore: 2 }),
  ],
  ['cut by $maxCount', (base) => base.stranger().setStreamMetadata(name(base), { maxCount: 1 })],
];

/** Four facts in a stream, which is then cut. */
async function cutStream(cut: Cut): Promise<{ base: Database; open: EventLog }> {
  const base = await database();
  const open = await base.open();
  await open.append(commit('host-a', 'none', [fact(0), fact(1)]));
  await open.append(commit('host-a', 1, [fact(2), fact(3)]));
  await cut(base);
  return { base, open };
}

describe.each(cuts)(`a stream that was %s, in ${UNDER_TEST}`, (how, cut) => {
  test('is corrupted at the next touch, for a handle that was open and for a new one', async () => {
    const { base, open } = await cutStream(cut);
    const touched =
      how.includes('middle') || how.includes('maxCount')
        ? touches.filter(([what]) => what !== 'head')
        : touches;
    for (const log of [await base.open(), open]) {
      for (const [what, touch] of touched) {
        const outcome = await touch(log).then(
          () => `${what} went well`,
          (error: unknown) => error,
        );
        expect(outcome).toMatchObject({ code: 'corrupted', message: expect.stringContaining('host-a') });
      }
    }
  });

  test('is whole again when the remedy is followed', async () => {
    const { base, open } = await cutStream(cut);
    const error: unknown = await open.append(commit('host-a', 3)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ remedy: expect.stringContaining('once more') });
    for (let times = how.includes('deleted') ? 2 : 1; times > 0; times--)
      await base.stranger().setStreamMetadata(name(base), {});
    for (const log of [open, await base.open()]) {
      expect(await all(log.readStream('host-a'))).not.toHaveLength(0);
      await log.append(commit('host-a', 'any'));
      expect((await verified(log)).problems).toEqual([]);
    }
  });
});

describe(`other streams of others, in ${UNDER_TEST}`, () => {
  test('a tombstoned stream takes and gives nothing, and the rest goes on', async () => {
    const base = await database();
    const log = await base.open();
    await log.append(commit('host-a', 'none'));
    await base.stranger().tombstoneStream(name(base));
    const gone = { code: 'corrupted', message: expect.stringContaining('tombstone') };
    await expect(log.append(commit('host-a', 0))).rejects.toMatchObject(gone);
    await expect(log.head('host-a')).rejects.toMatchObject(gone);
    await expect(all(log.readStream('host-a'))).rejects.toMatchObject(gone);
    await expect(all(log.readAll())).rejects.toMatchObject(gone);
    expect(await log.append(commit('host-b', 'none'))).toMatchObject({ firstRevision: 0 });
  });

  test('a stream that will be cut some day takes no more facts, and says why', async () => {
    const base = await database();
    const log = await base.open();
    await log.append(commit('host-a', 'none'));
    await base.stranger().setStreamMetadata(name(base), { maxCount: 5 });
    const refused = (await base.open()).append(commit('host-a', 0));
    await expect(refused).rejects.toMatchObject({
      code: 'other-configuration',
      message: expect.stringContaining('$maxCount'),
    });
    expect(await all(log.readStream('host-a'))).toHaveLength(1);
  });

  test('an event that is no fact: found with its place, and the rest is still readable', async () => {
    const base = await database();
    const log = await base.open();
    await log.append(commit('host-a', 'none'));
    await base.stranger().appendToStream(name(base), jsonEvent({ type: 'Intruder', data: { a: 1 } }));
    await log.append(commit('host-b', 'none'));
    const foreign = {
      code: 'corrupted',
      message: expect.stringContaining('Intruder'),
      position: expect.any(Number),
    };
    await expect(all(log.readStream('host-a'))).rejects.toMatchObject(foreign);
    await expect(all(log.readAll())).rejects.toMatchObject(foreign);
    await expect(log.head('host-a')).rejects.toMatchObject(foreign);
    await expect(log.append(commit('host-a', 0))).rejects.toMatchObject(foreign);
    await expect(deliveries(log, 0, () => false)).rejects.toMatchObject(foreign);
    const { facts, problems } = await verified(log);
    expect({ facts, problems: problems.length }).toEqual({ facts: 2, problems: 1 });
  });

  test('a fact of a type from the future is kept and given back as it is', async () => {
    const log = await (await database()).open();
    const newer = { ...fact(0), type: 'QueueTeleported', version: 9, data: { to: ['elsewhere', { x: 1 }] } };
    await log.append(commit('host-a', 'none', [newer]));
    const [found] = await all(log.readAll());
    expect(found).toMatchObject({ type: 'QueueTeleported', version: 9, data: newer.data });
  });

  test('events of other streams are none of ours, however many they are', async () => {
    const base = await database();
    const log = await base.open();
    const noise = (count: number) =>
      Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Noise', data: { n } }));
    const other = base.stranger();
    await other.appendToStream(`other-${base.prefix}`, noise(500));
    expect(await log.lastPosition()).toBe(0);
    await fill(log);
    await other.appendToStream(`other-${base.prefix}`, noise(3000));
    const whole = await all(log.readAll());
    expect(whole).toHaveLength(60);
    expect(await (await base.open()).lastPosition()).toBe(whole.at(-1)?.position);
    await log.append(commit('host-0', 'any'));
    const between = (whole.at(-1)?.position ?? 0) + 7; // no event begins there
    expect(await all(log.readAll({ after: between }))).toHaveLength(1);
    expect(await log.heads()).toHaveLength(3);
  });
});

describe('a stream that really ends lower than it did', () => {
  onFake('is corrupted, but only after as long as patience lasts', async () => {
    const fake = await startFake();
    const log = await openOn(fake, { patienceMs: 300 });
    await write(log, 'host-a', 4);
    fake.stop();
    const older = await startFake({ port: fake.port });
    await write(await openOn(older), 'host-a', 2);
    const startedAt = performance.now();
    await expect(log.append(commit('host-a', 3))).rejects.toMatchObject({
      code: 'corrupted',
      message: expect.stringContaining('reads as ending at 3, but the server ends it at 1'),
    });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
  });
});

describe('a log of an older apledger', () => {
  onFake('whose events carry the ids of their facts is read, appended to and verified', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    const given = commit('host-a', 'none', [fact(0), fact(1)]);
    await log.append(given);
    const facts = await all(log.readAll());
    for (const event of fake.store.log.filter(({ stream }) => stream === 'apledger-host-a')) {
      const id = facts[event.revision]?.id ?? '';
      expect(event.id).not.toBe(id);
      const metadata = { ...JSON.parse(Buffer.from(event.metadata).toString()), writer: id };
      Object.assign(event, { id, metadata: Buffer.from(JSON.stringify(metadata)) });
    }
    const again = await openOn(fake);
    expect(await all(again.readAll())).toEqual(facts);
    expect(await again.append(given)).toMatchObject({ lastRevision: 1, duplicate: true });
    await again.append(commit('host-a', 1));
    expect(await verified(again)).toMatchObject({ facts: 3, problems: [] });
  });
});

describe('what old servers and others lose', () => {
  onFake('a stream whose events have aged reads as corrupted, not as one that never was', async () => {
    const fake = await startFake();
    const log = await openOn(fake);
    await log.append(commit('host-a', 'none', [fact(0)]));
    for (const event of fake.store.log) Object.assign(event, { created: '0' }); // long ago
    await stranger(fake.connectionString()).setStreamMetadata('apledger-host-a', { maxAge: 3600 });
    const aged = { code: 'corrupted', message: expect.stringContaining('$maxAge') };
    for (const handle of [await openOn(fake), log]) {
      await expect(all(handle.readStream('host-a'))).rejects.toMatchObject(aged);
      await expect(handle.head('host-a')).rejects.toMatchObject(aged);
      await expect(handle.append(commit('host-a', 0))).rejects.toMatchObject(aged);
    }
  });

  onFake(
    'a scavenged piece of a stream is a gap in the whole log too, and the rest is readable',
    async () => {
      const fake = await startFake();
      const log = await openOn(fake);
      await write(log, 'host-a', 4);
      await write(log, 'host-b', 2);
      const [, second] = fake.store.log.filter(({ stream }) => stream === 'apledger-host-a');
      fake.store.log.splice(fake.store.log.indexOf(second as never), 1); // as a fault of the server would
      fake.store.visible -= 1;
      const fresh = await openOn(fake);
      await expect(all(fresh.readAll())).rejects.toMatchObject({
        code: 'corrupted',
        message: expect.stringContaining('revision 2'),
        position: expect.any(Number),
      });
      await expect(deliveries(fresh, 0, () => false)).rejects.toMatchObject({ code: 'corrupted' });
    },
  );
});

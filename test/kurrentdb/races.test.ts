/** Writers that race for the end of a stream, while what one of them wrote is not readable yet. */

import { randomUUID } from 'node:crypto';
import type { EventLog } from '@apledger/event-log';
import { commit, fact, verified } from '@apledger/event-log/contract/support';
import { afterEach, expect, test } from 'vitest';
import { randomFrom } from '../bench/walk.ts';
import { FakeKurrentDB } from '../fakes/kurrentdb/server.ts';
import { sized } from '../support/long.ts';
import { openFast, UNDER_TEST } from './support.ts';

const RACES = sized(120, 10_000);
/** Streams raced for at the same time. */
const TOGETHER = 20;
const WINDOW_MS = 200;

const logs: EventLog[] = [];
let fake: FakeKurrentDB | undefined;

/** The order in which commits become visible is that of APLEDGER_SEED. */
const random = randomFrom(Number(process.env.APLEDGER_SEED));

async function handles(count: number, windowMs = WINDOW_MS): Promise<EventLog[]> {
  const real = process.env.KURRENTDB_URL;
  fake =
    real === undefined
      ? await new FakeKurrentDB({ visibleAfterMs: () => random() * windowMs }).start()
      : undefined;
  const options = {
    connectionString: real ?? fake?.connectionString() ?? '',
    prefix: `test${randomUUID()}-`,
    patienceMs: 20_000,
  };
  for (let n = 0; n < count; n++) logs.push(await openFast(options));
  return logs;
}

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
  fake?.stop();
});

async function race(log: readonly EventLog[], stream: string, revision: number): Promise<void> {
  const expected = revision === 0 ? 'none' : revision - 1;
  const results = await Promise.allSettled(
    log.map((handle) => handle.append(commit(stream, expected, [fact(revision)]))),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  expect(refused).toHaveLength(log.length - 1);
  for (const { reason } of refused)
    expect(reason).toMatchObject({ name: 'WrongExpectedRevision', expected, actual: revision });
}

test(`of two handles that race with a revision, one wins and the other learns the true one, ${RACES} times, against ${UNDER_TEST}`, async () => {
  const both = await handles(2);
  const rounds = RACES / TOGETHER;
  for (let revision = 0; revision < rounds; revision++) {
    await Promise.all(Array.from({ length: TOGETHER }, (_, n) => race(both, `host-${n}`, revision)));
  }
  expect(await verified(both[0] as EventLog)).toMatchObject({ facts: RACES, problems: [] });
}, 1_200_000);

test(`two handles that race for any revision are both appended, ${RACES} times, against ${UNDER_TEST}`, async () => {
  const both = await handles(2);
  for (let round = 0; round < RACES / TOGETHER; round++) {
    const results = await Promise.all(
      Array.from({ length: TOGETHER }, (_, n) =>
        Promise.all(both.map((log) => log.append(commit(`host-${n}`, 'any', [fact(round)])))),
      ),
    );
    for (const pair of results)
      expect(pair.map(({ lastRevision }) => lastRevision).sort((a, b) => a - b)).toEqual([
        2 * round,
        2 * round + 1,
      ]);
  }
  expect(await verified(both[0] as EventLog)).toMatchObject({ facts: 2 * RACES, problems: [] });
}, 1_200_000);

test(`a command that three handles append at once is new to one of them, against ${UNDER_TEST}`, async () => {
  const three = await handles(3);
  for (let round = 0; round < 20; round++) {
    const given = commit('host-a', 'any', [fact(round), fact(round)]);
    const results = await Promise.all(three.map((log) => log.append(given)));
    expect(results.map(({ duplicate }) => duplicate).sort()).toEqual([false, true, true]);
    expect(new Set(results.map(({ lastPosition }) => lastPosition)).size).toBe(1);
  }
  expect(await verified(three[0] as EventLog)).toMatchObject({ facts: 40, problems: [] });
});

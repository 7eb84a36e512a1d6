/** Contract: appending, expected revisions, idempotency. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WrongExpectedRevision } from '../errors.ts';
import { standingAt } from '../moment.ts';
import type { Commit, EventLog } from '../port.ts';
import { all, commit, fact, instant, type Open, verified } from './support.ts';

/** Who race each other: the attempts grow with their square. */
const WRITERS = process.env.APLEDGER_LONG === '1' ? 64 : 16;

export function describeAppending(open: Open): void {
  describe('appending', () => {
    test('facts of one command follow each other, from revision 0', async () => {
      const log = await open();
      const first = await log.append(commit('host-a', 'none', [fact(0), fact(1), fact(2)]));
      expect(first).toMatchObject({ firstRevision: 0, lastRevision: 2, duplicate: false });
      const second = await log.append(commit('host-a', 2, [fact(3)]));
      expect(second).toMatchObject({ firstRevision: 3, lastRevision: 3, duplicate: false });
      expect(second.lastPosition).toBeGreaterThan(first.lastPosition);
      expect(await log.lastPosition()).toBe(second.lastPosition);
    });

    test('a recorded fact carries what its writer gave, and who caused it', async () => {
      const log = await open();
      const given = commit('host-a', 'none', [fact(0, { mask: '0x0a' }), fact(1)]);
      await log.append(given);
      const [first, second] = await all(log.readStream('host-a'));
      expect(first).toMatchObject({
        stream: 'host-a',
        revision: 0,
        type: 'AdapterAssigned',
        version: 1,
        occurredAt: instant(0),
        actor: 'root',
        cause: given.commandId,
        correlation: 'c-1',
        data: { adapter: 0, mask: '0x0a' },
      });
      expect(first?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(first?.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(second?.id).not.toBe(first?.id);
      expect(Date.parse(second?.recordedAt ?? '')).toBeGreaterThanOrEqual(
        Date.parse(first?.recordedAt ?? ''),
      );
    });

    test('a recorded fact says who was found out to have given the command, and who it was said to be', async () => {
      const log = await open();
      const auth = { method: 'oidc', issuer: 'https://bank.example', subject: 'anna', session: 's-1' };
      await log.append({ ...commit('host-a', 'none', [fact(0)]), auth, claimed: 'root' });
      await log.append({ ...commit('host-a', 0, [fact(1)]), auth: { method: 'token', subject: 'ci' } });
      const [first, second] = await all(log.readStream('host-a'));
      expect(first).toMatchObject({ auth, claimed: 'root' });
      expect(second?.auth).toEqual({ method: 'token', subject: 'ci' });
      expect(second).not.toHaveProperty('claimed');
      expect((await verified(log)).problems).toEqual([]);
    });

    test('a writer who believes another end of the stream is refused, and nothing is written', async () => {
      const log = await open();
      await log.append(commit('host-a', 'none'));
      const refused = async (given: Commit): Promise<unknown> =>
        log.append(given).catch((error: unknown) => error);
      const expectations = [
        [commit('host-a', 'none'), 'none', 0],
        [commit('host-a', 1), 1, 0],
        [commit('host-b', 0), 0, 'none'],
      ] as const;
      for (const [given, expected, actual] of expectations) {
        const error = await refused(given);
        expect(error).toBeInstanceOf(WrongExpectedRevision);
        expect(error).toMatchObject({ stream: given.stream, expected, actual });
      }
      expect(await all(log.readAll())).toHaveLength(1);
      expect(await log.head('host-b')).toBeUndefined();
    });

    test('a writer who expects any end is always taken', async () => {
      const log = await open();
      await log.append(commit('host-a', 'any'));
      expect(await log.append(commit('host-a', 'any'))).toMatchObject({ firstRevision: 1 });
    });

    test('of many writers who start from one state, one wins and the others are told', async () => {
      const log = await open();
      const results = await Promise.allSettled(
        Array.from({ length: 16 }, (_, n) => log.append(commit('host-a', 'none', [fact(n), fact(n)]))),
      );
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      const refusals = results.filter((result) => result.status === 'rejected');
      for (const { reason } of refusals) expect(reason).toBeInstanceOf(WrongExpectedRevision);
      expect(await all(log.readStream('host-a'))).toHaveLength(2);
    });

    test(`${WRITERS} writers who read, decide and try again lose no update`, async () => {
      const log = await open();
      const perWriter = 4;
      await Promise.all(
        Array.from({ length: WRITERS }, (_, writer) => increment(log, 'host-a', writer, perWriter)),
      );
      const facts = await all(log.readStream('host-a'));
      expect(facts.map((recorded) => recorded.revision)).toEqual(
        Array.from({ length: WRITERS * perWriter }, (_, n) => n),
      );
      expect(facts.map((recorded) => recorded.data.count)).toEqual(
        facts.map((recorded) => recorded.revision + 1),
      );
    });

    test('a conflict of one append is no matter of those beside it', async () => {
      const log = await open();
      const results = await Promise.allSettled([
        log.append(commit('host-a', 'none')),
        log.append(commit('host-a', 7)),
        log.append(commit('host-b', 'none')),
      ]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });

    test('clocks that differ a little do not make time run backwards in a stream, and each reading is kept', async () => {
      const log = await open();
      await log.append(commit('host-a', 'none', [fact(50), fact(10)]));
      await log.append(commit('host-a', 1, [fact(20), fact(60)]));
      const facts = await all(log.readStream('host-a'));
      expect(facts.map((recorded) => recorded.occurredAt)).toEqual([50, 50, 50, 60].map(instant));
      const recordings = facts.map((recorded) => recorded.recordedAt);
      expect(recordings).toEqual([...recordings].sort());
      for (const { clock } of facts)
        expect(Math.abs(Date.parse(clock ?? '') - Date.now())).toBeLessThan(60_000);
      expect(facts.every((recorded) => !('jump' in recorded))).toBe(true);
    });

    test('a clock that was ahead dates what it dated, and nothing after it', async () => {
      const log = await open();
      const years = 5 * 365 * 24 * 3600 * 1000;
      await log.append(commit('host-a', 'none', [fact(0)]));
      await log.append(commit('host-a', 0, [fact(1000 + years)]));
      await log.append(commit('host-a', 1, [fact(2000), fact(2000)]));
      const facts = await all(log.readStream('host-a'));
      const times = [0, 1000 + years, 2000, 2000].map(instant);
      expect(facts.map((recorded) => recorded.occurredAt)).toEqual(times);
      expect(facts.map((recorded) => recorded.jump)).toEqual([undefined, undefined, 2, 2]);
      expect(await verified(log)).toMatchObject({ facts: 4, problems: [] });
      const at = (time: number) => standingAt(log, 'host-a', { time: instant(time) });
      expect(await at(0)).toEqual({ revision: 0, until: 1 });
      expect(await at(2000)).toEqual({ revision: 3 });
      expect(await log.revisionAt('host-a', { time: instant(2500) })).toBe(3);
    });

    test('any text and a megabyte of data come back as they were given', async () => {
      const log = await open();
      const data = {
        text: 'Größe ☃ 𝄞 \u0000 " \\ \u2028',
        big: 'x'.repeat(1_000_000),
        deep: { list: [1.5, -0.25, null, true] },
      };
      await log.append(commit('host-ü-𝄞', 'none', [fact(0, data)]));
      const [recorded] = await all(log.readAll());
      expect(recorded?.data).toEqual({ adapter: 0, ...data });
      expect(recorded?.stream).toBe('host-ü-𝄞');
      expect(await verified(log)).toMatchObject({ facts: 1, problems: [] });
    });

    test('the log keeps its own copy of the data', async () => {
      const log = await open();
      const data = { list: [1, 2] };
      await log.append(commit('host-a', 'none', [fact(0, data)]));
      data.list.push(3);
      expect((await all(log.readAll()))[0]?.data.list).toEqual([1, 2]);
    });

    test('a commit that no log can take is a mistake of the program', async () => {
      const log = await open();
      const good = commit('host-a', 'none');
      const mistakes: Commit[] = [
        { ...good, facts: [] },
        { ...good, stream: '' },
        { ...good, commandId: 'assign 5' },
        { ...good, expected: -1 },
        { ...good, facts: [{ ...fact(0), occurredAt: '2026-03-01' }] },
        { ...good, facts: [{ ...fact(0), version: 0 }] },
        { ...good, facts: [fact(0, { x: Number.NaN })] },
        { ...good, facts: [fact(0, { x: '\ud800' })] },
      ];
      for (const mistake of mistakes) await expect(log.append(mistake)).rejects.toThrow(TypeError);
      expect(await log.lastPosition()).toBe(0);
      expect(await log.heads()).toEqual([]);
    });
  });
}

/** Reads the stream's last count, appends the next one, and tries again when another writer was first. */
async function increment(log: EventLog, stream: string, writer: number, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const head = await log.head(stream);
    const count = (head?.revision ?? -1) + 2;
    try {
      await log.append(commit(stream, head?.revision ?? 'none', [fact(writer, { count })]));
      done += 1;
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
    }
  }
}

export function describeIdempotency(open: Open): void {
  describe('the same command again', () => {
    test('gives the first result and writes nothing, even when it expects a stale end', async () => {
      const log = await open();
      const given = commit('host-a', 'none', [fact(0), fact(1)]);
      const first = await log.append(given);
      await log.append(commit('host-a', 1));
      expect(await log.append(given)).toEqual({ ...first, duplicate: true });
      expect(await log.append({ ...given, expected: 2 })).toEqual({ ...first, duplicate: true });
      expect(await log.append({ ...given, commandId: given.commandId.toUpperCase() })).toMatchObject({
        duplicate: true,
      });
      expect(await all(log.readStream('host-a'))).toHaveLength(3);
    });

    test('is written once when it is handed over twice at the same time', async () => {
      const log = await open();
      const given = commit('host-a', 'none');
      const results = await Promise.all([log.append(given), log.append(given)]);
      expect(results.map((result) => result.duplicate).sort()).toEqual([false, true]);
      expect(new Set(results.map((result) => result.lastPosition)).size).toBe(1);
    });

    test('is another command in another stream', async () => {
      const log = await open();
      const given = commit('host-a', 'none');
      await log.append(given);
      expect(await log.append({ ...given, stream: 'host-b' })).toMatchObject({
        firstRevision: 0,
        duplicate: false,
      });
    });

    test('is found in the other stream', async () => {
      const log = await open();
      const given = commit('host-a', 'none');
      expect(await log.commandElsewhere('host-b', given.commandId)).toBeUndefined();
      await log.append(given);
      expect(await log.commandElsewhere('host-b', given.commandId.toUpperCase())).toBe('host-a');
      expect(await log.commandElsewhere('host-a', given.commandId)).toBeUndefined();
    });

    test('can be asked for its facts, of which the first tells what it was', async () => {
      const log = await open();
      await log.append(commit('host-a', 'none'));
      const command = { type: 'StopGuest', digest: 'q83vEjRWeJA' };
      const given = { ...commit('host-a', 0, [fact(1), fact(2)]), command };
      await log.append(given);
      const facts = await log.readCommand('host-a', given.commandId);
      expect(facts).toEqual((await all(log.readStream('host-a'))).slice(1));
      expect(facts.map((recorded) => recorded.command)).toEqual([command, undefined]);
      expect(await log.readCommand('host-b', given.commandId)).toEqual([]);
      expect(await log.readCommand('host-a', randomUUID())).toEqual([]);
    });
  });
}

/** Contract: subscriptions, several handles on one log, closing. */

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LogError, WrongExpectedRevision } from '../errors.ts';
import type { Delivery } from '../port.ts';
import { all, commit, deliveries, fact, fill, instant, type Open, verified, write } from './support.ts';

export function describeSubscriptions(open: Open): void {
  describe('a subscription', () => {
    test('crosses from history into the live tail: every fact once, in order', async () => {
      const log = await open();
      await fill(log);
      const writers = 8;
      const total = 60 + writers * 25;
      let writing: Promise<unknown> | undefined;
      const { facts, caughtUp } = await deliveries(
        log,
        0,
        (received, ups) => received.length === total && ups.length === 1,
        () => {
          // Begins at the first delivery, so that appends go on while history is read.
          writing ??= Promise.all(Array.from({ length: writers }, (_, n) => write(log, `host-${n}`, 25)));
        },
      );
      await writing;
      expect(facts).toEqual(await all(log.readAll()));
      expect(caughtUp).toHaveLength(1);
    });

    test('starts after any position and says once where history ended', async () => {
      const log = await open();
      await fill(log);
      const whole = await all(log.readAll());
      const after = whole[41]?.position ?? 0;
      const { facts, caughtUp } = await deliveries(log, after, (_, ups) => ups.length === 1);
      expect(facts).toEqual(whole.slice(42));
      expect(caughtUp).toEqual([await log.lastPosition()]);
    });

    test('ends on abort, while it waits for facts and before it began', async () => {
      const log = await open();
      const ended = new AbortController();
      const received: Delivery[] = [];
      for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
        received.push(delivery);
        setImmediate(() => ended.abort());
      }
      expect(received).toEqual([{ caughtUp: 0 }]);
      expect(await all(log.subscribe({ after: 0, signal: AbortSignal.abort() }))).toEqual([]);
    });

    test('is one of many, each with all facts', async () => {
      const log = await open();
      const live = Array.from({ length: 10 }, () => deliveries(log, 0, (facts) => facts.length === 60));
      await fill(log);
      const whole = await all(log.readAll());
      for (const { facts } of await Promise.all(live)) expect(facts).toEqual(whole);
    });
  });
}

export function describeHandles(open: Open): void {
  describe('two handles on one log', () => {
    test('find what was written when the log is opened again', async () => {
      const log = await open();
      await fill(log);
      const whole = await all(log.readAll());
      await log.close();
      const again = await open();
      expect(await all(again.readAll())).toEqual(whole);
      await again.append(commit('host-0', whole.filter((found) => found.stream === 'host-0').length - 1));
      expect(await verified(again)).toMatchObject({ facts: 61, problems: [] });
    });

    test('conflict only by expected revision, and see what the other wrote', async () => {
      const [one, two] = [await open(), await open()];
      for (let n = 0; n < 20; n++) {
        await (n % 2 === 0 ? one : two).append(commit('host-a', n === 0 ? 'none' : n - 1, [fact(n)]));
      }
      await expect(two.append(commit('host-a', 5))).rejects.toThrow(WrongExpectedRevision);
      expect(await all(one.readAll())).toEqual(await all(two.readAll()));
      expect(await verified(one)).toMatchObject({ facts: 20, problems: [] });
    });

    test('find a command in a stream that only the other has written to, before and after they asked first', async () => {
      const [one, two] = [await open(), await open()];
      const given = commit('host-a', 'none', [fact(0), fact(1)]);
      await one.append(given);
      await write(one, 'host-b', 3);
      expect(await two.commandElsewhere('host-c', given.commandId.toUpperCase())).toBe('host-a');
      expect(await two.commandElsewhere('host-a', given.commandId)).toBeUndefined();
      const late = commit('host-a', 1);
      await one.append(late);
      expect(await two.commandElsewhere('host-c', late.commandId)).toBe('host-a');
      await one.append({ ...late, stream: 'host-d', expected: 'none' });
      expect(await two.commandElsewhere('host-a', late.commandId)).toBe('host-d');
      expect(await two.commandElsewhere('host-c', randomUUID())).toBeUndefined();
    });

    test('know a command that the other has appended, however long ago', async () => {
      const one = await open();
      const given = commit('host-a', 'none', [fact(0), fact(1)]);
      const first = await one.append(given);
      await write(one, 'host-a', 20);
      const two = await open();
      expect(await two.append({ ...given, expected: 21 })).toEqual({ ...first, duplicate: true });
      const three = await open();
      expect(await three.append(given)).toEqual({ ...first, duplicate: true });
      expect((await three.readCommand('host-a', given.commandId)).map((found) => found.revision)).toEqual([
        0, 1,
      ]);
      const late = commit('host-a', 21);
      await one.append(late);
      expect(await three.append({ ...late, expected: 'any' })).toMatchObject({
        firstRevision: 22,
        duplicate: true,
      });
      expect(await all(three.readStream('host-a'))).toHaveLength(23);
    });

    test('know where the clock of the other jumped back', async () => {
      const [one, two] = [await open(), await open()];
      await one.append(commit('host-a', 'none', [fact(0)]));
      await one.append(commit('host-a', 0, [fact(600_000)]));
      await two.append(commit('host-a', 1, [fact(2000)]));
      const three = await open();
      await three.append(commit('host-a', 2, [fact(3000)]));
      await one.append(commit('host-a', 3, [fact(1000)]));
      const facts = await all(two.readStream('host-a'));
      expect(facts.map(({ jump }) => jump)).toEqual([undefined, undefined, 2, 2, 2]);
      expect(facts.map(({ occurredAt }) => occurredAt)).toEqual([0, 600_000, 2000, 3000, 3000].map(instant));
      expect((await verified(three)).problems).toEqual([]);
    });

    test('share a command that both append', async () => {
      const [one, two] = [await open(), await open()];
      const given = commit('host-a', 'none');
      const results = await Promise.all([one.append(given), two.append(given)]);
      expect(results.map((result) => result.duplicate).sort()).toEqual([false, true]);
    });

    test('a subscription on one receives every fact of both, in order', async () => {
      const [one, two] = [await open(), await open()];
      const live = deliveries(one, 0, (facts) => facts.length === 100);
      await Promise.all([write(one, 'host-a', 50), write(two, 'host-b', 50)]);
      expect((await live).facts).toEqual(await all(two.readAll()));
    });
  });
}

export function describeClosing(open: Open): void {
  describe('closing', () => {
    test('waits for appends that were handed over, and ends subscriptions', async () => {
      const log = await open();
      const live = deliveries(log, 0, () => false);
      const appends = Array.from({ length: 10 }, () => log.append(commit('host-a', 'any')));
      await log.close();
      expect(await Promise.all(appends)).toHaveLength(10);
      await live;
    });

    test('leaves a log that says so', async () => {
      const log = await open();
      await log.append(commit('host-a', 'none'));
      await log.close();
      await log.close();
      const closed = (error: unknown): boolean => error instanceof LogError && error.code === 'closed';
      await expect(log.append(commit('host-a', 'any'))).rejects.toSatisfy(closed);
      await expect(log.head('host-a')).rejects.toSatisfy(closed);
      await expect(all(log.readAll())).rejects.toSatisfy(closed);
    });
  });
}

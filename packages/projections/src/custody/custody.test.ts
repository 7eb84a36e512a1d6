/** What holds for any facts, whether or not a driver could have written them. Who is right is for test/consistency to say. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apqn, formatApqn } from '@apledger/ap';
import type { CustodyGroup, CustodyInterval, Holder } from '@apledger/api';
import { openMemoryLog } from '@apledger/event-log';
import { type Fact, packRecorded } from '@apledger/events';
import { EDGES, historyInUse } from '@apledger/host/testing';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FactIndex } from '../fact-index/fact-index.ts';
import { IndexStore } from '../fact-index/store.ts';
import { CannotFold, memoryStore, openReadModel } from '../index.ts';
import { newFacts, record } from '../testing/logs.ts';
import { openCustody } from './custody.ts';

/** The facts in commits of these lengths; those of the first `old` that are resets as version 2 wrote them, not packed. */
async function logOf(facts: readonly Fact[], lengths: readonly number[], old = 0) {
  const log = openMemoryLog();
  const written = newFacts(facts).map((fact, i) => {
    const original = facts[i];
    return i < old && original?.type === 'QueueReset'
      ? { ...fact, version: 2, packed: packRecorded(original, 2, new Uint8Array(0)) }
      : fact;
  });
  for (let at = 0, command = 1; at < facts.length; command++) {
    const next = at + (lengths[command % lengths.length] ?? 1);
    await record(log, 'zt93', command, written.slice(at, next));
    at = next;
  }
  return log;
}

const commits = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });

async function allIntervals(log: Awaited<ReturnType<typeof logOf>>): Promise<CustodyInterval[]> {
  const audit = await openCustody({ log }).audit({ host: 'zt93', guest: null, from: null, to: null });
  return (audit?.hosts[0]?.custody ?? []).flatMap(({ queues, ...custody }) =>
    queues.map((apqn) => ({ apqn, ...custody })),
  );
}

const name = (holder: Holder): string =>
  holder.kind === 'guest' ? `${holder.guest} ${holder.mdev}` : holder.kind;
const names = ({ holder, sharedWith }: CustodyInterval): string =>
  [holder, ...sharedWith].map(name).sort().join();

describe('the custody of a queue', () => {
  it('has no gap, no overlap and no period without a length, whatever the facts are', async () => {
    let inUse = 0;
    await fc.assert(
      fc.asyncProperty(historyInUse(60), commits, async (facts, lengths) => {
        const log = await logOf(facts, lengths);
        const intervals = await allIntervals(log);
        if (new Set(intervals.map(({ holder }) => holder.kind)).size === 3) inUse++;
        for (const spans of Map.groupBy(intervals, ({ apqn }) => apqn).values()) {
          expect(spans[0]).toMatchObject({ holder: { kind: 'nobody' }, from: null, resetBefore: null });
          expect(spans.at(-1)?.until).toBeNull();
          spans.forEach((span, i) => {
            const next = spans[i + 1];
            if (next === undefined) return;
            expect(next.from?.commandId).toBe(span.until?.commandId);
            expect(next.from?.commandId).not.toBe(next.until?.commandId);
            expect(span.until?.revision).toBeLessThanOrEqual(next.from?.revision ?? -1);
            expect(next.reset === null).toBe(next.resetBefore !== true);
          });
        }
        await log.close();
      }),
      { numRuns: 20 },
    );
    // Unless the first of the random facts, in one command with the start, ends it.
    expect(inUse).toBeGreaterThan(10);
  });

  it('ends with what the matrices say', async () => {
    await fc.assert(
      fc.asyncProperty(historyInUse(60), commits, async (facts, lengths) => {
        const log = await logOf(facts, lengths);
        const view = await (await openReadModel({ log, store: memoryStore() })).now('zt93');
        const guests = new Map(view?.mdevs.map(({ mdev, guest }) => [mdev, guest]));
        for (const span of await allIntervals(log)) {
          if (span.until !== null) continue;
          const [apid = 0, apqi = 0] = span.apqn.split('.').map((part) => Number.parseInt(part, 16));
          const cell = view?.cell(apid, apqi);
          const users = (cell?.usableIn ?? []).map((mdev) => `${guests.get(mdev)} ${mdev}`);
          if (cell?.boundTo === 'zcrypt') users.push('host');
          expect(names(span)).toBe(users.length === 0 ? 'nobody' : users.sort().join());
        }
        await log.close();
      }),
      { numRuns: 40 },
    );
  });

  it('is the same where resets were not packed yet, or up to a fact', async () => {
    await fc.assert(
      fc.asyncProperty(historyInUse(60), commits, fc.nat({ max: 70 }), async (random, lengths, old) => {
        const facts = random.flatMap((fact, i) => (i % 3 === 2 ? [fact, RESET] : [fact]));
        const packed = await logOf(facts, lengths);
        const unpacked = await logOf(facts, lengths, old);
        expect((await allIntervals(unpacked)).map(withoutTimes)).toEqual(
          (await allIntervals(packed)).map(withoutTimes),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('custody that is kept from one question to the next', () => {
  const span = fc.record({ from: fc.integer({ min: 0, max: 70 }), to: fc.integer({ min: 0, max: 70 }) });
  const apqns = fc.constantFrom(
    ...EDGES.flatMap((apid) => EDGES.map((apqi) => formatApqn(apqn(apid, apqi)))),
  );
  const asked = fc.array(fc.record({ span, apqn: apqns, guest: fc.constantFrom('web', 'db', 'g0', 'g1') }), {
    minLength: 1,
    maxLength: 8,
  });

  it('answers as one that reads the log anew, for every range, in whatever order it is asked', async () => {
    await fc.assert(
      fc.asyncProperty(historyInUse(60), commits, asked, async (facts, lengths, questions) => {
        const log = await logOf(facts, lengths);
        const last = await log.lastPosition();
        const kept = openCustody({ log });
        const tiny = openCustody({ log, maxBytes: 1 });
        for (const { span, apqn, guest } of questions) {
          const [from, to] = [span.from, span.to].map((position) => ({
            // Before its first fact a host is not known.
            position: Math.max(1, Math.min(position, last)),
          }));
          for (const range of [{}, { from, to }, { to }]) {
            const anew = openCustody({ log });
            const scope = { host: 'zt93', guest: null, from: range.from ?? null, to: range.to ?? null };
            for (const one of [kept, tiny]) {
              expect(await one.custody('zt93', apqn, range)).toEqual(await anew.custody('zt93', apqn, range));
              expect(await one.guestHistory('zt93', guest, range)).toEqual(
                await openCustody({ log }).guestHistory('zt93', guest, range),
              );
              expect(await one.exposures('zt93', range)).toEqual(
                await openCustody({ log }).exposures('zt93', range),
              );
              expect(await one.audit(scope)).toEqual(await openCustody({ log }).audit(scope));
            }
          }
        }
        await log.close();
      }),
      { numRuns: 10 },
    );
  });

  it('answers many questions at once', async () => {
    await fc.assert(
      fc.asyncProperty(historyInUse(60), commits, async (facts, lengths) => {
        const log = await logOf(facts, lengths);
        const kept = openCustody({ log });
        const last = await log.lastPosition();
        const ranges = Array.from({ length: 10 }, (_, n) => ({
          to: { position: Math.max(1, Math.floor((last * n) / 10)) },
        }));
        const answers = await Promise.all(ranges.map((range) => kept.exposures('zt93', range)));
        for (const [n, range] of ranges.entries())
          expect(answers[n]).toEqual(await openCustody({ log }).exposures('zt93', range));
        await log.close();
      }),
      { numRuns: 40 },
    );
  });
});

it('of a log whose packed facts are torn or of the future is refused, and the fact named', async () => {
  const [started, ...rest] = newFacts([
    { type: 'GuestStopped', data: { mdev: '11111111-1111-4111-8111-111111111111', guest: null } },
  ]);
  if (started === undefined || rest.length > 0) throw new Error('one fact');
  for (const packed of [started.packed.subarray(0, 5), Uint8Array.of(200), Uint8Array.of(25, 0, 1)]) {
    const log = openMemoryLog();
    await record(log, 'zt93', 1, [{ ...started, packed }]);
    await expect(openCustody({ log }).custody('zt93', '05.0047')).rejects.toThrow(CannotFold);
    await log.close();
  }
});

/** Of all queues that the histories know. */
const RESET: Fact = {
  type: 'QueueReset',
  data: {
    by: 'bus',
    queues: EDGES.flatMap((apid) => EDGES.map((apqi) => formatApqn(apqn(apid, apqi)))),
    responseCode: 0,
  },
};

/** What does not depend on when the log was written. */
const withoutTimes = ({ from, until, reset, ...interval }: CustodyInterval) => ({
  ...interval,
  revisions: [from?.revision, until?.revision, reset?.revision],
});

describe('a report that is under way', () => {
  it('goes on when the index over the facts is made again', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'apledger-index-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const scope = { host: 'zt93', guest: null, from: null, to: null };
    let most = 0;
    for (const [n, facts] of fc.sample(historyInUse(60), { numRuns: 40, seed: 1 }).entries()) {
      const log = await logOf(facts, [1]);
      const readModel = await openReadModel({ log, store: memoryStore() });
      const index = new FactIndex({
        log,
        store: IndexStore.open(join(directory, `${n}.sqlite`)),
        stateAt: (host, revision) => readModel.stateAt(host, revision),
      });
      await index.catchUp();
      const custody = openCustody({ log, headers: index });
      const whole = await custody.audit(scope);
      const report = await custody.report(scope);
      for await (const { custody: groups } of report?.hosts ?? []) {
        const told: CustodyGroup[] = [];
        for (const group of groups) {
          told.push(group);
          index.clear();
        }
        most = Math.max(most, told.length);
        expect(told).toEqual(whole?.hosts[0]?.custody);
      }
      await index.close();
      await log.close();
    }
    expect(most).toBeGreaterThan(2);
  });
});

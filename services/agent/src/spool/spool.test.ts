import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fact, UNATTRIBUTED } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import type { DraftCommit, Known } from '@apledger/observe';
import { describe, expect, it } from 'vitest';
import { AT, created, directory, uuid } from '../testing/scene.ts';
import { Spool, SpoolFull } from './spool.ts';

/** Every byte in `npm run test:long`; a prime number else. */
const STEP = process.env.APLEDGER_LONG === '1' ? 1 : 23;

function registered(): HostState {
  const state = new HostState();
  evolve(state, {
    type: 'HostRegistered',
    data: {
      host: 'zlp1',
      driver: '6.12',
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [],
        domains: [],
        controlDomains: [],
        cards: [],
      },
      apmask: `0x${'f'.repeat(64)}`,
      aqmask: `0x${'f'.repeat(64)}`,
      bootParameters: { apmask: null, aqmask: null },
    },
  } as Fact);
  return state;
}

const draft = (...facts: Fact[]): DraftCommit => ({
  notBefore: AT,
  notAfter: AT,
  occurredAt: AT,
  settled: true,
  wasAway: false,
  boot: 'b1',
  certainty: 'none',
  evidence: [],
  actor: UNATTRIBUTED,
  facts,
});
const settled = (request: string): Fact => ({
  type: 'CommandSettled',
  data: { request, outcome: 'done', explanation: 'seen' },
});
const begun = (request: string) => ({
  request,
  command: { type: 'CreateMdev', text: uuid(1) } as const,
  begunAt: AT,
});

async function opened(at: string, options: { readonly maxBytes?: number } = {}) {
  const reports: string[] = [];
  const spool = await Spool.open({
    directory: at,
    host: 'zlp1',
    report: (line) => reports.push(line),
    now: () => new Date(AT),
    ...options,
  });
  return { spool, reports };
}
async function adopted(at = directory(), options: { readonly maxBytes?: number } = {}) {
  const made = await opened(at, options);
  await made.spool.adopt({
    epoch: 1,
    lastSequence: 0,
    revision: 9,
    state: registered(),
    open: new Set<string>(),
  });
  return { ...made, at };
}
const record = (spool: Spool, ...drafts: DraftCommit[]): Promise<void> =>
  spool.record(drafts, { ...(spool.known as Known), seenAt: AT, boot: 'b1' });
const sequences = (spool: Spool): number[] => spool.unsent(1e9).map(({ sequence }) => sequence);
const mdevs = (spool: Spool): number => spool.known?.state.mdevs.size ?? -1;
const file = (at: string): string => join(at, 'spool');

describe('a spool', () => {
  it('numbers commits, keeps them over a restart, and forgets those that the ledger has', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)), draft(created(2)));
    await record(spool, draft(created(3)));
    await spool.acknowledge(1);
    await spool.close();
    const { spool: again, reports } = await opened(at);
    expect([sequences(again), again.last, mdevs(again), reports]).toEqual([[2, 3], 3, 3, []]);
    expect(again.identity).toEqual({ ...spool.identity, epoch: 1 });
    expect(again.unsent(1)).toHaveLength(1);
    expect(again.unsent(1)[0]?.facts[0]).toMatchObject({
      type: 'HostObserved',
      data: { epoch: 1, sequence: 2 },
    });
    await again.close();
  });

  it('of a file that ends anywhere in its last record is what it was before that record', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)));
    const whole = readFileSync(file(at)).length;
    await record(spool, draft(created(2)));
    await spool.close();
    const bytes = readFileSync(file(at));
    for (let length = whole; length < bytes.length; length += STEP) {
      writeFileSync(file(at), bytes.subarray(0, length));
      const { spool: again, reports } = await opened(at);
      expect([length, sequences(again), mdevs(again)]).toEqual([length, [1], 1]);
      expect(reports).toHaveLength(length === whole ? 0 : 1);
      await record(again, draft(created(3)));
      await again.close();
      const { spool: third } = await opened(at);
      expect([sequences(third), mdevs(third)]).toEqual([[1, 2], 2]);
      await third.close();
    }
  });

  it('puts a file aside that is damaged in the middle, goes on from what is whole, and says so', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)));
    const whole = readFileSync(file(at)).length;
    await record(spool, draft(created(2)));
    await record(spool, draft(created(3)));
    await spool.close();
    const bytes = readFileSync(file(at));
    bytes[whole + 40] = (bytes[whole + 40] ?? 0) ^ 1;
    writeFileSync(file(at), bytes);
    const { spool: again, reports } = await opened(at);
    expect(reports).toEqual([expect.stringContaining('it is kept as spool.2026-03-01T090000.000Z')]);
    expect(readdirSync(at)).toContain('spool.2026-03-01T090000.000Z');
    expect([sequences(again), mdevs(again), again.mayHaveBegun(1000)]).toEqual([[1], 1, true]);
    await again.trustAfter(50);
    expect([again.mayHaveBegun(50), again.mayHaveBegun(51)]).toEqual([true, false]);
    await record(again, draft(created(2)));
    await record(again, draft(created(3)));
    const said = again.unsent(1e9).flatMap(({ facts }) => facts.map(({ type }) => type));
    expect(said.filter((type) => type === 'ObservationIncomplete')).toHaveLength(1);
    await again.close();
  });

  it('without a word that can be read begins on what the ledger knows, as the same agent', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)));
    await spool.close();
    writeFileSync(file(at), 'x\ny\nz\n');
    const { spool: again } = await opened(at);
    expect([again.known, again.identity]).toEqual([undefined, spool.identity]);
    await again.adopt({
      epoch: 1,
      lastSequence: 1,
      revision: 12,
      state: registered(),
      open: new Set<string>(),
    });
    expect([again.last, again.mayHaveBegun(12), again.mayHaveBegun(13)]).toEqual([1, true, false]);
    await again.close();
  });

  it('keeps begun commands until they are settled', async () => {
    const { spool, at } = await adopted();
    await spool.begin(begun('one'));
    await spool.begin(begun('two'));
    await record(spool, draft(settled('one')));
    await spool.close();
    const { spool: again } = await opened(at);
    expect(again.begun).toEqual([begun('two')]);
    await again.close();
  });

  it('that is full keeps what it has, takes outcomes of commands, and says later what it gave up', async () => {
    const { spool } = await adopted(directory(), { maxBytes: 70_000 });
    let kept = 0;
    await expect(
      (async () => {
        for (;;) {
          await record(spool, draft(created(kept)));
          kept += 1;
        }
      })(),
    ).rejects.toThrow(SpoolFull);
    expect(sequences(spool)).toHaveLength(kept);
    await expect(record(spool, draft(created(1000)), draft(created(1001)))).rejects.toThrow(SpoolFull);
    await record(spool, draft(settled('zero')));
    expect(mdevs(spool)).toBe(kept);
    await spool.acknowledge(kept);
    await record(spool, draft(created(1000)));
    const last = spool.unsent(1e9).flatMap(({ facts }) => facts);
    const dropped = last.filter(({ type }) => type === 'ObservationsDropped');
    expect(dropped).toMatchObject([{ data: { commits: 3, from: AT, to: AT } }]);
    await spool.close();
  });

  it('that cannot be replaced, since the disk is full, is the one before, and goes on when there is room', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)));
    const before = readFileSync(file(at), 'utf8');
    symlinkSync('/dev/full', `${file(at)}.new`);
    const known = { epoch: 1, lastSequence: 0, revision: 9, state: registered(), open: new Set<string>() };
    await expect(spool.adopt(known)).rejects.toThrow(/ENOSPC/);
    expect([readFileSync(file(at), 'utf8'), mdevs(spool)]).toEqual([before, 1]);
    await record(spool, draft(created(2)));
    await spool.close();
    const { spool: again } = await opened(at);
    expect([sequences(again), mdevs(again)]).toEqual([[1, 2], 2]);
    await again.close();
  });

  it('on a disk that fills keeps what it has, and goes on when there is room', async ({ skip }) => {
    const at = directory();
    const disk = join(at, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0)
      return skip('no right to mount a file system: run the tests as root');
    try {
      const { spool } = await adopted(disk);
      let kept = 0;
      const filling = (async () => {
        for (;;) {
          await record(spool, draft(created(kept)));
          kept += 1;
        }
      })();
      await expect(filling).rejects.toThrow(/ENOSPC/);
      expect([sequences(spool).length, mdevs(spool)]).toEqual([kept, kept]);
      spawnSync('mount', ['-o', 'remount,size=4m', disk]);
      await record(spool, draft(created(kept)));
      await spool.close();
      const { spool: again } = await opened(disk);
      expect(mdevs(again)).toBe(kept + 1);
      expect(sequences(again)).toEqual(Array.from({ length: kept + 1 }, (_, n) => n + 1));
      await again.close();
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  });

  it('does not take what cannot follow', async () => {
    const { spool, at } = await adopted();
    await record(spool, draft(created(1)));
    const before = readFileSync(file(at), 'utf8');
    await expect(record(spool, draft(created(2)), draft(created(2)))).rejects.toThrow(/exists|mdev/);
    expect([readFileSync(file(at), 'utf8'), mdevs(spool)]).toEqual([before, 1]);
    await spool.close();
  });

  it('stays small while the ledger keeps up', async () => {
    const { spool, at } = await adopted();
    for (let n = 1; n <= 20; n++) {
      const many = Array.from({ length: 1000 }, (_, i): Fact => created(1000 * n + i));
      await record(
        spool,
        draft(...many, ...many.map(({ data }): Fact => ({ type: 'MdevRemoved', data }) as Fact)),
      );
      await spool.acknowledge(spool.last);
    }
    expect(readFileSync(file(at)).length).toBeLessThan(2 * 1024 * 1024);
    expect(mdevs(spool)).toBe(0);
    await spool.close();
  });

  it('that begins again keeps outcomes of commands that are open, but not one that the ledger has refused', async () => {
    const { spool } = await adopted();
    await record(spool, draft(created(1)));
    for (const request of ['one', 'two', 'three']) await spool.begin(begun(request));
    await record(spool, draft(settled('one')));
    await record(spool, draft(created(2), settled('two')));
    const known = { epoch: 1, lastSequence: 1, revision: 20, state: registered() };
    await spool.adopt({ ...known, open: new Set(['one', 'two', 'three']) }, 'refused');
    expect(spool.begun.map(({ request }) => request).sort()).toEqual(['one', 'three']);
    const commits = spool.unsent(1e9).map(({ sequence, facts }) => [sequence, facts.map(({ type }) => type)]);
    expect(commits).toEqual([[2, ['HostObserved', 'CommandSettled']]]);
    expect([spool.hasSettled('one'), spool.hasSettled('two'), mdevs(spool)]).toEqual([false, true, 0]);
    expect(spool.unsent(1e9)[0]?.facts[0]).toMatchObject({ data: { sequence: 2 } });
    await spool.adopt({ ...known, open: new Set<string>() });
    expect(spool.unsent(1e9)).toEqual([]);
    await spool.close();
  });

  it('is of one host', async () => {
    const { spool, at } = await adopted();
    await spool.close();
    await expect(Spool.open({ directory: at, host: 'zlp2', report: () => {} })).rejects.toThrow(
      /is the spool of host zlp1, not of zlp2/,
    );
  });
});

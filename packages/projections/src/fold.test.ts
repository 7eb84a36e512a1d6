import { zstdCompressSync } from 'node:zlib';
import { openMemoryLog, packedFacts } from '@apledger/event-log';
import { type Fact, OP, pack } from '@apledger/events';
import { HostState } from '@apledger/host';
import { history } from '@apledger/host/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyFact, CannotFold } from './fold.ts';
import { packState, readSnapshot, sealState } from './snapshot.ts';
import { newFacts, record } from './testing/logs.ts';
import { viewOf } from './view.ts';

const SCANNED: Fact = { type: 'BusScanned', data: { scans: 1 } };

/** Folds a payload as the next fact. */
function fold(state: HostState, payload: Uint8Array): void {
  const revision = state.revision + 1;
  const frame = { bytes: payload, offset: 0, length: payload.length };
  applyFact(state, { ...frame, revision, position: revision + 1, occurredAt: 0 });
}

/** The view's JSON without what the log adds. */
function matricesOf(state: HostState): object | undefined {
  const view = viewOf('zt93', state);
  if (view === undefined) return undefined;
  const { host, revision, position, occurredAt, ...matrices } = view;
  return JSON.parse(JSON.stringify(matrices)) as object;
}

const foldAll = (facts: readonly Fact[]): HostState => {
  const state = new HostState();
  for (const fact of facts) fold(state, pack(fact));
  return state;
};

describe('folding packed facts', () => {
  it('folds in place, wherever in a page the payload lies', async () => {
    const log = openMemoryLog();
    const facts = fc.sample(history(), { numRuns: 1, seed: 7 })[0] ?? [];
    await record(log, 'zt93', 1, newFacts(facts));
    const state = new HostState();
    for await (const page of log.readPacked()) for (const fact of packedFacts(page)) applyFact(state, fact);
    expect(matricesOf(state)).toEqual(matricesOf(foldAll(facts)));
    await log.close();
  });

  it('refuses a gap in the revisions, a torn payload and an op code of a newer apledger', () => {
    const known = foldAll(fc.sample(history(), { numRuns: 1, seed: 7 })[0] ?? []);
    const frame = { bytes: pack(SCANNED), offset: 0, length: 5, position: 9, occurredAt: 0 };
    expect(() => applyFact(known.fork(), { ...frame, revision: known.revision + 2 })).toThrow(CannotFold);
    const card = known.cards.keys()[0] ?? 0;
    const configured = pack({ type: 'CardConfigured', data: { adapter: card } });
    fold(known.fork(), configured);
    expect(() => fold(known.fork(), configured.subarray(0, 1))).toThrow(/ends early/);
    expect(() => fold(known.fork(), Uint8Array.of(...configured, 0))).toThrow(/too many/);
    for (const op of [Math.max(...Object.values(OP)) + 1, 255])
      expect(() => fold(known.fork(), Uint8Array.of(op))).toThrow(/newer apledger/);
    for (const op of [1, 3, 5, 24, 25])
      expect(() => fold(known.fork(), Uint8Array.of(op))).toThrow(/does not say all/);
  });

  it('keeps thousands of mdevs apart, in the order of their creation', () => {
    const uuid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
    const state = foldAll(fc.sample(history(0), { numRuns: 1, seed: 7 })[0] ?? []);
    const assign = (n: number) => {
      fold(state, pack({ type: 'MdevCreated', data: { mdev: uuid(n) } }));
      fold(state, pack({ type: 'DomainAssigned', data: { mdev: uuid(n), domains: [n % 256] } }));
    };
    for (let n = 0; n < 3000; n++) assign(n);
    for (let n = 0; n < 3000; n += 3) fold(state, pack({ type: 'MdevRemoved', data: { mdev: uuid(n) } }));
    for (let n = 3000; n < 3100; n++) assign(n);
    const expected = Array.from({ length: 3100 }, (_, n) => n).filter((n) => n >= 3000 || n % 3 !== 0);
    const mdevs = viewOf('zt93', state)?.mdevs.map(({ mdev, domains }) => [mdev, ...domains]);
    expect(mdevs).toEqual(expected.map((n) => [uuid(n), n % 256]));
  });
});

const kept = (state: HostState) => sealState(packState('h', state), 'ab'.repeat(32));

describe('a snapshot', () => {
  it('brings the state back, and folding goes on from it as if nothing had been', () => {
    fc.assert(
      fc.property(history(), fc.nat({ max: 120 }), (facts, at) => {
        const restored = readSnapshot(kept(foldAll(facts.slice(0, at))));
        if (restored === undefined) throw new Error('the snapshot was not readable');
        for (const fact of facts.slice(at)) fold(restored, pack(fact));
        const whole = foldAll(facts);
        expect(matricesOf(restored)).toEqual(matricesOf(whole));
        expect(kept(restored)).toEqual(kept(whole));
      }),
      { numRuns: 200 },
    );
  });

  it('of another version, cut short or too long counts as absent', () => {
    const whole = kept(foldAll(fc.sample(history(), { numRuns: 1, seed: 7 })[0] ?? []));
    const read = (...bytes: number[]) => readSnapshot({ ...whole, bytes: Uint8Array.from(bytes) });
    const bytes = [...whole.bytes];
    expect(read(...bytes)).toBeDefined();
    expect(read((bytes[0] ?? 0) ^ 1, ...bytes.slice(1))).toBeUndefined();
    expect(read(...bytes.slice(0, 40), (bytes[40] ?? 0) ^ 1, ...bytes.slice(41))).toBeUndefined();
    expect(read(...bytes.slice(0, -1))).toBeUndefined();
    expect(read(...bytes, 0)).toBeUndefined();
    expect(read()).toBeUndefined();
  });

  it('of another host, revision or log counts as absent', () => {
    const whole = kept(foldAll(fc.sample(history(), { numRuns: 1, seed: 7 })[0] ?? []));
    expect(readSnapshot({ ...whole, host: 'g' })).toBeUndefined();
    expect(readSnapshot({ ...whole, revision: whole.revision - 1 })).toBeUndefined();
    expect(readSnapshot({ ...whole, hash: 'cd'.repeat(32) })).toBeUndefined();
  });

  it('that would unpack to gigabytes stays packed', () => {
    const packed = zstdCompressSync(Buffer.alloc(256 * 1024 * 1024));
    expect(readSnapshot(sealState({ host: 'h', revision: 1, packed }, ''))).toBeUndefined();
  });
});

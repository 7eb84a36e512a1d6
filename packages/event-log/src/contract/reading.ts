/** Contract: streams, the whole log, packed pages, and streams as of a moment. */

import { describe, expect, test } from 'vitest';
import { packedFacts } from '../packed.ts';
import type { RecordedFact } from '../port.ts';
import { all, asPacked, commit, fact, fill, instant, type Open, unpacked, verified } from './support.ts';

export function describeReading(open: Open): void {
  describe('reading', () => {
    test('an empty log has no facts, heads or streams', async () => {
      const log = await open();
      expect(await all(log.readAll())).toEqual([]);
      expect(await all(log.readStream('host-a'))).toEqual([]);
      expect(await all(log.readPacked())).toEqual([]);
      expect(await all(log.readPacked({ stream: 'host-a' }))).toEqual([]);
      expect(await log.heads()).toEqual([]);
      expect(await log.head('host-a')).toBeUndefined();
      expect(await log.lastPosition()).toBe(0);
    });

    test('a stream is read by any range of revisions, also from within a commit', async () => {
      const log = await open();
      await fill(log);
      const whole = await all(log.readStream('host-2'));
      expect(whole.map((recorded) => recorded.revision)).toEqual(Array.from({ length: 30 }, (_, n) => n));
      for (const [from, to] of [
        [0, 0],
        [1, 4],
        [4, 4],
        [7, 29],
        [29, 99],
        [30, 40],
        [5, 3],
      ] as const) {
        const part = await all(log.readStream('host-2', { from, to }));
        expect(part).toEqual(whole.slice(from, to + 1));
        const packed = await unpacked(log.readPacked({ stream: 'host-2', from, to }));
        expect(packed).toEqual(whole.slice(from, to + 1).map(asPacked));
      }
      expect(await all(log.readStream('host-2', { from: 28 }))).toEqual(whole.slice(28));
    });

    test('the log is read from any position to any position', async () => {
      const log = await open();
      await fill(log);
      const whole = await all(log.readAll());
      const positions = whole.map((recorded) => recorded.position);
      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
      expect(positions.at(-1)).toBe(await log.lastPosition());
      for (const [first, last] of [
        [0, 0],
        [0, 1],
        [3, 3],
        [4, 9],
        [55, 59],
        [59, 59],
      ] as const) {
        const range = { after: (positions[first] ?? 0) - 1, upTo: positions[last] ?? 0 };
        expect(await all(log.readAll(range))).toEqual(whole.slice(first, last + 1));
        expect(await unpacked(log.readPacked(range))).toEqual(whole.slice(first, last + 1).map(asPacked));
      }
      expect(await all(log.readAll({ after: await log.lastPosition() }))).toEqual([]);
    });

    test('a reader may leave early, many times, and the log still serves', async () => {
      const log = await open();
      await fill(log);
      for (let round = 0; round < 100; round++) {
        for await (const recorded of log.readAll()) if (recorded.position > 3) break;
        for await (const page of log.readPacked()) if (page.lastPosition > 0) break;
      }
      await log.append(commit('host-0', 'any'));
      expect((await all(log.readAll())).at(-1)?.position).toBe(await log.lastPosition());
    });

    test('what is appended while somebody reads disturbs neither', async () => {
      const log = await open();
      await fill(log);
      const seen: number[] = [];
      for await (const recorded of log.readAll({ upTo: await log.lastPosition() })) {
        if (seen.length % 10 === 0) await log.append(commit('host-9', 'any'));
        seen.push(recorded.position);
      }
      expect(seen).toHaveLength(60);
      expect((await log.head('host-9'))?.revision).toBe(5);
    });

    test('heads tell where each stream ends, sorted by name', async () => {
      const log = await open();
      await fill(log);
      const heads = await log.heads();
      expect(heads.map((head) => head.stream)).toEqual(['host-0', 'host-1', 'host-2']);
      for (const head of heads) {
        const last = (await all(log.readStream(head.stream))).at(-1);
        const { stream, revision, position, hash, occurredAt } = last ?? {};
        expect(head).toEqual({ stream, revision, position, hash, occurredAt });
        expect(await log.head(head.stream)).toEqual(head);
      }
    });

    test('the hash chain verifies, and each head is found again', async () => {
      const log = await open();
      await fill(log);
      const noted = await log.heads();
      await fill(log);
      const repack = (recorded: RecordedFact): Uint8Array => fact(Number(recorded.data.adapter)).packed;
      const report = await verified(log, { noted, repack });
      expect(report).toEqual({
        facts: 120,
        streams: 3,
        heads: await log.heads(),
        problems: [],
        clockJumps: [],
      });
    });
  });
}

export function describePackedReading(open: Open): void {
  describe('packed pages', () => {
    test('hold what readAll reads, over many pages', async () => {
      const log = await open();
      const commits = Array.from({ length: 450 }, (_, n) =>
        commit(
          `host-${n % 7}`,
          'any',
          Array.from({ length: 1 + (n % 10) }, () => fact(n)),
        ),
      );
      await Promise.all(commits.map((given) => log.append(given)));
      const whole = await all(log.readAll());
      expect(whole).toHaveLength(2475);
      expect(await unpacked(log.readPacked())).toEqual(whole.map(asPacked));
      const after = whole[1000]?.position ?? 0;
      const upTo = whole[2100]?.position ?? 0;
      expect(await unpacked(log.readPacked({ after, upTo }))).toEqual(whole.slice(1001, 2101).map(asPacked));
      const stream = await all(log.readStream('host-3'));
      expect(await unpacked(log.readPacked({ stream: 'host-3' }))).toEqual(stream.map(asPacked));
    });

    test('hold payloads of any bytes and any length, also none', async () => {
      const log = await open();
      const payloads = [[], [0], [0xff, 0, 0xc3, 0x28], new Array<number>(100_000).fill(0xfe)].map((b) =>
        Uint8Array.from(b),
      );
      for (const packed of payloads) await log.append(commit('host-a', 'any', [{ ...fact(0), packed }]));
      const found: Uint8Array[] = [];
      for await (const page of log.readPacked()) {
        for (const { bytes, offset, length } of packedFacts(page))
          found.push(bytes.slice(offset, offset + length));
      }
      expect(found.map((bytes) => Buffer.compare(bytes, payloads[found.indexOf(bytes)] ?? bytes))).toEqual([
        0, 0, 0, 0,
      ]);
    });
  });
}

export function describeMoments(open: Open): void {
  describe('as of a moment', () => {
    test('a stream has the revision of its last fact at or before it', async () => {
      const log = await open();
      await fill(log);
      const facts = await all(log.readStream('host-1'));
      const last = facts.length - 1;
      for (const recorded of facts) {
        const { revision, position, occurredAt } = recorded;
        expect(await log.revisionAt('host-1', { revision })).toBe(revision);
        expect(await log.revisionAt('host-1', { position })).toBe(revision);
        expect(await log.revisionAt('host-1', { position: position - 1 })).toBe(revision - 1);
        expect(await log.revisionAt('host-1', { time: occurredAt })).toBe(revision);
        const before = new Date(Date.parse(occurredAt) - 1).toISOString();
        expect(await log.revisionAt('host-1', { time: before })).toBe(revision - 1);
      }
      expect(await log.revisionAt('host-1', { revision: 1e6 })).toBe(last);
      expect(await log.revisionAt('host-1', { position: 1e9 })).toBe(last);
      expect(await log.revisionAt('host-1', { time: '2100-01-01T00:00:00.000Z' })).toBe(last);
    });

    test('before its first fact, or without facts, it has none', async () => {
      const log = await open();
      await fill(log);
      expect(await log.revisionAt('host-1', { revision: -1 })).toBe(-1);
      expect(await log.revisionAt('host-1', { position: 0 })).toBe(-1);
      expect(await log.revisionAt('host-1', { time: '1999-12-31T23:59:59.999Z' })).toBe(-1);
      expect(await log.revisionAt('host-x', { position: 5 })).toBe(-1);
      await expect(log.revisionAt('host-1', { time: 'yesterday' })).rejects.toThrow(TypeError);
    });

    test('of facts at the same time, it is the last', async () => {
      const log = await open();
      await log.append(commit('host-a', 'none', [fact(1), fact(1), fact(2)]));
      await log.append(commit('host-a', 2, [fact(2), fact(3)]));
      expect(await log.revisionAt('host-a', { time: instant(1) })).toBe(1);
      expect(await log.revisionAt('host-a', { time: instant(2) })).toBe(3);
    });
  });
}

/** Contract: big facts, and many. */

import { describe, expect, test } from 'vitest';
import { packedFacts } from '../packed.ts';
import type { NewFact } from '../port.ts';
import { commit, deliveries, fact, type Open } from './support.ts';

const MEGABYTE = 1024 * 1024;
const IS_LONG = process.env.APLEDGER_LONG === '1';
/** More than two pages of any adapter, and more bytes than one page may have. */
const MANY_FACTS = IS_LONG ? 100_000 : 9000;
const PAYLOAD_BYTES = IS_LONG ? 64 : 2048;
const FACTS_PER_COMMIT = 100;
const MAX_PAGE_BYTES = 16 * MEGABYTE;

export function describeScale(open: Open): void {
  describe('much', () => {
    test('facts of a megabyte are appended, read, folded and subscribed to', async () => {
      const log = await open();
      const count = 12;
      const text = (n: number): string => String.fromCharCode(97 + n).repeat(MEGABYTE);
      for (let n = 0; n < count; n++) {
        const packed = new Uint8Array(MEGABYTE).fill(n);
        await log.append(
          commit('host-a', n === 0 ? 'none' : n - 1, [{ ...fact(n, { text: text(n) }), packed }]),
        );
      }
      const { facts } = await deliveries(log, 0, (received) => received.length === count);
      expect(facts.map((found) => found.data.text === text(found.revision))).toEqual(Array(count).fill(true));
      const payloads: boolean[] = [];
      for await (const page of log.readPacked({ stream: 'host-a' })) {
        for (const { bytes, offset, length, revision } of packedFacts(page)) {
          const payload = bytes.subarray(offset, offset + length);
          payloads.push(length === MEGABYTE && payload.every((byte) => byte === revision));
        }
      }
      expect(payloads).toEqual(Array(count).fill(true));
    });

    test(`a subscriber who comes late catches up with ${MANY_FACTS} facts`, async () => {
      const log = await open();
      await appendMany(log.append.bind(log));
      const ended = new AbortController();
      const next = new Map<string, number>();
      let position = 0;
      let facts = 0;
      for await (const delivery of log.subscribe({ after: 0, signal: ended.signal })) {
        if ('caughtUp' in delivery) {
          expect(delivery.caughtUp).toBe(position);
          ended.abort();
          continue;
        }
        const { stream, revision } = delivery.fact;
        if (delivery.fact.position <= position || revision !== (next.get(stream) ?? 0))
          throw new Error(`out of order: ${stream} ${revision} at ${delivery.fact.position}`);
        next.set(stream, revision + 1);
        position = delivery.fact.position;
        facts += 1;
      }
      expect(facts).toBe(MANY_FACTS);
      expect(position).toBe(await log.lastPosition());
    });

    test(`${MANY_FACTS} facts are folded from packed pages of bounded size`, async () => {
      const log = await open();
      await appendMany(log.append.bind(log));
      let facts = 0;
      let largest = 0;
      for await (const page of log.readPacked()) {
        largest = Math.max(largest, page.bytes.length);
        for (const { length } of packedFacts(page)) facts += length === PAYLOAD_BYTES ? 1 : 0;
      }
      expect(facts).toBe(MANY_FACTS);
      expect(largest).toBeLessThan(MAX_PAGE_BYTES);
    });
  });
}

/** MANY_FACTS in ten streams, in commits of a hundred. */
async function appendMany(append: (given: ReturnType<typeof commit>) => Promise<unknown>): Promise<void> {
  const streams = 10;
  const packed = new Uint8Array(PAYLOAD_BYTES).fill(1);
  const commits = MANY_FACTS / FACTS_PER_COMMIT / streams;
  const writer = async (stream: string): Promise<void> => {
    for (let n = 0; n < commits; n++) {
      const facts: NewFact[] = Array.from({ length: FACTS_PER_COMMIT }, (_, index) => ({
        ...fact(index),
        packed,
      }));
      await append(commit(stream, 'any', facts));
    }
  };
  await Promise.all(Array.from({ length: streams }, (_, n) => writer(`host-${n}`)));
}

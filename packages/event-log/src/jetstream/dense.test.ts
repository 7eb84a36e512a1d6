/** A message that a server or a client loses on the way to a reader is noticed, and read again. */
import { describe, expect, test } from 'vitest';
import { contiguous } from './dense.ts';
import type { Stored } from './record.ts';

const LAST = 9;
const stored = (sequence: number): Stored => ({ sequence, subject: 's', data: new Uint8Array() });

/** Readings of messages 1 to 9 in runs of three; the n-th one lacks what is lost in it. */
function readings(...lost: readonly (readonly number[])[]) {
  const from: number[] = [];
  const read = async function* (next: number): AsyncGenerator<readonly Stored[]> {
    const missing = lost[from.length] ?? [];
    from.push(next);
    const all = Array.from({ length: LAST }, (_, n) => n + 1);
    const there = all.filter((sequence) => sequence >= next && !missing.includes(sequence)).map(stored);
    for (let at = 0; at < there.length; at += 3) yield there.slice(at, at + 3);
  };
  return { read, from };
}

async function taken(runs: AsyncIterable<readonly Stored[]>): Promise<number[]> {
  const sequences: number[] = [];
  for await (const run of runs) sequences.push(...run.map(({ sequence }) => sequence));
  return sequences;
}

describe('a reading of all messages', () => {
  test.each([
    ['takes what is there', 1, [], [1]],
    ['takes what is there from anywhere', 6, [], [6]],
    ['asks again for a message that did not come', 1, [[5]], [1, 5]],
    ['asks again for the first one', 1, [[1]], [1, 1]],
    ['asks again for several', 4, [[4, 5, 8], [6]], [4, 4, 6]],
    ['does so wherever one is missing', 1, [[2], [6], [9]], [1, 2, 6]],
  ])('%s', async (_, start, lost, from) => {
    const { read, from: asked } = readings(...lost);
    const all = Array.from({ length: LAST - start + 1 }, (__, n) => start + n);
    const last = lost.at(-1)?.includes(LAST) === true ? LAST - 1 : LAST; // nobody misses the end
    expect(await taken(contiguous(read, start))).toEqual(all.filter((sequence) => sequence <= last));
    expect(asked).toEqual(from);
  });

  test('goes on without a message that does not come at the second time either', async () => {
    const { read, from } = readings([3, 4], [3, 4, 7], [7]);
    expect(await taken(contiguous(read, 1))).toEqual([1, 2, 5, 6, 8, 9]);
    expect(from).toEqual([1, 3, 7]);
  });
});

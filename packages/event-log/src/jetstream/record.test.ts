import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commit, fact } from '../contract/support.ts';
import { LogError } from '../errors.ts';
import { packedFacts } from '../packed.ts';
import { NO_HEAD, seal } from '../seal.ts';
import { decodeCommit, encodeCommit } from './record.ts';

const given = {
  ...commit('host-a', 'none', [fact(5), fact(3, { text: 'ü 𝄞' }), fact(9)]),
  commandId: randomUUID(),
};
const head = { ...NO_HEAD, revision: 6, occurredAt: '2026-01-01T00:00:00.000Z' };
const sealed = seal(given, head, '2026-03-01T12:00:01.000Z');
const body = encodeCommit(given.commandId, sealed);
const decode = (data: Uint8Array) => decodeCommit({ sequence: 34, subject: 's', data }, 'host-a', 'test');

describe('a commit as a message', () => {
  test('comes back as it was sealed', () => {
    const record = decode(body);
    expect(record).toMatchObject({ count: 3, firstRevision: 7, lastRevision: 9, lastPosition: 3_400_002 });
    expect(record?.commandId).toBe(given.commandId);
    const facts = record?.facts() ?? [];
    expect(facts.map(({ position, hash, ...envelope }) => [envelope, hash])).toEqual(
      sealed.map((each) => [JSON.parse(each.canonical), each.hash]),
    );
    expect(facts.map((each) => each.position)).toEqual([3_400_000, 3_400_001, 3_400_002]);
    const { revision, hash, occurredAt, recordedAt } = sealed[2] ?? sealed[0] ?? NO_HEAD;
    expect(record?.chainHead()).toEqual({ revision, hash, occurredAt, recordedAt });
  });

  test('gives frames with the position and the stream of the reader', () => {
    const record = decode(body);
    const bytes = Buffer.alloc(record?.framesLength ?? 0);
    record?.copyFrames(bytes, 0, 12);
    const frames = [...packedFacts({ bytes })].length;
    expect(frames).toBe(3);
    const seen: object[] = [];
    for (const { stream, revision, position, occurredAt, offset, length } of packedFacts({ bytes }))
      seen.push({
        stream,
        revision,
        position,
        occurredAt,
        text: bytes.toString('utf8', offset, offset + length),
      });
    expect(seen).toEqual(
      sealed.map((each, index) => ({
        stream: 12,
        revision: each.revision,
        position: 3_400_000 + index,
        occurredAt: each.occurredAtMs,
        text: `packed ${[5, 3, 9][index]}`,
      })),
    );
  });

  test('with more frames than facts, or fewer, is refused', () => {
    const framesLength = body.readUInt32LE(12);
    const jsonAt = body.length - Buffer.byteLength(`[${sealed.map((each) => each.canonical).join(',')}]`);
    const frame = body.subarray(jsonAt - framesLength, jsonAt);
    const last = frame.subarray(frame.length - frame.readUInt32LE(0));
    const withFrames = (frames: Buffer): Buffer => {
      const changed = Buffer.concat([body.subarray(0, jsonAt - framesLength), frames, body.subarray(jsonAt)]);
      changed.writeUInt32LE(frames.length, 12);
      return changed;
    };
    expect(decode(withFrames(frame))).toMatchObject({ count: 3 });
    const corrupted = (words: RegExp) =>
      expect.objectContaining({ code: 'corrupted', message: expect.stringMatching(words) });
    expect(() => decode(withFrames(Buffer.concat([frame, last])))).toThrow(
      corrupted(/more frames than facts/),
    );
    expect(() => decode(withFrames(frame.subarray(0, frame.length - last.length)))).toThrow(
      corrupted(/do not fit/),
    );
  });

  test('that is cut short or changed anywhere is read rightly, refused, or foreign: never anything else', () => {
    const read = (data: Buffer): void => {
      try {
        const record = decode(data);
        if (record === undefined) return;
        record.facts();
        record.head();
      } catch (error) {
        expect(error).toBeInstanceOf(LogError);
        expect(error).toMatchObject({ code: expect.stringMatching(/corrupted|newer-version/) });
      }
    };
    const place = fc.nat({ max: body.length - 1 });
    fc.assert(fc.property(place, (length) => read(body.subarray(0, length))));
    fc.assert(
      fc.property(place, fc.nat({ max: 255 }), (at, byte) => {
        const changed = Buffer.from(body);
        changed[at] = byte;
        read(changed);
      }),
      { numRuns: 2000 },
    );
  });
});

import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commit, fact, instant } from './contract/support.ts';
import { LogError } from './errors.ts';
import { behindOf, canonicalEnvelope, checkCommit, factId, NO_HEAD, seal } from './seal.ts';

const wellFormed = fc.string({ unit: 'binary' });
const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' });

describe('sealing', () => {
  test('an envelope has the canonical JSON that the library gives it', () => {
    const auth = fc.record(
      { method: wellFormed, issuer: wellFormed, subject: wellFormed, session: wellFormed },
      { requiredKeys: ['method', 'subject'] },
    );
    const required = {
      id: fc.uuid(),
      stream: wellFormed,
      revision: fc.nat(),
      type: wellFormed,
      version: fc.nat(),
      occurredAt: fc.constant(instant(0)),
      recordedAt: fc.constant(instant(1)),
      actor: wellFormed,
      cause: fc.uuid(),
      correlation: wellFormed,
      data: fc.dictionary(wellFormed, json),
    };
    const command = fc.record({ type: wellFormed, digest: wellFormed });
    const added = { auth, claimed: wellFormed, clock: fc.constant(instant(2)), command, jump: fc.nat() };
    const requiredKeys = Object.keys(required) as (keyof typeof required)[];
    const envelope = fc.record({ ...required, ...added }, { requiredKeys });
    fc.assert(
      fc.property(envelope, (value) => {
        expect(canonicalEnvelope(value as Parameters<typeof canonicalEnvelope>[0])).toBe(canonicalize(value));
      }),
    );
  });

  test('ids are UUIDv5 (the example of RFC 9562, with an index as name)', () => {
    const space = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
    // python3 -c "import uuid; print(uuid.uuid5(uuid.NAMESPACE_DNS, '0'), uuid.uuid5(uuid.NAMESPACE_DNS, '12'))"
    expect([factId(space, 0), factId(space, 12)]).toEqual([
      '6af613b6-569c-5c22-9c37-2ed93f31d3af',
      '52524d6e-10dc-5261-aa36-8b2efcbaa5f0',
    ]);
  });

  test('each hash covers the one before it, the first 64 zeros', () => {
    const [first, second] = seal(commit('host-a', 'none', [fact(0), fact(1)]), NO_HEAD, instant(0));
    expect(first?.hash).toBe(hash('sha256', '0'.repeat(64) + first?.canonical, 'hex'));
    expect(second?.hash).toBe(hash('sha256', `${first?.hash}${second?.canonical}`, 'hex'));
  });

  test('a reading a little behind the one before it is raised to it, and the true one kept beside it', () => {
    const head = { revision: 4, hash: 'a'.repeat(64), occurredAt: instant(100), recordedAt: instant(5010) };
    const sealed = seal(commit('host-a', 4, [fact(50), fact(150), fact(120)]), head, instant(10));
    expect(sealed.map((one) => one.occurredAt)).toEqual([100, 150, 150].map(instant));
    expect(sealed.map((one) => one.recordedAt)).toEqual([5010, 5010, 5010].map(instant));
    expect(sealed.map((one) => JSON.parse(one.canonical).clock)).toEqual([10, 10, 10].map(instant));
    expect(sealed.map((one) => one.occurredAtMs)).toEqual(sealed.map((one) => Date.parse(one.occurredAt)));
    expect(sealed.map((one) => one.revision)).toEqual([5, 6, 7]);
    expect(sealed.map((one) => one.jump)).toEqual([undefined, undefined, undefined]);
  });

  test('one more than five seconds behind is kept, and where it is, from there on', () => {
    const head = { revision: 4, hash: 'a'.repeat(64), occurredAt: instant(5101), recordedAt: instant(5011) };
    const back = seal(commit('host-a', 4, [fact(100), fact(90)]), head, instant(10));
    expect(back.map((one) => one.occurredAt)).toEqual([100, 100].map(instant));
    expect(back.map((one) => one.recordedAt)).toEqual([10, 10].map(instant));
    expect(back.map((one) => JSON.parse(one.canonical).jump)).toEqual([5, 5]);
    expect(back[0] && behindOf(head, back[0])).toEqual({
      behind: { before: instant(5011), after: instant(10) },
    });
    const next = { ...head, revision: 6, occurredAt: instant(100), recordedAt: instant(10), jump: 5 };
    const [on] = seal(commit('host-a', 6, [fact(200)]), next, instant(11));
    expect(on).toMatchObject({ jump: 5, occurredAt: instant(200), recordedAt: instant(11) });
  });

  test('bounds are stated, not met by chance', () => {
    const many = commit('host-a', 'none', new Array(65_537).fill(fact(0)));
    expect(() => checkCommit(many)).toThrow(LogError);
    const heavy = commit('host-a', 'none', [{ ...fact(0), packed: new Uint8Array(64 * 1024 * 1024 + 1) }]);
    expect(() => checkCommit(heavy)).toThrow(/too-large/);
    const end = { ...NO_HEAD, revision: 0xffff_ffff };
    expect(() => seal(commit('host-a', 'any'), end, instant(0))).toThrow(/too-large/);
  });
});

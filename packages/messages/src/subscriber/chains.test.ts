/** Chains of hosts against messages that others have made up, and against gaps. */
import { canonicalEnvelope, chainHash, NO_HEAD } from '@apledger/event-log';
import { describe, expect, it } from 'vitest';
import type { RecordedEnvelope } from '../cloud-event.ts';
import { Chains } from './chains.ts';

/** The first facts of a host's chain. */
function chain(length: number): RecordedEnvelope[] {
  const facts: RecordedEnvelope[] = [];
  for (let revision = 0; revision < length; revision++) {
    const fact = {
      id: `00000000-0000-4000-8000-00000000000${revision}`,
      stream: 'host-h',
      revision,
      position: 2 * revision + 1,
      type: 'BusScanned',
      version: 1,
      occurredAt: '2026-03-01T12:00:00.000Z',
      recordedAt: '2026-03-01T12:00:00.000Z',
      actor: 'anna',
      cause: '00000000-0000-4000-8000-000000000099',
      correlation: '',
      data: {},
    };
    const hash = chainHash(facts.at(-1)?.hash ?? NO_HEAD.hash, canonicalEnvelope(fact));
    facts.push({ ...fact, hash });
  }
  return facts;
}

const genuine = chain(6);
const forged = (of: number, more: Partial<RecordedEnvelope>): RecordedEnvelope => {
  const fact = genuine[of];
  if (fact === undefined) throw new Error('no such fact');
  return { ...fact, ...more };
};

/** The positions that are handed out, and the positions of what does not fit, in order. */
function heard(...arrivals: readonly (RecordedEnvelope | undefined)[]): { out: number[]; misfits: number[] } {
  const chains = new Chains<{ recorded: RecordedEnvelope }>();
  const verdicts = arrivals.flatMap((recorded) =>
    recorded === undefined ? [] : [chains.take({ recorded })],
  );
  return {
    out: verdicts.flatMap(({ facts }) => facts.map(({ recorded }) => recorded.position)),
    misfits: verdicts.flatMap(({ misfits }) => misfits.map(({ arrival }) => arrival.recorded.position)),
  };
}

describe('the chain of a host', () => {
  it('is whole', () => {
    expect(heard(...genuine)).toEqual({ out: [1, 3, 5, 7, 9, 11], misfits: [] });
    expect(heard(...genuine.slice(2))).toEqual({ out: [5, 7, 9, 11], misfits: [] });
  });

  it('drops in silence what is delivered again', () => {
    const [a, b, c, d] = genuine;
    expect(heard(a, b, c, b, c, c, d)).toEqual({ out: [1, 3, 5, 7], misfits: [] });
  });

  it.each([
    ['a copy with a high position', { position: 5_000_000, actor: 'mallory' }],
    ['a copy with other data', { data: { a: 1 } }],
    ['a next revision that is made up', { revision: 3, position: 6, hash: 'ab'.repeat(32) }],
    ['a far revision', { revision: 4_000_000, position: 8_000_000, hash: 'ab'.repeat(32) }],
  ] as const)('does not hand out %s, says so, and goes on', (_, more) => {
    const fake = forged(2, more);
    const { out, misfits } = heard(...genuine.slice(0, 3), fake, ...genuine.slice(3));
    expect(out).toEqual([1, 3, 5, 7, 9, 11]);
    expect(misfits).toEqual(fake.position === 5 ? [] : [fake.position]);
  });

  it('refuses a first fact whose hash is not its own', () => {
    expect(heard(forged(0, { actor: 'mallory' }), ...genuine)).toEqual({
      out: [1, 3, 5, 7, 9, 11],
      misfits: [1],
    });
  });

  it('goes on behind a gap once two facts agree, with both', () => {
    const [a, b, , d, e, f] = genuine;
    expect(heard(a, b, d, e, f)).toEqual({ out: [1, 3, 7, 9, 11], misfits: [7] });
  });

  it('that began with something made up is taken over by the real one', () => {
    const fake = forged(1, { revision: 900, position: 5_000_000 });
    expect(heard(fake, ...genuine.slice(2)).out).toEqual([5_000_000, 5, 7, 9, 11]);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesOf, positionOf, sequenceOf, streamOf, subjectOf } from './names.ts';

/** As many as seal.ts lets in. */
const MAX_FACTS_PER_COMMIT = 65_536;

const names = namesOf('apledger');

describe('the subject of a stream', () => {
  test('is its name as one token that a subject may have, and gives the name back', () => {
    const stream = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(stream, (name) => {
        const subject = subjectOf(names, name);
        expect(subject).toMatch(/^apledger\.log\.[A-Za-z0-9%_-]+$/);
        expect(streamOf(names, subject)).toBe(name);
      }),
    );
    expect(subjectOf(names, 'host-a.b*c d>')).toBe('apledger.log.host-a%2Eb%2Ac%20d%3E');
  });

  test('is of no stream when it is spelled otherwise', () => {
    for (const token of ['%zz', 'host%2da', 'host a', 'a.b']) {
      expect(streamOf(names, `apledger.log.${token}`)).toBeUndefined();
    }
  });

  test('has bounds', () => {
    expect(() => subjectOf(names, 'x'.repeat(1025))).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(() => subjectOf(names, '\ud800')).toThrow(TypeError);
    expect(() => namesOf('a.b')).toThrow(TypeError);
  });
});

describe('a position', () => {
  test('says message and place, exactly, and grows with both', () => {
    const largest = Math.floor(Number.MAX_SAFE_INTEGER / 100_000) - 1;
    const sequence = fc.oneof(
      fc.integer({ min: 1, max: 1000 }),
      fc.maxSafeNat().map((n) => (n % largest) + 1),
    );
    const index = fc.integer({ min: 0, max: MAX_FACTS_PER_COMMIT - 1 });
    fc.assert(
      fc.property(sequence, index, (message, place) => {
        const position = positionOf(message, place);
        expect(Number.isSafeInteger(position)).toBe(true);
        expect(sequenceOf(position)).toBe(message);
        expect(position - positionOf(message, 0)).toBe(place);
        expect(positionOf(message + 1, 0)).toBeGreaterThan(positionOf(message, MAX_FACTS_PER_COMMIT));
      }),
    );
  });
});

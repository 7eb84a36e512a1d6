import { isFactType } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { FACT_GROUPS, groupOf, typeWords, wordsOf } from './fact-groups.ts';

describe('groups of facts', () => {
  it('name types that there are', () => {
    for (const { types } of FACT_GROUPS) expect(types?.filter((type) => !isFactType(type)) ?? []).toEqual([]);
  });

  it('are found by an address, and everything is when there is none', () => {
    expect(groupOf('refusals').types).toContain('CommandRejected');
    expect(groupOf('nonsense').types).toBeUndefined();
  });

  it('have words, also for a fact of a newer apledger', () => {
    expect(typeWords('QueueUnbound')).toBe('Queue unbound');
    expect(wordsOf({ type: 'MaskChanged', version: 1, data: {} as never })).not.toBe('');
    const newer = 'a fact of a newer apledger';
    expect(wordsOf({ type: 'KeysRotated' as 'BusScanned', version: 1, data: { scans: 1 } })).toMatch(
      /newer apledger/,
    );
    // A type that we know, in a form that we do not.
    expect(wordsOf({ type: 'CardDetected', version: 1, data: { card: { adapter: 5 } } as never })).toBe(
      newer,
    );
  });
});

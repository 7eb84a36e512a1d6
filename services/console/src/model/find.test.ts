import { describe, expect, it } from 'vitest';
import { filtersOf, filtersText } from './find.ts';

describe('what is typed to find facts', () => {
  it.each([
    ['', {}],
    ['mallory', { text: 'mallory' }],
    ['05.0047', { queue: '05.0047' }],
    ['05.00AB EBUSY', { queue: '05.00ab', errno: 'EBUSY' }],
    [
      'AAAAAAAA-0000-4000-8000-000000000001 adapter  05',
      { mdev: 'aaaaaaaa-0000-4000-8000-000000000001', text: 'adapter 05' },
    ],
    ['actor:anna@ops guest:web', { actor: 'anna@ops', guest: 'web' }],
    ['actor:"mallory@ops ticket CHG-4711" x', { actor: 'mallory@ops ticket CHG-4711', text: 'x' }],
    ['guest:', {}],
    ['05.0047 05.0048', { queue: '05.0047', text: '05.0048' }],
  ])('%s', (find, filters) => {
    expect(filtersOf(find)).toEqual(filters);
  });

  it('is said as it was read', () => {
    expect(filtersText(filtersOf('05.0047 closed'))).toBe('queue 05.0047 · text “closed”');
  });
});

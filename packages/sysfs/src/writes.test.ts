/** Random bytes into every file: never an exception. */
import { parseCommand } from '@apledger/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeAt, GENERATIONS, hostWithMdev, nodesOf } from './test-support.ts';

const WRITES = 10_000;

const bytes = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    }),
  },
  { weight: 5, arbitrary: fc.constantFrom('', '\n', '1', '+5', '05.0047\n', 'card05', 'vfio_ap') },
  { weight: 1, arbitrary: fc.integer({ min: 4090, max: 5000 }).map((length) => '\xff'.repeat(length)) },
);

describe.each(GENERATIONS)('a random write to a %s host', (driver) => {
  it('has no effect, is refused, or asks for a command that can be submitted', () => {
    const state = hostWithMdev(driver);
    const files = nodesOf(state, 'attribute').map(({ path }) => path);
    fc.assert(
      fc.property(fc.constantFrom(...files), bytes, (path, text) => {
        const attribute = attributeAt(state, path);
        const wanted = attribute.write(text);
        if (wanted === undefined) return;
        if ('errno' in wanted) {
          expect(wanted.explanation).not.toBe('');
          return;
        }
        expect(attribute.mode & 0o222, path).not.toBe(0);
        expect(parseCommand(wanted.command)).toEqual({ command: wanted.command });
      }),
      { numRuns: WRITES },
    );
  });
});

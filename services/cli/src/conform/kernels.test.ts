import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DISTRIBUTION_KERNELS, kernelTable } from './kernels.ts';

const DOCUMENT = readFileSync(new URL('../../../../docs/driver-rules-older.md', import.meta.url), 'utf8');
const section = DOCUMENT.slice(DOCUMENT.indexOf('## 14.'), DOCUMENT.indexOf('## 15.'));
/** Cells of the table in the document, without heading. */
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the table of distributions', () => {
  it.each(DISTRIBUTION_KERNELS)('has $distribution with $kernel as the document has it', (row) => {
    const documented = rows.filter(
      ([, names = '', kernels = '', generation = '']) =>
        names.startsWith(row.distribution.split(' ')[0] ?? '') &&
        kernels.split(/, | /).includes(row.kernel) &&
        generation.includes(`\`${row.generation}\``),
    );
    expect(documented.length).toBeGreaterThan(0);
    for (const [, , , , basis] of documented) expect(basis?.includes('inferred')).toBe(row.isInferred);
  });

  it('marks what is inferred', () => {
    expect(kernelTable()).toMatch(/^Debian 12 +6\.1 +6\.1 +read and run$/m);
    expect(kernelTable()).toMatch(/^Ubuntu 24\.04 +6\.8 +6\.8 +inferred$/m);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentCell, drawTable } from './index.ts';

describe('the tables of the founding document', () => {
  // Drawn there with tabs lost in the mail archive: boxes, rules and cells are its own, indentation is ours.
  it('draws adapters 4 and 10 with domains 6 and 71, heads decimal and cells hexadecimal', () => {
    expect(drawTable([4, 10], [6, 71])).toBe(
      [
        '            06          71',
        '       +-----------+-----------+',
        '    04 |  (04,06)  |  (04,47)  |',
        '       +-----------|-----------+',
        '    10 |  (0a,06)  |  (0a,47)  |',
        '       +-----------|-----------+',
        '',
      ].join('\n'),
    );
  });

  it('draws adapters 1 and 2 with domains 5 and 6', () => {
    expect(drawTable([1, 2], [5, 6])).toBe(
      [
        '            05          06',
        '       +-----------+-----------+',
        '    01 |  (01,05)  |  (01,06)  |',
        '       +-----------|-----------+',
        '    02 |  (02,05)  |  (02,06)  |',
        '       +-----------|-----------+',
        '',
      ].join('\n'),
    );
  });

  it('draws apmask 0x07 and aqmask 0x0180 as the document explains them', () => {
    expect(drawTable([1, 2, 3], [7, 8])).toBe(
      [
        '            07          08',
        '       +-----------+-----------+',
        '    01 |  (01,07)  |  (01,08)  |',
        '       +-----------|-----------+',
        '    02 |  (02,07)  |  (02,08)  |',
        '       +-----------|-----------+',
        '    03 |  (03,07)  |  (03,08)  |',
        '       +-----------|-----------+',
        '',
      ].join('\n'),
    );
  });

  it('has no box without an adapter or a domain', () => {
    expect(drawTable([], [1])).toBe('');
    expect(drawTable([1], [])).toBe('');
  });

  it('keeps every line of the box equally wide, for wide ids and wide cells alike', () => {
    const ids = fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(ids, ids, fc.nat(20), (adapters, domains, width) => {
        const cell = (apid: number, apqi: number): string => documentCell(apid, apqi).padEnd(width, '*');
        const [, ...box] = drawTable(adapters, domains, cell).trimEnd().split('\n');
        expect(new Set(box.map((line) => line.length)).size).toBe(1);
        expect(box).toHaveLength(2 * adapters.length + 1);
      }),
    );
  });
});

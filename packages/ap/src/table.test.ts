import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentCell, drawGrid, drawTable, fitsOnPage, formatIds } from './index.ts';
import { PAGE_WIDTH } from './table.ts';

describe('the tables of the founding document', () => {
  // Drawn there with tabs lost in the mail archive: boxes, rules and cells are its own; indentation and hexadecimal heads are ours.
  it('draws adapters 4 and 10 with domains 6 and 71, heads hexadecimal as the cells', () => {
    expect(drawTable([4, 10], [6, 71])).toBe(
      [
        '            06          47',
        '       +-----------+-----------+',
        '    04 |  (04,06)  |  (04,47)  |',
        '       +-----------|-----------+',
        '    0a |  (0a,06)  |  (0a,47)  |',
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

describe('a grid', () => {
  const range = (count: number) => Array.from({ length: count }, (_, id) => id);

  it('has one character a queue, under the two digits of its domain', () => {
    expect(
      drawGrid([5, 255], [0, 1, 15, 16, 71], (apid, apqi) => (apid === 5 && apqi > 15 ? 'v' : '.')),
    ).toBe(['       000 1 4', '       01f 0 7', '    05 ... v v', '    ff ... . .', ''].join('\n'));
  });

  it('draws 16 adapters and 85 domains in one block, and 256 in three, on a page', () => {
    const wide = (count: number) => drawGrid(range(16), range(count), () => 'z').split('\n');
    expect(wide(85)).toHaveLength(18 + 1);
    expect(wide(256)).toHaveLength(3 * 18 + 2 + 1);
    for (const line of wide(256)) expect(line.length).toBeLessThanOrEqual(PAGE_WIDTH);
  });

  it('has every queue once, whatever the ids are', () => {
    const ids = fc
      .uniqueArray(fc.nat(255), { minLength: 1, maxLength: 256 })
      .map((all) => all.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(ids, (domains) => {
        const drawn = drawGrid([7], domains, () => '#');
        expect(drawn.split('#').length - 1).toBe(domains.length);
        for (const line of drawn.split('\n')) expect(line.length).toBeLessThanOrEqual(PAGE_WIDTH);
      }),
    );
  });

  it('is for what has no room as a table', () => {
    for (const count of range(12).slice(1)) {
      const table = drawTable([5], range(count), () => '(05,04) vfio_ap');
      const width = Math.max(...table.split('\n').map((line) => line.length));
      expect(fitsOnPage(range(count), '(05,04) vfio_ap'.length)).toBe(width <= PAGE_WIDTH);
    }
  });
});

it('ids are put together where they follow each other', () => {
  expect(formatIds([])).toBe('');
  expect(formatIds([0, 1, 2, 3, 18, 20, 21])).toBe('00-03, 12, 14, 15');
});

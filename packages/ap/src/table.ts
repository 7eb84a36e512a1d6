/**
 * Matrices drawn as boxes, after the founding document:
 *
 *             05          06
 *        +-----------+-----------+
 *     01 |  (01,05)  |  (01,06)  |
 *        +-----------|-----------+
 *
 * Its heads are decimal. Here they are hexadecimal as the cells, and as every other name of an adapter, a domain and a queue.
 */
import { formatApid } from './apqn.ts';

/** The document's cell, `(01,05)`, hexadecimal. */
export const documentCell = (apid: number, apqi: number): string =>
  `(${formatApid(apid)},${formatApid(apqi)})`;

const INDENT = '    ';
const HEAD_WIDTH = 2;
/** Columns that a terminal, a letter and a mail have room for. */
export const PAGE_WIDTH = 100;

const centred = (text: string, width: number): string =>
  text.padStart(text.length + Math.ceil((width - text.length) / 2)).padEnd(width);

/**
 * The box of `adapters` x `domains`, lines joined by newlines, one at the end. `cell` gives a cell's text,
 * the document's by default. With no adapter or no domain there is no box, and the answer is ''.
 */
export function drawTable(
  adapters: readonly number[],
  domains: readonly number[],
  cell: (apid: number, apqi: number) => string = documentCell,
): string {
  if (adapters.length === 0 || domains.length === 0) return '';
  const rows = adapters.map((apid) => domains.map((apqi) => cell(apid, apqi)));
  const inner = Math.max(7, ...rows.flat().map((text) => text.length)) + 4;
  const margin = INDENT + ' '.repeat(HEAD_WIDTH + 1);
  const rule = (joint: string): string => `${margin}+${domains.map(() => '-'.repeat(inner)).join(joint)}+\n`;
  const heads = domains.map((apqi) => centred(formatApid(apqi), inner + 1)).join('');
  const body = rows.map((cells, i) => {
    const head = formatApid(adapters[i] ?? 0);
    return `${INDENT}${head} |${cells.map((text) => centred(text, inner)).join('|')}|\n${rule('|')}`;
  });
  return `${(margin + heads).trimEnd()}\n${rule('+')}${body.join('')}`;
}

/** Whether a box has room on a page; `cellWidth` is the length of its longest cell. */
export const fitsOnPage = (domains: readonly number[], cellWidth: number): boolean =>
  INDENT.length + HEAD_WIDTH + 2 + domains.length * (Math.max(7, cellWidth) + 5) <= PAGE_WIDTH;

/**
 * The same on little room: one character for each queue, the domains' two digits above each other, and as many blocks below each other as
 * the page's width asks for.
 *
 *        0000000000000000 11
 *        0123456789abcdef 01
 *     05 zzzzzzzzzzzzzzzz vv
 */
export function drawGrid(
  adapters: readonly number[],
  domains: readonly number[],
  mark: (apid: number, apqi: number) => string,
): string {
  const blocks = blocksOf(domains, PAGE_WIDTH - INDENT.length - HEAD_WIDTH - 1);
  return blocks
    .map((block) => {
      const row = (head: string, of: (apqi: number) => string): string =>
        `${INDENT}${head} ${grouped(block, of)}\n`;
      return [
        row('  ', (apqi) => formatApid(apqi).charAt(0)),
        row('  ', (apqi) => formatApid(apqi).charAt(1)),
        ...adapters.map((apid) => row(formatApid(apid), (apqi) => mark(apid, apqi))),
      ].join('');
    })
    .join('\n');
}

const sixteen = (id: number): number => id >> 4;

/** A space between two sixteens. */
const grouped = (ids: readonly number[], of: (id: number) => string): string =>
  ids.map((id, i) => (i > 0 && sixteen(id) !== sixteen(ids[i - 1] ?? id) ? ' ' : '') + of(id)).join('');

function blocksOf(ids: readonly number[], width: number): readonly (readonly number[])[] {
  const blocks: number[][] = [[]];
  let used = 0;
  for (const id of ids) {
    const block = blocks.at(-1) ?? [];
    const needed = block.length > 0 && sixteen(block.at(-1) ?? id) !== sixteen(id) ? 2 : 1;
    if (used + needed > width) {
      blocks.push([id]);
      used = 1;
    } else {
      block.push(id);
      used += needed;
    }
  }
  return blocks;
}

/** Ascending ids with their runs put together: `00-0f, 12`. */
export function formatIds(ids: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const id of ids) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === id) run[1] = id;
    else runs.push([id, id]);
  }
  return runs
    .map(([first, last]) => {
      if (first === last) return formatApid(first);
      return `${formatApid(first)}${last === first + 1 ? ', ' : '-'}${formatApid(last)}`;
    })
    .join(', ');
}

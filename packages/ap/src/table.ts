/**
 * Matrices drawn the way the founding document draws them:
 *
 *             05          06
 *        +-----------+-----------+
 *     01 |  (01,05)  |  (01,06)  |
 *        +-----------|-----------+
 *
 * Heads are decimal and cells hexadecimal, as there.
 */
import { formatApid } from './apqn.ts';

/** The document's cell, `(01,05)`, hexadecimal. */
export const documentCell = (apid: number, apqi: number): string =>
  `(${formatApid(apid)},${formatApid(apqi)})`;

const INDENT = '    ';
const decimal = (id: number): string => String(id).padStart(2, '0');
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
  const headWidth = Math.max(...adapters.map((apid) => decimal(apid).length));
  const margin = INDENT + ' '.repeat(headWidth + 1);
  const rule = (joint: string): string => `${margin}+${domains.map(() => '-'.repeat(inner)).join(joint)}+\n`;
  const heads = domains.map((apqi) => centred(decimal(apqi), inner + 1)).join('');
  const body = rows.map((cells, i) => {
    const head = decimal(adapters[i] ?? 0).padStart(headWidth, '0');
    return `${INDENT}${head} |${cells.map((text) => centred(text, inner)).join('|')}|\n${rule('|')}`;
  });
  return `${(margin + heads).trimEnd()}\n${rule('+')}${body.join('')}`;
}

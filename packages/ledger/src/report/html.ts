/**
 * An audit report as one HTML page to be printed and kept: no script, nothing fetched, well-formed XML, so that any parser of either
 * reads it. It forbids itself everything but its own style.
 */

import type { HostPart } from '@apledger/projections';
import { visible } from '@apledger/text';
import { headsJson } from './json.ts';
import {
  exposureText,
  HEADS_NOTE,
  hostText,
  scopeText,
  TITLE,
  tablesOf,
  type VerifiedParts,
} from './words.ts';

const STYLE = `
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 72rem; padding: 0 1rem; background: #fff; color: #1b1b1b;
  font: 0.9rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 2px solid #1b1b1b; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8c8c8c; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f0f0f0; white-space: nowrap; } th:first-child { min-width: 7rem; }
.no, .exposures li { color: #8a0000; } .no { font-weight: bold; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; } dt { font-weight: bold; } dd { margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #8c8c8c; padding: 0.5rem; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 8pt; }
  thead { display: table-header-group; }
  tr, li, pre { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  th { background: none; border-bottom: 2px solid #1b1b1b; }
}
`;

export async function* auditHtml(report: VerifiedParts): AsyncGenerator<string, void, undefined> {
  yield `<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${TITLE}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${TITLE}</h1>
<dl>${scopeText(report)
    .map(([label, value]) => `<dt>${label}</dt><dd>${escaped(value)}</dd>`)
    .join('')}</dl>
`;
  for await (const host of report.hosts) yield* hostHtml(host);
  yield `<h2>What this report rests on</h2>\n<p>${escaped(HEADS_NOTE)}</p>\n<pre id="heads">${escaped(headsJson(report))}</pre>\n`;
  yield '</main>\n</body>\n</html>\n';
}

function* hostHtml(audit: HostPart): Generator<string> {
  const { host, position, exposures } = audit;
  yield `<h2>Host ${escaped(host)}</h2>\n<p>${escaped(hostText(audit))}</p>\n`;
  if (position === 0) return;
  yield '<h3>Exposures</h3>\n';
  yield exposures.length === 0 ? '<p>None was found.</p>\n' : '<ul class="exposures">\n';
  for (const exposure of exposures) yield `<li>${escaped(exposureText(exposure))}</li>\n`;
  if (exposures.length > 0) yield '</ul>\n';
  for (const { title, none, columns, rows } of tablesOf(audit)) {
    yield `<h3>${title}</h3>\n`;
    const heading = columns.map((column) => `<th scope="col">${column}</th>`).join('');
    let start = `<table><thead><tr>${heading}</tr></thead><tbody>\n`;
    for (const cells of rows()) {
      yield start + row(cells);
      start = '';
    }
    yield start === '' ? '</tbody></table>\n' : `<p>${none}</p>\n`;
  }
}

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td${cell === 'NO' ? ' class="no"' : ''}>${escaped(cell)}</td>`).join('')}</tr>\n`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** An audit report as Markdown (CommonMark, with tables). */

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

export async function* auditMarkdown(report: VerifiedParts): AsyncGenerator<string, void, undefined> {
  yield `# ${TITLE}\n\n`;
  for (const [label, value] of scopeText(report)) yield `* ${label}: ${escaped(value)}\n`;
  for await (const host of report.hosts) yield* hostMarkdown(host);
  yield `\n## What this report rests on\n\n${HEADS_NOTE}\n\n\`\`\`json\n${headsJson(report)}\n\`\`\`\n`;
}

function* hostMarkdown(audit: HostPart): Generator<string> {
  const { host, position, exposures } = audit;
  yield `\n## Host ${escaped(host)}\n\n${escaped(hostText(audit))}\n`;
  if (position === 0) return;
  yield '\n### Exposures\n\n';
  if (exposures.length === 0) yield 'None was found.\n';
  for (const exposure of exposures) yield `* ${escaped(exposureText(exposure))}\n`;
  for (const { title, none, columns, rows } of tablesOf(audit)) {
    yield `\n### ${title}\n\n`;
    let heading = `${row(columns)}|${columns.map(() => '---|').join('')}\n`;
    for (const cells of rows()) {
      yield heading + row(cells);
      heading = '';
    }
    if (heading !== '') yield `${none}\n`;
  }
}

const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |\n`;

/** So that every character stands for itself: Markdown's own, HTML's, and those that make a link of an address. */
const escaped = (text: string): string =>
  visible(text)
    .replace(/[\\`*_{}[\]<>|~&#!$^=@]/g, '\\$&')
    .replace(/:(?=\/\/)|(?<=www)\./gi, '\\$&');

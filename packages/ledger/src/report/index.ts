/** An audit report in the formats in which it is kept. */
import type { ReportFormat } from '@apledger/api';
import { auditCsv } from './csv.ts';
import { auditHtml } from './html.ts';
import { auditJson } from './json.ts';
import { auditMarkdown } from './markdown.ts';
import type { VerifiedParts } from './words.ts';

export type { VerifiedParts } from './words.ts';

const writers: Readonly<Record<ReportFormat, (report: VerifiedParts) => AsyncIterable<string>>> = {
  md: auditMarkdown,
  csv: auditCsv,
  json: auditJson,
  html: auditHtml,
};

/** As many characters as make one write worth its price. */
const PIECE_LENGTH = 64 * 1024;

/** The report in pieces, since it can be longer than a string may be. */
export async function* writeReport(
  report: VerifiedParts,
  format: ReportFormat,
): AsyncGenerator<string, void, undefined> {
  let piece = '';
  for await (const text of writers[format](report)) {
    piece += text;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

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

/** The report in pieces, since it can be longer than a string may be. */
export const writeReport = (report: VerifiedParts, format: ReportFormat): AsyncIterable<string> =>
  writers[format](report);

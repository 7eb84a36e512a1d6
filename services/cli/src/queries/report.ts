/** `apledger report`: an audit report of hosts, a guest or a span of time, to be kept. */
import { writeFile } from 'node:fs/promises';
import { type AuditReport, auditCsv, auditHtml, auditJson, auditMarkdown } from '@apledger/projections';
import { Failure } from '../failure.ts';
import type { Output } from '../output.ts';
import { withCustody } from './custody.ts';
import type { SpanOptions } from './replay.ts';

/** The formats of a report. */
export const FORMATS = ['md', 'csv', 'json', 'html'] as const;
type Format = (typeof FORMATS)[number];

export interface ReportOptions extends Omit<SpanOptions, 'json'> {
  readonly guest?: string;
  readonly format: Format;
  /** A file; standard output without it. */
  readonly output?: string;
}

const write: Readonly<Record<Format, (report: AuditReport) => Iterable<string>>> = {
  md: auditMarkdown,
  csv: auditCsv,
  json: auditJson,
  html: auditHtml,
};

export async function report(options: ReportOptions, output: Output): Promise<number> {
  const { host = null, guest = null, format, output: path, ...place } = options;
  return withCustody({ ...place, ...(host === null ? {} : { host }) }, output, async ({ queries, span }) => {
    const audit = await queries.audit({ host, guest, from: span.from ?? null, to: span.to ?? null });
    if (guest !== null && !audit?.hosts.some(({ runs }) => runs.length > 0))
      throw new Failure(1, `There was no guest ${guest} in that time.`);
    if (audit === undefined) throw new Failure(1, `There is no host ${host}.`);
    if (path === undefined) for (const piece of write[format](audit)) output.out(piece);
    else await save(path, write[format](audit));
    return 0;
  });
}

async function save(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    await writeFile(path, pieces);
  } catch (error) {
    throw new Failure(2, `--output ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

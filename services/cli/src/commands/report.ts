/** `apledger report`: an audit report of hosts, a guest or a span of time, to be kept. */
import { writeFile } from 'node:fs/promises';
import { type AuditReport, Problem, REPORT_FORMATS, type ReportFormat } from '@apledger/api';
import { command, Failure, type Output } from '@apledger/command-line';
import { writeReport } from '@apledger/ledger';
import { spanOptions, withCustody } from './custody.ts';
import type { SpanOptions } from './replay.ts';

interface ReportOptions extends Omit<SpanOptions, 'json'> {
  readonly guest?: string;
  readonly format: ReportFormat;
  /** A file; standard output without it. */
  readonly output?: string;
}

async function report(options: ReportOptions, output: Output): Promise<number> {
  const { guest, format, output: path, ...rest } = options;
  return withCustody(rest, output, async ({ ledger, span }) => {
    const scope = {
      ...span,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(guest === undefined ? {} : { guest }),
    };
    const audit: AuditReport = await ledger.ask('report', { format: 'json', ...scope }).catch((error) => {
      if (error instanceof Problem && error.code === 'unknown-guest')
        throw new Failure(1, `There was no guest ${guest} in that time.`);
      throw error;
    });
    if (path === undefined) for await (const piece of writeReport(audit, format)) output.out(piece);
    else await save(path, writeReport(audit, format));
    return 0;
  });
}

async function save(path: string, pieces: AsyncIterable<string>): Promise<void> {
  try {
    await writeFile(path, pieces);
  } catch (error) {
    throw new Failure(2, `--output ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

export const reportCommand = command({
  name: 'report',
  summary: 'write an audit report with the hash-chain heads that it rests on',
  options: {
    ...spanOptions,
    guest: { type: 'string', value: 'name', description: 'only what concerns this guest' },
    format: {
      type: 'string',
      value: 'format',
      choices: REPORT_FORMATS,
      default: 'md',
      description: 'of the report',
    },
    output: { type: 'string', value: 'file', description: 'write to this file (default: standard output)' },
  },
  examples: ['apledger report --format html --guest web --output report.html'],
  run: (options, { output }) => report(options, output),
});

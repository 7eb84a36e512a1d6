/** `apledger report`: an audit report of hosts, a guest or a span of time, to be kept. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditReport, Problem, REPORT_FORMATS, type ReportFormat } from '@apledger/api';
import { command, Failure, line, type Output } from '@apledger/command-line';
import { type Ledger, verificationText, writeReport } from '@apledger/ledger';
import { errorText } from '@apledger/text';
import { spanOptions, withCustody } from './custody.ts';
import type { SpanOptions } from './replay.ts';

interface ReportOptions extends Omit<SpanOptions, 'json'> {
  readonly guest?: string;
  readonly format: ReportFormat;
  /** A file; standard output without it. */
  readonly output?: string;
  /** A directory for the evidence of every fact that the report names. */
  readonly evidence?: string;
}

/** Exit status 1 when the log is not the one that was written: the report says so as well. */
async function report(options: ReportOptions, output: Output): Promise<number> {
  const { guest, format, output: path, evidence, ...rest } = options;
  return withCustody(rest, output, async ({ ledger, span, when }) => {
    const scope = {
      ...span,
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(guest === undefined ? {} : { guest }),
    };
    const audit: AuditReport = await ledger.ask('report', { format: 'json', ...scope }).catch((error) => {
      if (error instanceof Problem && error.code === 'unknown-guest')
        throw new Failure(1, `There was no guest ${guest}${when || ' in that time'}.`);
      throw error;
    });
    if (path === undefined) for await (const piece of writeReport(audit, format)) output.out(piece);
    else await save(path, writeReport(audit, format));
    if (evidence !== undefined) {
      const count = await saveEvidence(ledger, audit, evidence);
      output.note(line(`apledger report: wrote the evidence of ${count} facts to ${evidence}`));
    }
    const { verification } = audit;
    if (verification.problems.length === 0) return 0;
    output.err(line(`apledger report: the log is ${verificationText(verification)}`));
    return 1;
  });
}

async function save(path: string, pieces: AsyncIterable<string>): Promise<void> {
  try {
    await writeFile(path, pieces);
  } catch (error) {
    throw new Failure(2, `--output ${path}: ${errorText(error)}`);
  }
}

/**
 * One evidence file for each fact that the report names, `POSITION.tlog-proof`, and the checkpoint of the last of them; gives
 * their number. Throws Failure when the directory cannot be written.
 */
async function saveEvidence(ledger: Ledger, audit: AuditReport, directory: string): Promise<number> {
  const positions = await positionsIn(audit);
  try {
    await mkdir(directory, { recursive: true });
    for (const position of positions) {
      const { proof } = await ledger.ask('proof', { position });
      await writeFile(join(directory, `${position}.tlog-proof`), proof);
      await writeFile(join(directory, 'checkpoint'), proof.slice(proof.indexOf('\n\n') + 2));
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Failure(2, `--evidence ${directory}: ${errorText(error)}`);
  }
  return positions.length;
}

/** Positions of heads and of every fact that bounds something in the report, ascending. */
async function positionsIn(audit: AuditReport): Promise<readonly number[]> {
  const found = new Set(audit.heads.map(({ position }) => position));
  let text = '';
  for await (const piece of writeReport(audit, 'json')) text += piece;
  JSON.parse(text, (_, value) => {
    // What names a command besides its position is the boundary of something.
    if (typeof value === 'object' && value !== null && 'commandId' in value && 'position' in value)
      found.add(value.position);
    return value;
  });
  return [...found].filter((position) => position > 0).sort((a, b) => a - b);
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
    evidence: {
      type: 'string',
      value: 'dir',
      description: 'also write an evidence file of every fact that the report names (docs/evidence.md)',
    },
    output: { type: 'string', value: 'file', description: 'write to this file (default: standard output)' },
  },
  examples: ['apledger report --format html --guest web --output report.html'],
  run: (options, { output }) => report(options, output),
});

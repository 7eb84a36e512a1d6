/** `apledger verify`: is this log the one that was written? */
import { readFile } from 'node:fs/promises';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { Place } from '@apledger/ledger';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

interface VerifyOptions extends Place {
  /** A file with the output of an earlier `verify --json`, or `report --format json`. */
  readonly heads?: string;
  readonly json?: boolean;
}

/** A fact that was noted as the end of its stream. */
interface Noted {
  readonly stream: string;
  readonly revision: number;
  readonly hash: string;
}

/** Exit status 1 when anything cannot have been written so. */
export async function verify({ heads, json, ...where }: VerifyOptions, output: Output): Promise<number> {
  const noted = heads === undefined ? [] : await readHeads(heads);
  return withLedger(where, output, async (ledger) => {
    const verification = await ledger.ask('recompute', { heads: noted });
    const { facts, streams, problems, heads: found, clockJumps } = verification;
    if (json) output.out(jsonLine(verification));
    else {
      for (const { stream, revision, position, problem } of problems)
        output.out(line(`${stream || 'log'}, revision ${revision}, position ${position}: ${problem}`));
      for (const { position, process, before, after } of clockJumps)
        output.out(
          line(
            `clock, position ${position}: the clock of ${process} read ${after}, not ${before}: it jumped`,
          ),
        );
      output.out(line(`${facts} facts in ${streams} streams, ${problems.length} problems`));
      for (const head of found) output.out(line(`${head.stream}  revision ${head.revision}  ${head.hash}`));
    }
    return problems.length > 0 ? 1 : 0;
  });
}

async function readHeads(path: string): Promise<readonly Noted[]> {
  try {
    const noted: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof noted === 'object' && noted !== null && 'heads' in noted && Array.isArray(noted.heads))
      return noted.heads.map(asHead);
    throw new Error('it has no heads');
  } catch (error) {
    throw new Failure(
      2,
      `--heads ${path}: not the output of verify --json or report --format json: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function asHead(value: unknown): Noted {
  const { stream, revision, hash } = (value ?? {}) as Partial<Noted>;
  if (typeof stream !== 'string' || typeof hash !== 'string' || typeof revision !== 'number')
    throw new Error('a head needs stream, revision and hash');
  return { stream, revision, hash };
}

export const verifyCommand = command({
  name: 'verify',
  summary: 'recompute the hash chains: is this log the one that was written?',
  options: {
    ...place,
    heads: {
      type: 'string',
      value: 'file',
      description: 'compare with the heads in an earlier output of verify --json, or report --format json',
    },
    ...json,
  },
  examples: ['apledger verify --json > heads.json', 'apledger verify --heads heads.json'],
  run: (options, { output }) => verify(options, output),
});

/** `apledger verify`: is this log the one that was written? */
import { readFile } from 'node:fs/promises';
import type { Head } from '@apledger/event-log';
import { Failure } from '../failure.ts';
import { type Place, withLedger } from '../ledger/ledger.ts';
import { jsonLine, line, type Output } from '../output.ts';

export interface VerifyOptions extends Place {
  /** A file with the output of an earlier `verify --json`, or `report --format json`. */
  readonly heads?: string;
  readonly json?: boolean;
}

/** Exit status 1 when anything cannot have been written so. */
export async function verify({ heads, json, ...place }: VerifyOptions, output: Output): Promise<number> {
  const noted = heads === undefined ? [] : await readHeads(heads);
  return withLedger(place, output, async (ledger) => {
    const verification = await ledger.verify(noted);
    const { facts, streams, problems, heads: found } = verification;
    if (json) output.out(jsonLine(verification));
    else {
      for (const { stream, revision, position, problem } of problems)
        output.out(line(`${stream || 'log'}, revision ${revision}, position ${position}: ${problem}`));
      output.out(line(`${facts} facts in ${streams} streams, ${problems.length} problems`));
      for (const head of found) output.out(line(`${head.stream}  revision ${head.revision}  ${head.hash}`));
    }
    return problems.length > 0 ? 1 : 0;
  });
}

async function readHeads(path: string): Promise<readonly Head[]> {
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

function asHead(value: unknown): Head {
  const head = value as Partial<Head> | null;
  if (typeof head?.stream !== 'string' || typeof head.hash !== 'string' || typeof head.revision !== 'number')
    throw new Error('a head needs stream, revision and hash');
  return { position: 0, occurredAt: '', ...head } as Head;
}

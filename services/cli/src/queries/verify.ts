/** `apledger verify`: is this log the one that was written? */
import { readFile } from 'node:fs/promises';
import { type Head, type RecordedFact, verify as verifyLog } from '@apledger/event-log';
import { packRecorded, parseFact } from '@apledger/events';
import { type LogPlace, withLog } from '../data.ts';
import { Failure } from '../failure.ts';
import { jsonLine, type Output } from '../output.ts';

export interface VerifyOptions extends LogPlace {
  /** A file with the output of an earlier `verify --json`, or `report --format json`. */
  readonly heads?: string;
  readonly json?: boolean;
}

/** Exit status 1 when anything cannot have been written so. */
export async function verify({ heads, json, ...place }: VerifyOptions, output: Output): Promise<number> {
  const noted = heads === undefined ? undefined : await readHeads(heads);
  return withLog(place, { readOnly: true }, async (log) => {
    const walk = verifyLog(log, { repack, ...(noted === undefined ? {} : { noted }) });
    let step = await walk.next();
    while (!step.done) {
      const { position, lastPosition } = step.value;
      if (output.isInteractive) output.err(`\rverifying: position ${position} of ${lastPosition}`);
      step = await walk.next();
    }
    if (output.isInteractive) output.err('\r\x1b[K');
    const { facts, streams, problems, heads: found } = step.value;
    if (json) output.out(jsonLine(step.value));
    else {
      for (const { stream, revision, position, problem } of problems)
        output.out(`${stream || 'log'}, revision ${revision}, position ${position}: ${problem}\n`);
      output.out(`${facts} facts in ${streams} streams, ${problems.length} problems\n`);
      for (const head of found) output.out(`${head.stream}  revision ${head.revision}  ${head.hash}\n`);
    }
    return problems.length > 0 ? 1 : 0;
  });
}

const repack = ({ type, version, data }: RecordedFact): Uint8Array =>
  packRecorded(parseFact(type, version, data), version);

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

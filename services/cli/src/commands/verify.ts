/** `apledger verify`: is this log the one that was written? */
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import type { Place } from '@apledger/ledger';
import type { Difference } from '@apledger/sealer';
import { counted, errorText } from '@apledger/text';
import { type Attestation, attest } from '../evidence/attest.ts';
import { readKept, readPolicyText } from '../evidence/kept.ts';
import { sourceOf } from '../evidence/source.ts';
import { inputName, inputText } from '../input.ts';
import { withLedger } from '../ledger.ts';
import { json, place } from '../options.ts';

interface VerifyOptions extends Place {
  /** A file with the output of an earlier `verify --json`, or `report --format json`. */
  readonly heads?: string;
  /** A checkpoint or evidence file that was kept, or a directory of them. */
  readonly since?: string;
  /** A file that names the keys to trust, c2sp.org/tlog-policy. */
  readonly policy?: string;
  readonly json?: boolean;
}

/** A fact that was noted as the end of its stream. */
interface Noted {
  readonly stream: string;
  readonly revision: number;
  readonly hash: string;
}

/** Exit status 1 when anything cannot have been written so. */
export async function verify(options: VerifyOptions, output: Output): Promise<number> {
  const { heads, since, policy, json, ...where } = options;
  const noted = heads === undefined ? undefined : await readHeads(heads);
  const kept = since === undefined ? [] : await readKept(since);
  const trusted = policy === undefined ? undefined : (await readPolicyText(policy)).policy;
  return withLedger(where, output, async (ledger) => {
    const verification = await ledger.ask('recompute', noted === undefined ? {} : { heads: noted });
    const { facts, streams, problems, heads: found, clockJumps } = verification;
    const compared = noted?.length ?? 0;
    const source = sourceOf(where, ledger);
    const onProgress = (text: string): void => output.progress(text);
    const evidence = await attest({ source, kept, policy: trusted, onProgress });
    if (json)
      output.out(jsonLine({ ...verification, compared, ...(evidence !== undefined && { evidence }) }));
    else {
      for (const { stream, revision, position, problem } of problems)
        output.out(line(`${stream || 'log'}, revision ${revision}, position ${position}: ${problem}`));
      for (const { position, process, before, after } of clockJumps)
        output.out(
          line(
            `clock, position ${position}: the clock of ${process} read ${after}, not ${before}: it jumped`,
          ),
        );
      const heads = noted === undefined ? '' : `, ${counted(compared, 'head')} compared`;
      output.out(
        line(
          `${counted(facts, 'fact')} in ${counted(streams, 'stream')}${heads}, ${counted(problems.length, 'problem')}`,
        ),
      );
      for (const head of found) output.out(line(`${head.stream}  revision ${head.revision}  ${head.hash}`));
      if (evidence !== undefined) printAttestation(evidence, output);
    }
    return problems.length > 0 || (evidence?.differences.length ?? 0) > 0 ? 1 : 0;
  });
}

function printAttestation(evidence: Attestation, output: Output): void {
  const { origin, size, leaves, signedBy, witnessed, isByOwnPolicy, differences } = evidence;
  for (const difference of differences) output.out(line(differenceText(difference)));
  const count = counted(differences.length, 'difference');
  if (origin === '') {
    output.out(line(`not sealed; ${count}`));
    return;
  }
  const by =
    signedBy.length === 0 ? 'signed by no key that is trusted' : `signed by key ${signedBy.join(' and ')}`;
  const trust = isByOwnPolicy ? ', which the log names itself: give --policy to say whom you trust' : '';
  output.out(line(`sealed ${size} facts as ${origin}, ${by}${trust}; ${count}`));
  if (leaves > size) output.out(line(`${leaves - size} facts after these are not sealed yet`));
  if (witnessed !== null) output.out(line(`witnessed ${witnessed.size} facts by ${witnessed.by.join(', ')}`));
}

function differenceText({ index, stream, revision, position, from, to, problem }: Difference): string {
  if (index !== undefined)
    return `leaf ${index}, ${stream}, revision ${revision}, position ${position}: ${problem}`;
  return to > from ? `within ${from}..${to - 1}: ${problem}` : problem;
}

/** At least one head. Throws Failure for a file without any: to compare nothing would look like a comparison that was passed. */
async function readHeads(path: string): Promise<readonly Noted[]> {
  const heads = await headsIn(path);
  if (heads.length > 0) return heads;
  throw new Failure(
    2,
    `--heads ${path}: it names no head, so there is nothing to compare. A report of a time before the first fact has none.`,
  );
}

async function headsIn(path: string): Promise<readonly Noted[]> {
  const text = await inputText(path, '--heads');
  try {
    const noted: unknown = JSON.parse(text);
    if (typeof noted === 'object' && noted !== null && 'heads' in noted && Array.isArray(noted.heads))
      return noted.heads.map(asHead);
    throw new Error('it has no heads');
  } catch (error) {
    throw new Failure(
      2,
      `--heads ${inputName(path)}: not the output of verify --json or report --format json: ${errorText(error)}`,
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
      description:
        'compare with the heads in an earlier output of verify --json, or report --format json; - reads standard input',
    },
    since: {
      type: 'string',
      value: 'file',
      description: 'compare with a checkpoint or evidence file that you kept, or a directory of them',
    },
    policy: {
      type: 'string',
      value: 'file',
      description:
        'keys and witnesses to trust, c2sp.org/tlog-policy (default: as the log names them itself)',
    },
    ...json,
  },
  examples: [
    'apledger verify --json > heads.json',
    'apledger verify --heads heads.json',
    'apledger verify --since kept.checkpoint --policy auditor.policy',
  ],
  run: (options, { output }) => verify(options, output),
});

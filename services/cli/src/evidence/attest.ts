/** Is the log the one that was signed? Signatures, roots, and every leaf recomputed from its fact. */
import {
  type Checkpoint,
  checkEndorsement,
  EvidenceError,
  type Policy,
  parseCheckpoint,
  parsePolicy,
} from '@apledger/evidence';
import { checkLeaves, type Difference, type Kept } from '@apledger/sealer';
import type { EvidenceSource } from './source.ts';

/** What was found, for people and as JSON. */
export interface Attestation {
  readonly origin: string;
  /** Facts that the log's newest checkpoint covers. */
  readonly size: number;
  /** Facts that were recomputed. */
  readonly leaves: number;
  /** Key ids that signed the newest checkpoint, and are trusted. */
  readonly signedBy: readonly string[];
  /** Witnesses of the newest checkpoint that enough of them cosigned, if it is of this log. */
  readonly witnessed: { readonly size: number; readonly by: readonly string[] } | null;
  /** Whether a policy was given; else the log's own was believed. */
  readonly isByOwnPolicy: boolean;
  readonly differences: readonly Difference[];
}

export interface AttestOptions {
  readonly source: EvidenceSource;
  readonly kept: readonly Kept[];
  /** Undefined: the one that the log names itself. */
  readonly policy?: Policy | undefined;
  readonly onProgress: (text: string) => void;
}

/** Undefined when nothing was ever signed, nothing was kept, and nobody asks for a signature by a policy. */
export async function attest(options: AttestOptions): Promise<Attestation | undefined> {
  const { source, kept, policy: given } = options;
  const beside = await readBeside(source);
  const isAsked = given !== undefined || kept.length > 0;
  if (!isAsked && Object.values(beside).every((text) => text === undefined)) return undefined;
  const found = new Findings();
  const own = beside.policy;
  const policy = given ?? (own === undefined ? undefined : await found.ask('policy', () => parsePolicy(own)));
  if (beside.checkpoint === undefined)
    found.add('the log has no checkpoint: it was never sealed, or somebody removed it');
  const current = await judged('checkpoint', beside.checkpoint, policy, found);
  const witnessed = await judged('checkpoint.witnessed', beside.witnessed, policy, found);
  return compare(options, { current, witnessed, policy, found });
}

/** What lies beside the log, as text. */
const readBeside = async (source: EvidenceSource) => ({
  checkpoint: await source.text('checkpoint'),
  witnessed: await source.text('checkpoint.witnessed'),
  policy: await source.text('policy'),
});

/** A checkpoint that can be read, and who signed it: undefined when nobody did whom the policy trusts. */
interface Judged extends Kept {
  readonly signedBy: readonly string[] | undefined;
}

async function judged(
  name: string,
  text: string | undefined,
  policy: Policy | undefined,
  found: Findings,
): Promise<Judged | undefined> {
  if (text === undefined) return undefined;
  const checkpoint = await found.ask(name, async () => parseCheckpoint(text));
  return checkpoint && judge({ name, checkpoint }, policy, found);
}

const judge = async (kept: Kept, policy: Policy | undefined, found: Findings): Promise<Judged> => ({
  ...kept,
  signedBy: await found.ask(kept.name, () => signersOf(kept.checkpoint, policy)),
});

interface Beside {
  readonly current: Judged | undefined;
  readonly witnessed: Judged | undefined;
  readonly policy: Policy | undefined;
  readonly found: Findings;
}

/** Holds the log to every checkpoint that somebody signed who is trusted. */
async function compare(
  { source, kept: files, policy: given, onProgress }: AttestOptions,
  { current, witnessed, policy, found }: Beside,
): Promise<Attestation> {
  const kept = await Promise.all(files.map((each) => judge(each, policy, found)));
  const all = [...kept, ...[witnessed, current].filter((each) => each !== undefined)];
  const newest = current?.checkpoint;
  const size = newest?.size ?? Math.max(0, ...all.map(({ checkpoint }) => checkpoint.size));
  const checked = await checkLeaves({
    leaves: source.leaves(onProgress),
    // A checkpoint whose signature is false says nothing about the log.
    kept: all.filter(({ signedBy }) => signedBy !== undefined),
    tiles: { source, size, positions: await source.positions() },
  });
  for (const { checkpoint, name } of all)
    if (newest !== undefined && checkpoint.origin !== newest.origin)
      found.add(
        `${name} is of ${checkpoint.origin}, and the log goes on as ${newest.origin}: ${forkText(newest)}`,
      );
  const isConfirmed = witnessed !== undefined && checked.confirmed.includes(witnessed);
  const enough = await enoughWitnesses(witnessed, policy, found);
  return {
    origin: newest?.origin ?? all[0]?.checkpoint.origin ?? '',
    size,
    leaves: checked.leaves,
    signedBy: current?.signedBy ?? [],
    witnessed: isConfirmed ? enough : null,
    isByOwnPolicy: given === undefined,
    differences: [...found.differences, ...checked.differences],
  };
}

/** Problems that have no place in the log. */
class Findings {
  readonly differences: Difference[] = [];

  add(problem: string): void {
    this.differences.push({ from: 0, to: 0, problem });
  }

  /** Undefined, and noted, when the evidence does not hold. */
  async ask<T>(name: string, question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      this.add(`${name}: ${error.message}`);
      return undefined;
    }
  }
}

/** Ids of the keys that signed. Throws EvidenceError when none that is trusted did. */
async function signersOf(checkpoint: Checkpoint, policy: Policy | undefined): Promise<readonly string[]> {
  if (policy === undefined)
    throw new EvidenceError('there is no policy that names a key to trust; give one with --policy');
  const { logs } = await checkEndorsement(checkpoint, { ...policy, quorum: 'none' });
  return logs.map(({ id }) => Buffer.from(id).toString('hex'));
}

/** Null, and noted, when the witnesses that the policy asks for have not cosigned; null too when it asks for none. */
async function enoughWitnesses(
  witnessed: Judged | undefined,
  policy: Policy | undefined,
  found: Findings,
): Promise<Attestation['witnessed']> {
  if (policy === undefined || policy.quorum === 'none') return null;
  if (witnessed === undefined) {
    found.add(`no checkpoint has the cosignatures that the policy asks for (${policy.quorum})`);
    return null;
  }
  if (witnessed.signedBy === undefined) return null; // that is told already
  const { checkpoint, name } = witnessed;
  const endorsed = await found.ask(name, () => checkEndorsement(checkpoint, policy));
  return endorsed === undefined
    ? null
    : { size: checkpoint.size, by: endorsed.witnesses.map(({ name }) => name) };
}

const forkText = ({ extensions }: Checkpoint): string =>
  extensions.length === 0 ? 'another log stands in its place' : extensions.join('; ');

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
  /** Witnesses of the newest checkpoint that enough of them cosigned. */
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

/** Undefined when nothing was ever signed, and nothing was kept. */
export async function attest({
  source,
  kept,
  policy: given,
  onProgress,
}: AttestOptions): Promise<Attestation | undefined> {
  const text = await source.text('checkpoint');
  if (text === undefined && kept.length === 0) return undefined;
  const found = new Findings();
  const own = await source.text('policy');
  const policy = given ?? (own === undefined ? undefined : await found.ask('policy', () => parsePolicy(own)));
  const current =
    text === undefined ? undefined : await found.ask('checkpoint', async () => parseCheckpoint(text));
  if (text === undefined) found.add('the log has no checkpoint any more');
  const signers = await Promise.all(
    [...kept, ...(current === undefined ? [] : [{ name: 'checkpoint', checkpoint: current }])].map(
      async ({ name, checkpoint }) => ({
        name,
        keys: await found.ask(name, () => signersOf(checkpoint, policy)),
      }),
    ),
  );
  // A checkpoint whose signature is false says nothing about the log.
  const good = kept.filter(({ name }) =>
    signers.some((each) => each.name === name && each.keys !== undefined),
  );
  const signedBy = signers.find(({ name }) => name === 'checkpoint')?.keys;
  const now =
    current !== undefined && signedBy !== undefined ? [{ name: 'checkpoint', checkpoint: current }] : [];
  const size = current?.size ?? Math.max(...kept.map(({ checkpoint }) => checkpoint.size));
  const tiles = { source, size };
  const checked = await checkLeaves({ leaves: source.leaves(onProgress), kept: [...good, ...now], tiles });
  for (const { checkpoint, name } of kept)
    if (current !== undefined && checkpoint.origin !== current.origin)
      found.add(
        `${name} is of ${checkpoint.origin}, and the log goes on as ${current.origin}: ${forkText(current)}`,
      );
  return {
    origin: current?.origin ?? kept[0]?.checkpoint.origin ?? '',
    size,
    leaves: checked.leaves,
    signedBy: signedBy ?? [],
    witnessed:
      policy === undefined || policy.quorum === 'none' ? null : await witnessed(source, policy, found),
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

async function witnessed(source: EvidenceSource, policy: Policy, found: Findings) {
  const text = await source.text('checkpoint.witnessed');
  if (text === undefined) {
    found.add(`no checkpoint has the cosignatures that the policy asks for (${policy.quorum})`);
    return null;
  }
  const by = await found.ask('checkpoint.witnessed', async () => {
    const { witnesses } = await checkEndorsement(parseCheckpoint(text), policy);
    return { size: parseCheckpoint(text).size, by: witnesses.map(({ name }) => name) };
  });
  return by ?? null;
}

const forkText = ({ extensions }: Checkpoint): string =>
  extensions.length === 0 ? 'another log stands in its place' : extensions.join('; ');

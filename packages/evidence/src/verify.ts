/** Is this evidence file right? In a browser as in Node: WebCrypto, and nothing of the log or its server. */
import { areEqual, hexOf, utf8 } from './bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { EvidenceError } from './error.ts';
import { leafHash, sha256 } from './hash.ts';
import { leafText } from './leaf.ts';
import { rootByInclusion } from './merkle.ts';
import { checkEndorsement, type Endorsement, type Policy } from './policy.ts';
import { factOf, type ProofFile, parseProofFile, type SealedFact } from './proof-file.ts';

/** What an evidence file proves. */
export interface Proven {
  readonly fact: SealedFact;
  readonly index: number;
  readonly checkpoint: Checkpoint;
}

/** Checks fact, leaf and path to the root, but no signature. Throws EvidenceError. */
export async function checkInclusion(file: ProofFile): Promise<Proven> {
  const { sealed, index, proof, checkpoint } = file;
  const fact = factOf(file);
  const { stream, revision } = fact;
  const leaf = leafText({ stream, revision, hash: hexOf(await sha256(sealed)) });
  const root = await rootByInclusion(index, checkpoint.size, await leafHash(utf8(leaf)), proof);
  if (!areEqual(root, checkpoint.root))
    throw new EvidenceError(
      `the fact (stream ${stream}, revision ${revision}) is not leaf ${index} of the checkpoint of size ${checkpoint.size}`,
    );
  return { fact, index, checkpoint };
}

/** Checks an evidence file as a whole, by whom the policy trusts. Throws EvidenceError. */
export async function verifyProof(text: string, policy: Policy): Promise<Proven & Endorsement> {
  const proven = await checkInclusion(parseProofFile(text));
  return { ...proven, ...(await checkEndorsement(proven.checkpoint, policy)) };
}

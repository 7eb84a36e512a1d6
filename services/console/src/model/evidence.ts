/** How the page checks an evidence file: here, by WebCrypto, and not by asking the service. Fetched when it is first needed. */
import { type Endorsement, type Proven, parsePolicy, verifyProof } from '@apledger/evidence';
import { formatCount } from './count.ts';

/** Checks an evidence file by the policy that the service names. Throws EvidenceError. */
export async function checkProof(text: string, policy: string | null): Promise<Proven & Endorsement> {
  return verifyProof(text, { ...(await parsePolicy(policy ?? '')), quorum: 'none' });
}

/** What was proven, in a sentence. */
export function provenWords({ index, checkpoint, witnesses }: Proven & Endorsement): string {
  const by = witnesses.length === 0 ? '' : `, cosigned by ${witnesses.map(({ name }) => name).join(', ')}`;
  return `Checked here: fact ${formatCount(index + 1)} of ${formatCount(checkpoint.size)}, signed by ${checkpoint.origin}${by}`;
}
